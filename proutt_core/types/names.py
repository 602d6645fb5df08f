"""What may be called what: the names of datasets, runs, methods and studies, and the titles that annotators see."""

from proutt_core.errors import InputError
from proutt_core.visible import visible

LONGEST_NAME = 200
# A job about two named things bears both names.
LONGEST_OF_JOB = 2 * LONGEST_NAME + 100


def require_name(name: str, *, of: str, longest: int = LONGEST_NAME) -> None:
    """InputError that says what is wrong; `of` is what bears the name, such as "a dataset"."""
    if not name.strip():
        raise InputError(f"{of} needs a name")
    require_line(name, what=f"the name of {of}", longest=longest)


def require_line(text: str, *, what: str, longest: int = LONGEST_NAME) -> None:
    """InputError unless it is one line of visible characters, and not too long a one."""
    if len(text) > longest:
        raise InputError(f"{what} has at most {longest} characters; this one has {len(text)}")
    hidden = next((c for c, seen in zip(text, visible(text), strict=False) if c != seen or c in "\n\t"), None)
    if hidden is not None:
        raise InputError(f"{what} holds a character that cannot be seen, U+{ord(hidden):04X}; write it without")
