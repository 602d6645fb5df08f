"""What a server refuses when it answers with an error: the way in which a question was put, one answer, or neither."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from proutt_core.llm.model import THROWN_AWAY
from proutt_core.llm.openai.errors_told import ErrorTold, error_told_in, plain_words
from proutt_core.llm.openai.meanings import ServerError, error_in_a_200, is_too_long, lacks_parameters
from proutt_core.llm.openai.replies import holds_answer, storable
from proutt_core.llm.openai.retry import retry_after_s
from proutt_core.types.calls import Completion

if TYPE_CHECKING:
    from proutt_core.llm.openai.transport import HttpReply

# Refusals in a row after which replies of a kind are asked for one step lower.
NAMED_REFUSALS, PLAIN_REFUSALS, OTHER_REFUSALS = 1, 2, 3

_FORMAT = r"response_?format|json[ _]?schema|json_?object|grammar|guided|structured[ _]?output|schema for"
_NOT_TAKEN = (
    r"not (?:be )?(?:support|allow|permit|implement|available|valid|recogni)|unsupported|invalid|unknown|unrecogni|"
    r"unexpected|extra inputs|fail|cannot|can't|could not|must be|too (?:large|complex|many|deep)"
)
_ABOUT_FORMAT = re.compile(rf"{_FORMAT}|schema|structured", re.IGNORECASE)
_PLAINLY = re.compile(rf"(?:{_FORMAT}).{{0,160}}(?:{_NOT_TAKEN})|(?:{_NOT_TAKEN}).{{0,160}}(?:{_FORMAT})", re.I | re.S)
# One answer that missed its schema, as Groq, llama.cpp and others say it. The next one may not.
_WRITTEN = r"\b(?:output|generation|completion|response|answer)"
_MISSED = re.compile(
    r"json_validate_failed|failed_generation|peg-native|generated json|(?:does|did)(?: not|n't) match the expected|"
    r"failed to (?:generate|produce) (?:a )?(?:valid )?json|failed to parse input at pos|"
    rf"{_WRITTEN}\b.{{0,40}}(?:does|did)(?: not|n't) (?:match|conform|comply|follow)|"
    rf"{_WRITTEN} (?:is|was) not (?:a )?valid json|"
    r"failed to (?:parse|validate) (?:the )?(?:model'?s? |generated )?(?:output|json|response)\b|"
    r"\b(?:model|llm)(?:'s)? (?:\w+ ){0,3}(?:returned|produced|generated|wrote|gave|output) (?:an? )?"
    r"(?:\w+ ){0,2}(?:invalid|malformed|incomplete|unpars\w+|truncated)|"
    r"(?:invalid|malformed|incomplete|unpars\w+) (?:json )?(?:model|generated|llm) (?:output|response|json|text)|"
    r"could not (?:parse|decode) (?:the )?(?:model'?s? |generated )(?:output|json|response)|tool_use_failed|"
    r"could not finish the message because max_tokens",
    re.IGNORECASE,
)
_STREAMS_ONLY = re.compile(
    r"only supports? (?:the )?stream|stream\W+(?:\w+ ){0,4}must be (?:set to )?true|"
    r"non-?stream\w* (?:\w+ ){0,3}not support",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refusal:
    """An answer with an error. `param` says which field it was about, where the server named one."""

    error: ServerError
    param: str = ""

    @property
    def words(self) -> str:
        return f"{self.error.code or ''} {self.error.message} {self.param}"

    @property
    def is_of_one_answer(self) -> bool:
        """Whether the server found fault with what its model wrote, and not with the question."""
        return self.error.status >= 400 and _MISSED.search(self.words) is not None

    @property
    def wants_a_stream(self) -> bool:
        """Whether the server answers in a stream or not at all."""
        return self.error.status in (400, 422) and _STREAMS_ONLY.search(self.words) is not None

    @property
    def is_of_the_format(self) -> bool:
        """Whether it may be this step that the server refuses. For a prompt that is too long, OpenAI says how many
        tokens are "in the response_format schemas"."""
        if lacks_parameters(self.error.status, self.error.message):
            return True
        if is_too_long(self.error.code, self.error.message) or self.is_of_one_answer:
            return False
        if self.error.status == 500:
            return self.is_plainly_of_the_format
        return self.error.status in (400, 415, 422, 501) and _ABOUT_FORMAT.search(self.words) is not None

    @property
    def is_plainly_of_the_format(self) -> bool:
        return self.needed_in_a_row < OTHER_REFUSALS

    @property
    def needed_in_a_row(self) -> int:
        """How many like this one, with no answer on that step between them, say that the server does not take it."""
        if self.param.startswith("response_format") or lacks_parameters(self.error.status, self.error.message):
            return NAMED_REFUSALS
        return PLAIN_REFUSALS if _PLAINLY.search(self.words) else OTHER_REFUSALS


class MissedAnswer(Exception):
    """The server says that what its model wrote misses the form: a bad reply, which is asked for again."""

    def __init__(self, body: object) -> None:
        super().__init__()
        error = body.get("error") if isinstance(body, dict) else None
        written = error.get("failed_generation") if isinstance(error, dict) else None
        self._written = written if isinstance(written, str) else ""

    def completion(self, *, model: str, address: str, started_at: datetime, latency_s: float) -> Completion:
        return Completion(
            text=storable(self._written),
            model=model,
            address=address,
            started_at=started_at,
            latency_s=latency_s,
            finish_reason=THROWN_AWAY,
        )


def refusal_in(reply: "HttpReply") -> Refusal | None:
    """The error of an answer, whatever its status and however it is wrapped."""
    error = error_told_in(reply.body)
    waits_s = retry_after_s(reply.headers)
    if 200 <= reply.status < 300:
        if error is None or holds_answer(reply.body):
            return None
        return Refusal(replace(error_in_a_200(error), retry_after_s=waits_s), param=error.param)
    if error is None:
        error = ErrorTold(plain_words(reply.body) or f"status {reply.status} without a word")
    code = next(iter(error.codes), None)
    kinds = " ".join((*error.codes, *error.kinds))
    return Refusal(ServerError(reply.status, code, error.message, waits_s, kinds=kinds), param=error.param)
