"""Dialogues and the samples cut from them."""

from typing import Literal

from pydantic import Field, field_validator

from proutt_core.types.values import Value

Role = Literal["system", "user", "assistant"]
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, Split, Split] = ("train", "valid", "test")


class Message(Value):
    role: Role
    content: str


class Checks(Value):
    """What import noticed about a dialogue; nothing here changes the text."""

    characters: int = 0
    turns: int = 0
    repeated_turns: int = 0
    language_guessed: bool = False  # neither named by the source nor proved by the script: no model is told to write it
    toxic: bool | None = None  # the source's own flag; None where the source has none
    personal_data: dict[str, int] = Field(
        default_factory=dict
    )  # how much was found: "email", "phone", "key", "id", "ip"

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
    language: str = "und"  # ISO 639-1 where it is certain
