"""The nouns of the method: pure, frozen values that know nothing of storage or screens."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Role = Literal["system", "user", "assistant"]
Split = Literal["train", "valid", "test"]
View = Literal["mining", "exploration"]
Category = Literal["Statement", "Question", "Instruction"]
Branch = Literal["high", "mid", "low"]
Verdict = Literal["a", "tie", "b"]
AccountRole = Literal["annotator", "reviewer", "researcher", "admin"]
PairStatus = Literal["approved", "clean", "all"]
Part = Literal["tree", "category", "mining", "exploration", "revision"]  # of the method; what an ablation leaves out

VIEWS: tuple[View, View] = ("mining", "exploration")
CATEGORIES: tuple[Category, Category, Category] = ("Statement", "Question", "Instruction")
BRANCHES: tuple[Branch, Branch, Branch] = ("high", "mid", "low")
PARTS: tuple[Part, Part, Part, Part, Part] = ("tree", "category", "mining", "exploration", "revision")
SPLITS: tuple[Split, Split, Split] = ("train", "valid", "test")
PREDICTION_IDS: tuple[str, str, str, str] = ("m1", "m2", "e1", "e2")
IDS_OF_VIEW: dict[View, tuple[str, str]] = {"mining": ("m1", "m2"), "exploration": ("e1", "e2")}

# What stored values must keep to. What a model may answer is narrower: stages/_replies.py also
# refuses control characters.
Label = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Utterance = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Reasoning = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class Value(BaseModel):
    """Base of all values: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Value):
    role: Role
    content: str


class Checks(Value):
    """What import noticed about a dialogue; nothing here changes the text."""

    characters: int = 0
    turns: int = 0
    repeated_turns: int = 0
    toxic: bool | None = None  # the source's own flag; None where the source has none
    personal_data: dict[str, int] = {}  # how much was found: "email", "phone", "key", "id", "ip"

    @field_validator("personal_data", mode="before")
    @classmethod
    def _kinds_without_counts(cls, value: object) -> object:
        """The first version stored the kinds alone."""
        return dict.fromkeys(value, 1) if isinstance(value, list | tuple) else value


class Dialogue(Value):
    """One normalised conversation. The first non-system message is the user's; roles alternate from there.

    `group` holds together what must share a split. `notes` says what normalising did, one phrase each; `original` is
    the source's row as JSON text, kept where `notes` is not empty.
    """

    external_id: str
    group: str
    messages: tuple[Message, ...]
    split: Split = "train"
    language: str = "und"  # ISO 639-1, or "und"
    notes: tuple[str, ...] = ()
    original: str | None = None
    checks: Checks = Checks()


class Sample(Value):
    """A dialogue cut before one user message. `context` ends with an assistant message."""

    external_id: str  # the dialogue's
    target_index: int  # of `next_utterance` in the dialogue's messages
    context: tuple[Message, ...]
    next_utterance: str
    later_utterances: tuple[str, ...] = ()  # up to two user messages after it, none equal to it
    language: str = "und"


class Attribute(Value):
    attribute: Label
    value: Label


class Topic(Value):
    topic: Label
    attributes: Annotated[tuple[Attribute, ...], Field(min_length=1, max_length=12)]


