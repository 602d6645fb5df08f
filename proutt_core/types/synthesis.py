"""What the stages of synthesis return, and the pair they make."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from proutt_core.types.traces import Category, Insight, IntentTree, Part, Path, Reasoning, Trace, View, ViewReasoning
from proutt_core.types.values import Value

Branch = Literal["high", "mid", "low"]
BRANCHES: tuple[Branch, Branch, Branch] = ("high", "mid", "low")


class CategoryReasons(Value):
    statement: Reasoning
    question: Reasoning
    instruction: Reasoning

    def of(self, category: Category) -> str:
        return {"Statement": self.statement, "Question": self.question, "Instruction": self.instruction}[category]


class SimilarityScore(Value):
    id: str  # a prediction's
    score: Annotated[float, Field(ge=0.0, le=1.0)]
    reason: Annotated[str, StringConstraints(max_length=1000)]


class NextPath(Value):
    """The true view, its best path and one secondary path of the same view. With a view left out, the other is true."""

    view: View
    best: Path
    secondary: Path


class Thresholds(Value):
    tau_high: Annotated[float, Field(ge=0.0, le=1.0)] = 0.8
    tau_low: Annotated[float, Field(ge=0.0, le=1.0)] = 0.3

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.tau_low > self.tau_high:
            raise ValueError(f"tau_low ({self.tau_low}) must not be above tau_high ({self.tau_high})")
        return self


class StageResults(Value):
    """Every stage's result for one sample, stored with the item and shown on screen.

    `wrong_paths` and `revised_rejected` hold the views that were perturbed; a failed item holds what it reached.
    """

    tree: IntentTree | None = None
    category_reasons: CategoryReasons | None = None
    category: Category | None = None
    insight: Insight | None = None
    similarity: tuple[SimilarityScore, ...] | None = None
    next_path: NextPath | None = None
    wrong_paths: dict[View, tuple[Path, Path]] = Field(default_factory=dict)
    revised_chosen: ViewReasoning | None = None
    revised_rejected: dict[View, ViewReasoning] = Field(default_factory=dict)


class GateFailure(Value):
    gate: str
    detail: str


class SynthesisedPair(Value):
    """What synthesis makes of one sample.

    `rejected` is None where 'revision' was left out: the chosen trace is then the insight, and the pair is an SFT row.
    The two overlaps are hindsight's (see hindsight.py): of the chosen view as revised, None where nothing was revised,
    and as the insight had it.
    """

    chosen: Trace
    rejected: Trace | None
    branch: Branch
    top_similarity: float
    perturbed: tuple[View, ...]  # views revised along wrong paths; empty in the low branch
    gates_failed: tuple[GateFailure, ...] = ()
    without: tuple[Part, ...] = ()  # sorted
    overlap_chosen: float | None = None
    overlap_insight: float | None = None

    @model_validator(mode="after")
    def _nothing_else_is_missing(self) -> Self:
        left_out = frozenset(self.without) - {"revision"}
        for side, trace in (("chosen", self.chosen), ("rejected", self.rejected)):
            if trace is not None and (trace.left_out != left_out or not trace.has_paths):
                missing = ", ".join(sorted(trace.left_out)) or "nothing"
                raise ValueError(f"{side} lacks {missing}; the run left out {', '.join(sorted(left_out)) or 'nothing'}")
        if (self.rejected is None) != ("revision" in self.without):
            raise ValueError("a pair lacks its rejected trace exactly where revision was left out")
        return self
