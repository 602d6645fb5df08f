"""One call of a language model: what was asked, what was answered, and how it served a stage of an item.

The wrapper around the model makes a `Call` (llm/logged.py), the log stores it and reads it back (db/jobs/call_rows.py),
screens show it. A new field needs a column of its name and nothing in between. Plain dataclasses: several are made for
every call, and nothing in them comes from outside unchecked.
"""

from dataclasses import dataclass
from datetime import datetime

from proutt_core.types.dialogues import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the server counted them; None where it did not say."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None  # part of `prompt_tokens`
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One answer of a model, with who gave it and what it cost."""

    text: str  # "" when none came
    usage: Usage = Usage()
    model: str = ""  # the model that really answered; "" when none did
    provider: str = ""  # the upstream provider that really answered, where the server names one
    address: str = ""
    reasoning: str | None = None  # a reasoning model's thoughts, where the server sends them apart
    started_at: datetime | None = None  # when the answering request went out
    latency_s: float = 0.0
    finish_reason: str = "stop"  # "length": cut off at the token limit
    without_schema: bool = False  # the server refused the schema, and the reply was asked for without


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it served a stage. With `from_cache` none was made: the stored call of the same key served instead."""

    key: str
    stage: str
    version: int  # of the stage's prompt
    draw: int
    messages: tuple[Message, ...]
    schema_name: str | None
    schema: str | None  # as JSON
    model: str  # the model that was asked
    answer: Completion
    problem: str | None = None  # why the answer may not be used
    generation: int = 0  # only calls of the same one answer for each other
    from_cache: bool = False
    asked_at: datetime | None = None  # when the stage asked; the call may then have waited for a slot
    attempt: int = 1  # of the item's calls for this stage, counted from 1

    @property
    def valid(self) -> bool:
        return self.problem is None
