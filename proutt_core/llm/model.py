"""What a language model is to this product: a `Prompt` goes in, a `Completion` comes out.

Remote models read `Prompt.messages`; `rules` reads `Prompt.stage` and `Prompt.values`. `ask()` is the one way
the method gets a typed answer. A client sends `schema.json_schema` to its server, never pydantic's own JSON schema
(see schema.py).
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, Field, ValidationError

from proutt_core.errors import InputError, ReplyError
from proutt_core.llm.schema import ReplyType
from proutt_core.llm.thoughts import without_thoughts
from proutt_core.text import in_one_line, placeholders_in, unfenced
from proutt_core.types import Message, Value
from proutt_core.types.calls import Completion
from proutt_core.types.json_text import array_json, as_json, as_sorted_json, object_json, text_json

ChatMessage = Message

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

# A garbage reply may be longer than the server's window, and it goes back to the server in the repair message.
_REPAIR_CHARACTERS = 6000
_REASON_CHARACTERS = 600
# How a reply ended that the server found to miss its form; what it kept of it is the text.
THROWN_AWAY = "thrown_away"
NO_PLACEHOLDER = "write a text in place of the …"
_MORE_TOKENS = " (--parameter max_tokens=… allows more)"
_HASHED_AT_ONCE = 2047
# A reply without one of these holds no placeholder: most are read without looking at each of their texts.
_MAY_BE_PLACEHOLDERS = ("…", "..", "⋯", "‥", ". .", "\\u2026", "\\u22ef", "\\u22EF", "\\u2025")


class Prompt(Value):
    """One question. `values` is what `rules` reads and is no part of any key: `messages` says the same in words."""

    stage: str
    version: int
    messages: tuple[ChatMessage, ...]
    values: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    # The question whose answer its schema refused: an answer to this one answers that one for good.
    repairs: "Prompt | None" = Field(default=None, repr=False)


class Model(Protocol):
    """Anything that answers prompts: a server, `rules`, an in-process model, a cache around one of these."""

    @property
    def name(self) -> str:
        """Identity with revision, e.g. "rules-1" or "Qwen/Qwen3-8B"."""

    @property
    def address(self) -> str:
        """Base URL, or "" when in process."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Temperature and the like: JSON values, part of the cache key."""

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        """Answer once. `schema` None asks for free text. Raises ModelUnavailable, ModelRefused, or ReplyError for an
        answer that must not even be stored."""


def call_key(model: Model, prompt: Prompt, schema: ReplyType[BaseModel] | None, draw: int = 0) -> str:
    """The identity of one call: sha256 over canonical JSON of everything that shapes the answer."""
    members = {
        "address": as_json(model.address),
        "draw": str(draw),
        "messages": array_json(f'["{m.role}",{text_json(m.content)}]' for m in prompt.messages),
        "name": as_json(model.name),
        "parameters": as_sorted_json(dict(model.parameters)),
        "schema": "null" if schema is None else schema.sorted_json_text,
        "stage": as_json(prompt.stage),
        "version": str(prompt.version),
    }
    text = object_json(members)  # as sorted as its members are
    digest = hashlib.sha256()
    # In parts so small that hashlib lets no other thread run: getting the turn back takes longer than hashing.
    for start in range(0, len(text), _HASHED_AT_ONCE):
        digest.update(text[start : start + _HASHED_AT_ONCE].encode("ascii"))
    return digest.hexdigest()


def parse_reply(text: str, reply: ReplyType[T]) -> T:
    """Read a model's text as `reply`. Raises ValueError with a short reason that tells the model what to repair.

    Only JSON that the schema accepts counts, and no text in it may be the … of the prompt's form. Thoughts before it
    (thoughts.py) and one code fence around the whole are wrapping, not content, and are taken off.
    """
    body = _unwrap(text)
    if not body:
        raise ValueError("the reply is empty")
    try:
        answer = reply.shape.model_validate_json(body, strict=True, context=reply.conditions)
    except ValidationError as exc:
        # Values are left out: the reason goes into messages and on screens, and the raw reply is stored beside it.
        problems = [f"{_where(e['loc'])}{e['msg']}" for e in exc.errors(include_url=False, include_input=False)]
        raise ValueError("; ".join(problems)[:_REASON_CHARACTERS]) from exc
    if any(mark in body for mark in _MAY_BE_PLACEHOLDERS):
        left = [f"{where}: {NO_PLACEHOLDER}" for where in placeholders_in(answer.model_dump())]
        if left:
            raise ValueError("; ".join(left)[:_REASON_CHARACTERS])
    return answer


async def ask(model: Model, prompt: Prompt, reply: ReplyType[T], *, draw: int = 0) -> T:
    """Ask for a `reply`; on a reply its schema refuses, ask once more with the error, then raise ReplyError."""
    return await ask_for(model, prompt, reply, lambda answer: parse_reply(answer.text, reply), draw=draw)


async def ask_for(
    model: Model, prompt: Prompt, schema: ReplyType[BaseModel] | None, read: Callable[[Completion], R], *, draw: int = 0
) -> R:
    """`ask` for what `read` makes of an answer; it raises ValueError or InputError where the answer is refused."""
    first = await model.complete(prompt, schema=schema, draw=draw)
    try:
        return read(first)
    except (ValueError, InputError) as exc:
        repair = _repair_prompt(prompt, first, str(exc), answers_it=schema is not None and not _fits(first, schema))
    second = await model.complete(repair, schema=schema, draw=draw)
    try:
        return read(second)
    except (ValueError, InputError) as exc:
        reason = f"the reply was refused twice: {cut_note(second)}{exc}{_MORE_TOKENS if _was_cut(second) else ''}"
        raise ReplyError(reason, raw=second.text) from exc


def _fits(answer: Completion, schema: ReplyType[BaseModel]) -> bool:
    try:
        parse_reply(answer.text, schema)
    except ValueError:
        return False
    return True


def _repair_prompt(prompt: Prompt, completion: Completion, reason: str, *, answers_it: bool) -> Prompt:
    """The same question, followed by the refused answer and why it was refused."""
    refused = completion.text[:_REPAIR_CHARACTERS].strip() or "(empty)"
    problem = f"This reply cannot be used: {cut_note(completion)}{reason}"
    request = f"{problem}\nAnswer again, complete, in the required format only."
    extra = (ChatMessage(role="assistant", content=refused), ChatMessage(role="user", content=request))
    return prompt.model_copy(update={"messages": prompt.messages + extra, "repairs": prompt if answers_it else None})


def cut_note(completion: Completion) -> str:
    """How the answer ended, where that explains why it is no good: most broken JSON and most empty replies."""
    only_thoughts = bool(completion.reasoning) and not completion.text.strip()
    if _was_cut(completion) and only_thoughts:
        return "all its tokens went into thinking before an answer began, think less or allow more tokens; "
    if _was_cut(completion):
        return "it was cut off at the token limit, be shorter; "
    if only_thoughts:
        return "all that came stands in the server's reasoning field; "
    return _NOTES.get(completion.finish_reason, "")


_NOTES = {
    THROWN_AWAY: "the server threw it away because it missed the required form; ",
    "content_filter": "a content filter withheld it; ",
}


def _was_cut(completion: Completion) -> bool:
    return completion.finish_reason == "length"


def _unwrap(text: str) -> str:
    return unfenced(without_thoughts(text.strip().removeprefix("\ufeff").lstrip()))


def _where(loc: tuple[int | str, ...]) -> str:
    """A field's place; fields that nobody asked for have the names that the model gave them."""
    return f"{in_one_line('.'.join(str(part) for part in loc))}: " if loc else ""
