"""Blocks of the stages' reply types: closed objects, bounded texts, sources as an enum of the tree's topics."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from proutt_core.llm.schema import OneOf
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

    # Validators are built when a reply is first read, for what is read as a whole, not for each part as well.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class PathReply(Reply):
    """A path without its view. The condition `sources` is the tree's topics; None where there is no tree, and sources
    are named freely."""

    source: Annotated[Line, OneOf("sources")]
    node: Line
    leaf: Line

    def to_path(self, view: View) -> Path:
        return Path(view=view, source=self.source, node=self.node, leaf=self.leaf)


def same_path(a: PathReply | Path, b: PathReply | Path) -> bool:
    """Whether two paths of one view say the same."""
    return all(normalise(getattr(a, part)) == normalise(getattr(b, part)) for part in ("source", "node", "leaf"))
