"""Intent trees, paths, predictions and traces."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from proutt_core.types.values import Value

View = Literal["mining", "exploration"]
Category = Literal["Statement", "Question", "Instruction"]
Part = Literal["tree", "category", "mining", "exploration", "revision"]  # of the method; what an ablation leaves out
VIEWS: tuple[View, View] = ("mining", "exploration")
CATEGORIES: tuple[Category, Category, Category] = ("Statement", "Question", "Instruction")
PARTS: tuple[Part, Part, Part, Part, Part] = ("tree", "category", "mining", "exploration", "revision")
PREDICTION_IDS: tuple[str, str, str, str] = ("m1", "m2", "e1", "e2")
IDS_OF_VIEW: dict[View, tuple[str, str]] = {"mining": ("m1", "m2"), "exploration": ("e1", "e2")}
# What stored values must keep to. What a model may answer is narrower: synthesis/stages/_replies.py also
# refuses control characters.
Label = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Utterance = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Reasoning = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


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
    path: Path | None = None  # None in traces of released files, whose paths stand in their prose only


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
        reasoning = self.mining if view == "mining" else self.exploration
        if reasoning is None:
            raise KeyError(view)
        return reasoning


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
