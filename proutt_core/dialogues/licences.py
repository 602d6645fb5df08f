"""May the texts of a dataset be passed on? Decided at import from its format, its licence and its file's name.

A first guess on the safe side, with its reason; a researcher who has read the licence can correct it (`licence`).
"""

import re
from typing import NamedTuple


class Redistribution(NamedTuple):
    """`reason`: one line, for people."""

    allowed: bool
    reason: str


_LMSYS = Redistribution(False, "LMSYS-Chat-1M's licence forbids passing its conversations on")
# Words of licences that forbid passing texts on. A licence for non-commercial use allows copies; one without
# derivatives does not allow what an export is.
_FORBIDDING = (
    (re.compile(r"lmsys[\W_]*chat", re.I), _LMSYS.reason),
    (
        re.compile(r"\bno[nt]?\b[\s\w-]{0,20}\bre-?distribut|prohibit\w*[\s\w]{0,20}\bre-?distribut", re.I),
        "{} forbids it",
    ),
    (re.compile(r"\bno[nt]?[\s-]+transferable", re.I), "{} says so: it covers nobody else"),
    (re.compile(r"\bno[\s-]?deriv|\bcc[\s-]?by(?:[\s-]?nc)?[\s-]?nd\b", re.I), "{} allows no derived works"),
    (
        re.compile(r"all rights reserved|\bproprietary\b|\bconfidential\b|\binternal\b|\bprivate\b", re.I),
        "{} forbids it",
    ),
)
_SHOWN = 60


def redistribution(*, format: str, licence: str, source: str = "") -> Redistribution:
    """Whether texts may leave in an export. `format`: as detected at import; `source`: the file's name."""
    if format == "lmsys" or re.search(r"lmsys", source, re.I):
        return _LMSYS
    for pattern, reason in _FORBIDDING:
        if pattern.search(licence):
            return Redistribution(False, reason.format(f"the licence ({licence.strip()[:_SHOWN]})"))
    if licence.strip():
        return Redistribution(True, f"nothing in the licence ({licence.strip()[:_SHOWN]}) forbids it")
    return Redistribution(True, "no licence was given")
