"""The ways in which a client can put one question to a server, and what it learns of which the server takes.

A schema is asked for as JSON schema, in the server's dialect; where the server refuses a bound on texts, without these;
else as a JSON object, or in words. Stepping down is per schema: a server may refuse one and take the others, and an
error that merely quotes the word says nothing about the next call. So a step is remembered only once the server has
answered on it, for replies of this kind (their schemas differ from item to item), and only after several refusals in a
row, or where the server itself names the field that it refuses.

Beside that, a server may not know the parameter that bounds new tokens, find the bound too large, or want thinking
switched off in its own way: then the question goes out again, changed in this.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel

from proutt_core.llm.openai.refusals import Refusal
from proutt_core.llm.parameters import BOUNDS, merged
from proutt_core.llm.schema import Dialect, ReplyType

Rung = Literal["json_schema", "json_object", "text"]
LADDER: tuple[Rung, ...] = ("json_schema", "json_object", "text")

# New tokens of a reply without a schema: a trace of the longest kind. And room for thoughts before an answer.
FREE_TEXT_TOKENS = 3072
THINKING_TOKENS = 8192

_ABOUT_TEXTS = re.compile(r"min_?length|max_?length|pattern|regex|grammar|repetition", re.IGNORECASE)
_ABOUT_BOUND = re.compile(r"max_(?:completion_|new_)?tokens|in the completion", re.IGNORECASE)
_UNKNOWN = re.compile(r"unsupported|not support|unknown|unrecogni|unexpected|not permitted|extra inputs", re.IGNORECASE)
_WANTS_NO_THOUGHTS = re.compile(
    r"enable_thinking.{0,80}(?:must|should|only|has to).{0,40}false|not support\w* when enable_thinking", re.I | re.S
)
_ABOUT_THOUGHTS = ("enable_thinking", "thinking", "thinking_budget", "reasoning_effort", "reasoning", "think")
_NO_THOUGHTS: Mapping[str, Any] = {"enable_thinking": False}


@dataclass(frozen=True)
class ServerTakes:
    """What is known of a server beforehand: its dialect of schemas, the parameter that bounds new tokens, and what
    switches a thinking model's thoughts off where a schema is asked for; empty: nothing is sent for it."""

    dialect: Dialect = "lengths"
    bound: str = "max_tokens"
    no_thoughts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """How one question is put. `step` counts from the client's first; `extra` is what is sent for the model's thoughts.

    What a refusal changed: `refused` of the format; `thoughts`, told the server's way or left to it; `bound`, under
    another name or, where the server knows none, `bound_unknown`.
    """

    step: int
    bound: str | None  # the parameter that bounds new tokens; None: none is sent
    extra: Mapping[str, Any]
    other_bounds: tuple[str, ...]
    bound_unknown: bool = False
    thoughts: Literal["", "off", "left"] = ""
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Step:
    rung: Rung
    dialect: Dialect