class IntentTree(Value):
    """Topics, each with attributes, each with a short value. Topic names are unique."""

    topics: Annotated[tuple[Topic, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _unique_topics(self) -> Self:
        names = [t.topic.casefold() for t in self.topics]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"topics named more than once: {', '.join(twice)}; merge their attributes")
        return self

    @property
    def topic_names(self) -> tuple[str, ...]:
        return tuple(t.topic for t in self.topics)


class Path(Value):
    """A way through the tree to an intent.

    Mining: source topic → attribute (`node`) with its value (`leaf`).
    Exploration: source topic → new topic (`node`) → its attribute (`leaf`).
    """

    view: View
    source: Label
    node: Label
    leaf: Label


class Prediction(Value):
    id: str  # one of PREDICTION_IDS
    text: Utterance
    path: Path | None = None  # None in traces of released files, which tell their paths in prose only


class ViewReasoning(Value):
    """One view's half of a trace: the reasoning and its two predictions, in order."""

    view: View
    reasoning: Reasoning
    predictions: tuple[Prediction, Prediction]


class Views(Value):
    """What both views say, or the one that was not left out."""

    mining: ViewReasoning | None = None
    exploration: ViewReasoning | None = None

    @model_validator(mode="after")
    def _at_least_one_view(self) -> Self:
        if not self.views:
            raise ValueError("neither a mining nor an exploration view")
        wrong = [name for name in VIEWS if (part := getattr(self, name)) is not None and part.view != name]
        if wrong:
            raise ValueError(f"{wrong[0]}: holds the other view")
        return self

    @property
    def views(self) -> tuple[ViewReasoning, ...]:
        return tuple(part for part in (self.mining, self.exploration) if part is not None)

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """Four, or the two of the only view."""
        return tuple(prediction for part in self.views for prediction in part.predictions)

    def view(self, view: View) -> ViewReasoning:
        """Raises KeyError where the view was left out."""
        found = self.mining if view == "mining" else self.exploration
        if found is None:
            raise KeyError(view)
        return found


class Trace(Views):
    """One complete reasoning about what the user says next; in an ablation, without what was left out.

    What is absent is None, never empty: `left_out` names it, and SynthesisedPair holds it against the run's settings.
    """

    tree: IntentTree | None = None
    category: Category | None = None
    category_reasoning: Reasoning | None = None

    @model_validator(mode="after")
    def _whole_parts(self) -> Self:
        if (self.category is None) != (self.category_reasoning is None):
            raise ValueError("a category and its reasoning come together")
        if len({prediction.path is None for prediction in self.predictions}) > 1:
            raise ValueError("some predictions have a path and some have none")
        return self

    @property
    def left_out(self) -> frozenset[Part]:
        """The parts that this trace lacks: what an ablation leaves out, as far as a trace shows it."""
        present: dict[Part, object] = {
            "tree": self.tree,
            "category": self.category,
            "mining": self.mining,
            "exploration": self.exploration,
        }
        return frozenset(part for part, value in present.items() if value is None)

    @property
    def has_paths(self) -> bool:
        return all(prediction.path is not None for prediction in self.predictions)

    def with_view(self, new: ViewReasoning) -> Self:
        return self.model_copy(update={new.view: new})


class Insight(Views):
    """The insight stage's result: the views, before any revision."""


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
    wrong_paths: dict[View, tuple[Path, Path]] = {}
    revised_chosen: ViewReasoning | None = None
    revised_rejected: dict[View, ViewReasoning] = {}


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
        wanted = frozenset(self.without) - {"revision"}
        for side, trace in (("chosen", self.chosen), ("rejected", self.rejected)):
            if trace is not None and (trace.left_out != wanted or not trace.has_paths):
                missing = ", ".join(sorted(trace.left_out)) or "nothing"
                raise ValueError(f"{side} lacks {missing}; left out were {', '.join(sorted(wanted)) or 'nothing'}")
        if (self.rejected is None) != ("revision" in self.without):
            raise ValueError("a pair lacks its rejected trace exactly where revision was left out")
        return self


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


Evidence = Literal["context", "context_and_next"]
StudyState = Literal["draft", "open", "closed"]


class StudyInfo(Value):
    """A study as researchers see it. `a` and `b` are method names; annotators never receive this value."""

    id: int
    public_id: str
    name: str
    public_title: str
    dataset: str
    a: str
    b: str
    state: StudyState
    cases: int
    people: int  # answers wanted for each case
    members: tuple[str, ...]
    evidence: Evidence
    seed: int
    protocol_sha256: str
    departure: str = ""
    unblinded: bool = False


class CaseEvidence(Value):
    """One case as frozen in the study: what a judge may see of it."""

    case_id: int
    position: int
    context: tuple[Message, ...]
    next_utterance: str | None  # None where the protocol shows the context only
    a: tuple[str, ...]
    b: tuple[str, ...]


class CaseVote(Value):
    """One person's verdict on one case of a closed study."""

    case: int  # position in the study
    voter: str
    verdict: Verdict


class AnnotatorProgress(Value):
    name: str
    done: int
    total: int  # cases this person may still be asked for, and those answered


class StudyProgress(Value):
    """All that anybody may see of an open study: how far it is, and the share of ties over all answers pooled."""

    answers: int
    wanted: int
    tie_share: float | None  # None while there is no answer
    people: tuple[AnnotatorProgress, ...]


class JudgeReading(Value):
    """One reading of one case by an LLM judge. `verdict` None: unscored, `error` says why."""

    case: int  # position in the study
    judge: str  # the judge run's name
    reading: Literal["ab", "ba", "single"]
    verdict: Verdict | None
    score_a: float | None = None
    score_b: float | None = None
    reasoning: str | None = None
    error: str | None = None


class Overview(Value):
    """How far the whole workflow is, in counts; what Home's checklist is made of."""

    datasets: int = 0
    imports_running: int = 0
    runs_done: int = 0
    runs_running: int = 0
    items: int = 0  # of all runs
    items_ended: int = 0
    trees: int = 0  # answers wanted in tree queues
    trees_done: int = 0
    pairs: int = 0
    pairs_done: int = 0
    methods: int = 0  # with predictions
    predictions_running: int = 0
    studies: int = 0
    studies_open: int = 0
    studies_closed: int = 0
    answers: int = 0  # in open studies
    answers_wanted: int = 0
    judge_runs: int = 0  # finished
    judge_runs_running: int = 0
    exports: int = 0
