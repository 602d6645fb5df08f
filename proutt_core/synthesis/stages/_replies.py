"""Blocks of the stages' reply types: closed objects, bounded texts, sources as an enum of the tree's topics."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from proutt_core.text import normalise
from proutt_core.types import Path, View

_LINE = r"^[^\x00-\x1f\x7f]+$"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_LINE)]
UtteranceText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_TEXT)]
ReasoningText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=_TEXT)]
ReasonText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=_TEXT.replace("+", "*"))]


class Reply(BaseModel):
    """Base of what models answer: an unknown field is an error, a missing one too."""

    # Made anew for each dialogue's topics: validators are built for what is read as a whole, not for each part as well.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class PathReply(Reply):
    """A path without its view. Stages make subclasses whose `source` is an enum of one tree's topics."""

    source: str
    node: Line
    leaf: Line

    def to_path(self, view: View) -> Path:
        return Path(view=view, source=self.source, node=self.node, leaf=self.leaf)


def source_field(topics: tuple[str, ...] | None) -> Any:
    """The type and default of a `source` field that allows these topics only, for `create_model`; None: any name."""
    return (Line if topics is None else Literal[topics], ...)


def same_path(a: PathReply | Path, b: PathReply | Path) -> bool:
    """Whether two paths of one view say the same."""
    return all(normalise(getattr(a, part)) == normalise(getattr(b, part)) for part in ("source", "node", "leaf"))
