"""Which parts of the method a run leaves out, checked once for the command line, the page and the core."""

from collections.abc import Iterable

from proutt_core.errors import InputError
from proutt_core.types import PARTS, VIEWS, Part, View


def parts_left_out(names: Iterable[str]) -> frozenset[Part]:
    """The named parts. Raises InputError for a name that is no part, and where nothing to predict with would remain."""
    parts = frozenset(names)
    unknown = sorted(parts - frozenset(PARTS))
    if unknown:
        raise InputError(f"cannot leave out {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    without = frozenset(part for part in PARTS if part in parts)
    if without.issuperset(VIEWS):
        raise InputError("mining and exploration cannot both be left out: no view would be left to predict with")
    return without


def views_of(without: frozenset[Part]) -> tuple[View, ...]:
    """The views that remain, in their order."""
    return tuple(view for view in VIEWS if view not in without)
