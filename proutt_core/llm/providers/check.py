"""Does a model do what synthesis needs? One call of each step of the ladder, with a harmless text of our own.

What runs ask for is JSON that matches a schema. A server may enforce the schema, promise JSON only, or neither; some
accept the request and ignore it, some choke on a long text in it. A call tells: it is sent as a run sends its own, in
the same dialect, with the same parameters, bound and deadline.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from proutt_core.errors import ModelRefused, ModelUnavailable, ReplyError
from proutt_core.llm.model import Model, Prompt, cut_note, parse_reply
from proutt_core.llm.openai.client import deadline_from_environment
from proutt_core.llm.openai.ways import LADDER, Rung
from proutt_core.llm.schema import ReplyType
from proutt_core.llm.wrapped import close_model
from proutt_core.types import Message, Value
from proutt_core.types.calls import Completion, Usage

Words = Annotated[str, StringConstraints(min_length=1, max_length=80)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Outcome = Literal["works", "refused", "answered, but not by the schema", "unreachable"]


class CheckTopic(Value):
    topic: Words
    attributes: Annotated[tuple[Words, ...], Field(min_length=1, max_length=4)]


class CheckReply(Value):
    """Shaped like the replies of the stages: nested and bounded, a long text, an enum, a score."""

    summary: LongText
    topics: Annotated[tuple[CheckTopic, ...], Field(min_length=1, max_length=4)]
    category: Literal["Statement", "Question", "Instruction"]
    score: Annotated[float, Field(ge=0.0, le=1.0)]


REPLY = ReplyType(CheckReply)
PROMPT = Prompt(
    stage="check",
    version=2,
    messages=(
        Message(role="system", content="You describe texts. Answer with one JSON object and nothing else."),
        Message(
            role="user",
            content="Text: The museum opens at nine in the morning and closes at five in the afternoon. A ticket costs "
            "four euros.\n\nSum the text up in one sentence (`summary`), name its topics with their attributes "
            "(`topics`: one to four objects with a `topic` and one to four short `attributes`), say whether it is a "
            "Statement, a Question or an Instruction (`category`), and how certain you are, from 0 to 1 (`score`).",
        ),
    ),
)


class RungCheck(Value):
    """What one step of the ladder gave. `detail` says what was wrong; it may hold the server's own words."""

    rung: Rung
    outcome: Outcome
    detail: str = ""
    seconds: float | None = None
    usage: Usage = Usage()
    model: str = ""
    provider: str = ""
    thought: bool = False

    @property
    def works(self) -> bool:
        return self.outcome == "works"

    @property
    def answered_by(self) -> str:
        return f"{self.model} at {self.provider}" if self.provider else self.model


def longest_s() -> float:
    """How long one call of a check may take: as long as a run's."""
    return deadline_from_environment()


async def check_model(model_at: Callable[[Rung], Model]) -> tuple[RungCheck, ...]:
    """Every step, side by side. `model_at` makes the model that asks on that step only, and once.

    Nothing is raised for what a server does; a SettingsError or InputError of `model_at` is, before any call.
    """
    models = [(rung, model_at(rung)) for rung in LADDER]
    try:
        return tuple(await asyncio.gather(*(_check(rung, model) for rung, model in models)))
    finally:
        for _rung, model in models:
            await close_model(model)


def step_for_runs(checks: tuple[RungCheck, ...], ladder: tuple[Rung, ...]) -> Rung | None:
    """The step on which runs will ask: the first of the model's ladder that the server does not refuse; None where it
    does not work."""
    by_rung = {check.rung: check for check in checks}
    for rung in ladder:
        if by_rung[rung].outcome != "refused":
            return rung if by_rung[rung].works else None
    return None


def answered_by(checks: tuple[RungCheck, ...]) -> tuple[str, ...]:
    """Who answered, each once."""
    return tuple(dict.fromkeys(check.answered_by for check in checks if check.answered_by))


def problems(checks: tuple[RungCheck, ...]) -> dict[str, tuple[Rung, ...]]:
    """What was wrong → on which steps."""
    details = dict.fromkeys(check.detail for check in checks if check.detail)
    return {detail: tuple(check.rung for check in checks if check.detail == detail) for detail in details}


async def _check(rung: Rung, model: Model) -> RungCheck:
    try:
        answer = await model.complete(PROMPT, schema=REPLY)
        if answer.finish_reason == "length" and not answer.text.strip():
            answer = await model.complete(PROMPT, schema=REPLY)  # now the client knows that it thinks, as in a run
    except ModelRefused as exc:
        return RungCheck(rung=rung, outcome="refused", detail=str(exc))
    except ModelUnavailable as exc:
        return RungCheck(rung=rung, outcome="unreachable", detail=str(exc))
    except ReplyError as exc:
        return RungCheck(rung=rung, outcome="answered, but not by the schema", detail=str(exc))
    problem = _problem(answer)
    return RungCheck(
        rung=rung,
        outcome="works" if problem is None else "answered, but not by the schema",
        detail=problem or "",
        seconds=answer.latency_s,
        usage=answer.usage,
        model=answer.model,
        provider=answer.provider,
        thought=answer.reasoning is not None,
    )


def _problem(answer: Completion) -> str | None:
    try:
        parse_reply(answer.text, REPLY)
    except ValueError as exc:
        return f"{cut_note(answer)}{exc}"
    return None