class Ways:
    """Belongs to one client. `parameters` are those of every call; `thinks`: the model is known for it."""

    def __init__(
        self, ladder: tuple[Rung, ...], takes: ServerTakes, *, parameters: Mapping[str, Any], thinks: bool
    ) -> None:
        steps = []
        for rung in ladder:
            steps.append(Step(rung, takes.dialect if rung == "json_schema" else "words"))
            if rung == "json_schema":
                steps.append(Step(rung, "plain"))
        self.steps = tuple(steps)
        self._bound = None if any(name in parameters for name in BOUNDS) else takes.bound
        told_to_think = _told_to_think(parameters)
        self._thoughts_given = told_to_think is not None
        self._no_thoughts: Mapping[str, Any] = {} if self._thoughts_given else takes.no_thoughts
        self._no_thoughts_ever: Mapping[str, Any] = {}  # of calls without a schema, too: a server that wants it so
        self._may_think = thinks if told_to_think is None else told_to_think
        self._has_thought = False
        self._first_steps: dict[str, int] = {}  # by kind of reply
        self._refused_in_a_row: Counter[str] = Counter()

    def first(self, schema: ReplyType[BaseModel] | None) -> Way:
        return Way(
            step=0 if schema is None else self._first_steps.get(schema.name, 0),
            bound=self._bound,
            extra=self._no_thoughts_ever if schema is None else merged(self._no_thoughts, self._no_thoughts_ever),
            other_bounds=tuple(name for name in BOUNDS[:2] if name != self._bound),
        )

    def after(self, refusal: Refusal, way: Way, schema: ReplyType[BaseModel] | None) -> Way | None:
        """Another way to put the question, or None where the refusal stands."""
        changed = _with_other_bound(refusal, way) or self._with_other_thoughts(refusal, way)
        if changed is not None or schema is None or not refusal.is_of_the_format:
            return changed
        step = self.steps[way.step]
        of_texts = _ABOUT_TEXTS.search(refusal.words) is not None
        for number, lower in enumerate(self.steps):
            if number > way.step and (lower.rung != step.rung or of_texts):
                return replace(way, step=number, refused=(*way.refused, refusal))
        return None

    def answered(self, way: Way, schema: ReplyType[BaseModel] | None) -> None:
        """The server took this way: remember what was learned of it."""
        if way.bound is not None or way.bound_unknown:
            self._bound = way.bound
        if way.thoughts == "off":
            self._no_thoughts_ever = _NO_THOUGHTS
        elif way.thoughts == "left":
            self._no_thoughts = {}
        if schema is not None:
            self._remember_step(way, schema)

    def is_lower(self, way: Way) -> bool:
        """Whether the server is asked for less than its ladder begins with."""
        return self.steps[way.step].rung != self.steps[0].rung

    def new_tokens(self, way: Way, schema: ReplyType[BaseModel] | None) -> int:
        tokens = FREE_TEXT_TOKENS if schema is None else schema.most_tokens
        thinking = self._has_thought or (self._may_think and not way.extra)
        return tokens + (THINKING_TOKENS if thinking else 0)

    def note_thoughts(self) -> None:
        """The model thought before it answered, or instead."""
        self._has_thought = True

    def _with_other_thoughts(self, refusal: Refusal, way: Way) -> Way | None:
        if way.thoughts or self._thoughts_given or refusal.error.status not in (400, 422):
            return None
        if _WANTS_NO_THOUGHTS.search(refusal.words) and "enable_thinking" not in way.extra:
            return replace(way, thoughts="off", extra=merged(way.extra, _NO_THOUGHTS))
        names = (*way.extra, *(name for part in way.extra.values() if isinstance(part, Mapping) for name in part))
        if any(name in refusal.words for name in names):
            return replace(way, thoughts="left", extra={})
        return None

    def _remember_step(self, way: Way, schema: ReplyType[BaseModel]) -> None:
        if not way.refused:
            if way.step == 0:
                self._refused_in_a_row[schema.name] = 0
            return
        self._refused_in_a_row[schema.name] += 1
        if self._refused_in_a_row[schema.name] >= max(refusal.needed_in_a_row for refusal in way.refused):
            self._first_steps[schema.name] = way.step


def _with_other_bound(refusal: Refusal, way: Way) -> Way | None:
    if way.bound is None or refusal.error.status not in (400, 413, 422) or not _ABOUT_BOUND.search(refusal.words):
        return None
    if not _UNKNOWN.search(refusal.words):  # too large for this server, or for what its window leaves after this prompt
        return replace(way, bound=None)
    if way.other_bounds:
        return replace(way, bound=way.other_bounds[0], other_bounds=way.other_bounds[1:])
    return replace(way, bound=None, bound_unknown=True)


def _told_to_think(parameters: Mapping[str, Any]) -> bool | None:
    """Whether a person or a preset has said that the model is to think; None where nothing is said of it."""
    inside = parameters.get("chat_template_kwargs")
    said = {**(inside if isinstance(inside, Mapping) else {}), **parameters}
    values = [said[name] for name in _ABOUT_THOUGHTS if name in said]
    return any(_says_yes(value) for value in values) if values else None


def _says_yes(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_says_yes, value.values()))
    return bool(value) and value not in ("disabled", "none", "off", "minimal")
