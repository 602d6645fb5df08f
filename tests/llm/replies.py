"""What the tests of this folder ask for."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from proutt_core.llm import ChatMessage, Prompt, ReplyType
from proutt_core.types import Value


class Answer(Value):
    colour: Literal["red", "green", "blue"]
    why: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]
    score: Annotated[float, Field(ge=0.0, le=1.0)]


ANSWER = ReplyType(Answer)


def prompt(text: str = "Which colour?") -> Prompt:
    messages = (ChatMessage(role="system", content="You choose colours."), ChatMessage(role="user", content=text))
    return Prompt(stage="colour", version=1, messages=messages)
