"""Names that forms are filled in with."""

import re
from collections.abc import Collection, Mapping
from typing import Any

_ENDINGS = re.compile(r"(\.(json|jsonl|ndjson|parquet|zip|gz|txt))+$", re.IGNORECASE)


def name_from_file(name: str) -> str:
    """`val.json.zip` gives `val`; a path gives its last part."""
    return _ENDINGS.sub("", re.split(r"[/\\]", name)[-1]).strip()


def title_from_name(name: str) -> str:
    """`sgd_dev-12` gives `Sgd dev 12`."""
    words = " ".join(re.split(r"[\W_]+", name)).strip()
    return words[:1].upper() + words[1:]


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name itself, or the first of `name-2`, `name-3` … that is free."""
    if wanted not in taken:
        return wanted
    return next(name for n in range(2, len(taken) + 3) if (name := f"{wanted}-{n}") not in taken)


def name_for(settings: Mapping[str, Any], *, wanted: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """The name of what is known with these settings, else `wanted` or what is free after it.

    `known` maps names to settings, which may hold more than is asked for.
    """
    same = (name for name, there in known.items() if all(there.get(key) == value for key, value in settings.items()))
    return next(same, free_name(wanted, known.keys()))
