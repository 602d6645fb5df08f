"""Preference pairs with their reviews, and imported ones."""

from typing import Literal

from proutt_core.types.dialogues import Message, Split
from proutt_core.types.traces import Part, Trace
from proutt_core.types.values import Value

PairStatus = Literal["approved", "clean", "all"]


class PairReviewValue(Value):
    """What one person's last revision says of a pair; traces are set where they were edited."""

    review_id: int
    adjudicated: bool
    answer: Literal["approve", "reject"]
    chosen: Trace | None = None
    rejected: Trace | None = None


class VerbatimPair(Value):
    """An imported pair as it stood in its file; `rejected` is empty in SFT files."""

    prompt: str
    chosen: str
    rejected: str = ""


class ReviewedPair(Value):
    """A preference pair with what people said of it, newest review last.

    Imported pairs have `verbatim`, and no `context`; `external_id` is empty and `source_row` theirs.
    """

    pair_id: int
    external_id: str
    target_index: int = 0
    source_row: int | None = None
    split: Split
    without: tuple[Part, ...] = ()  # of the run: what its ablation left out
    context: tuple[Message, ...] = ()
    chosen: Trace | None = None
    rejected: Trace | None = None
    verbatim: VerbatimPair | None = None
    gates_failed: tuple[str, ...] = ()
    imported: bool = False
    reviews: tuple[PairReviewValue, ...] = ()
