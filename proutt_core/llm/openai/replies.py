"""Reading what an OpenAI-compatible server sent: an answer, a refusal, or something that may pass."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from proutt_core.errors import ModelRefused
from proutt_core.llm.openai.retry import may_pass
from proutt_core.types.calls import Completion, Usage
from proutt_core.types.json_text import is_whole

_DETAIL_CHARACTERS = 300
_OPEN, _CLOSE = "<think>", "</think>"
_MODERATED = re.compile(r"moderat|flagged", re.IGNORECASE)
_TOO_LONG = re.compile(r"context[ _](?:length|size|window)|too long|reduce the length", re.IGNORECASE)
# Refusals of every call that some providers send as a plain 400: DeepSeek, OpenRouter and Zhipu for an unknown model,
# DashScope for an account in arrears, Google for a wrong key.
_NO_MODEL = re.compile(r"model not exist|not a valid model|model.{0,80}does not exist|模型不存在", re.IGNORECASE)
_NO_CREDIT = re.compile(r"arrearage|account is in good standing", re.IGNORECASE)
# OpenRouter: the pinned provider does not serve the model, is not allowed to get it, or lacks what is asked for.
_NO_UPSTREAM = re.compile(
    r"no (?:allowed )?(?:endpoints?|providers?) (?:found|available)|no allowed providers", re.IGNORECASE
)
_UNROUTABLE = re.compile(r"handle the requested parameters", re.IGNORECASE)
_BAD_KEY = re.compile(r"api[ _]?key not valid|(?:invalid|incorrect)[ _]api[ _]?key", re.IGNORECASE)


# Zhipu's words for an answer that was withheld, and for one that broke off.
_WITHHELD, _BROKEN_OFF = "sensitive", "network_error"


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    # Thoughts, where a server sends them apart: vLLM, SGLang, DeepSeek, Zhipu; OpenRouter, Ollama, newer vLLM.
    reasoning_content: Any = None
    reasoning: Any = None

    @property
    def thoughts(self) -> str | None:
        for text in (self.reasoning_content, self.reasoning):
            if isinstance(text, str) and text.strip():
                return text
        return None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Answer(BaseModel):
    """What is needed of a chat completion; servers add what they like."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    model: str | None = None
    provider: Any = None  # OpenRouter's: who really answered
    usage: dict[str, Any] | None = None


@dataclass(frozen=True)
class ServerError:
    """An error as the server told it."""

    status: int
    code: str | None
    message: str
    retry_after_s: float | None = None


class Passing(Exception):
    """An attempt failed in a way that may pass: the next one may succeed."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def read_answer(answer: object, *, model: str, address: str, latency_s: float, typed: bool) -> Completion:
    """The completion in the parsed body of a 200 answer. Raises Passing or ModelRefused where there is none.

    Thoughts are never the answer: what a server sends apart goes into `reasoning`, and so do thoughts inside the text
    when a JSON reply is wanted (`typed`). Free text stays as it came: a tuned model's is its thoughts.
    """
    if isinstance(answer, str):  # the SDK hands through what is not JSON as text
        # A wrong address always does this, a proxy's error page now and then: a run pauses only if it keeps happening.
        raise Passing(f"{address} answers, but not as an OpenAI-compatible server; does the address lack /v1?")
    try:
        read = _Answer.model_validate(answer)
    except ValidationError as exc:
        raise Passing("the answer has not the shape of a chat completion") from exc
    message, finish_reason = read.choices[0].message, read.choices[0].finish_reason or "stop"
    if finish_reason == _BROKEN_OFF:
        raise Passing("the server's own connection broke off during the answer")
    text = message.content or ""
    if message.refusal and not text:
        text, finish_reason = message.refusal, "refusal"
    thoughts, rest = split_thoughts(text) if typed else ("", text)
    reasoning = "\n\n".join(part for part in (message.thoughts, thoughts) if part)
    return Completion(
        text=sendable(rest),  # no store takes a lone surrogate either
        reasoning=sendable(reasoning) or None,
        usage=_usage(read.usage or {}),
        model=read.model or model,
        provider=read.provider if isinstance(read.provider, str) else "",
        address=address,
        latency_s=latency_s,
        finish_reason="content_filter" if finish_reason == _WITHHELD else finish_reason,
    )


def sendable(text: str) -> str:
    """The text with lone surrogates (they occur in real logs) replaced, for UTF-8 has no form for them."""
    return text if is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def split_thoughts(text: str) -> tuple[str, str]:
    """A reasoning model's thoughts, and what follows its `<think>…</think>`.

    The opening tag may be missing, for some templates write it into the prompt. One that is never closed leaves no
    answer: the model was cut off while it thought.
    """
    body = text.lstrip()
    if body.startswith(_OPEN):
        thoughts, _, rest = body.removeprefix(_OPEN).partition(_CLOSE)
        return thoughts.strip(), rest.strip()
    if not body.startswith(("{", "[", "```")) and _CLOSE in body:
        thoughts, _, rest = body.partition(_CLOSE)
        return thoughts.strip(), rest.strip()
    return "", text


def error_inside(answer: object) -> ServerError | None:
    """OpenRouter and some gateways send an error in a 200 answer."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return None
    code = error.get("code")
    status = code if isinstance(code, int) and 300 <= code < 600 else 502
    return ServerError(status, str(code), str(error.get("message", error)))


def is_too_long(code: str | None, message: str) -> bool:
    """Whether the server refuses a request for its length: this one prompt, and no other."""
    return code == "context_length_exceeded" or _TOO_LONG.search(message) is not None


def lacks_parameters(status: int, message: str) -> bool:
    """Whether OpenRouter says that the pinned provider does not take a request's parameters, such as a schema."""
    return status == 404 and _UNROUTABLE.search(message) is not None


def meaning_of(error: ServerError, *, model: str, address: str, key_env: str | None) -> ModelRefused | Passing:
    """What a server's error means: it may pass, or it is a refusal that says what to do."""
    message = re.sub(r"\s+", " ", error.message)[:_DETAIL_CHARACTERS]
    status = _plain_status(error)
    no_credit = status == 402 or error.code == "insufficient_quota"
    if may_pass(status) and not no_credit:
        return Passing(f"HTTP {error.status}: {message}", error.retry_after_s)
    if status == 403 and _MODERATED.search(message):  # OpenRouter's word for flagged content: this text, not us
        advice, every_call = f"{address} refuses the content of this request to {model}", False
    elif status == 404 and _NO_UPSTREAM.search(message):
        said = f"{address} finds no provider that serves {model} as asked: the pinned one, keeping nothing"
        advice, every_call = f"{said}; name another with --upstream, or in the form", True
    else:
        advice, every_call = _advice(status, no_credit, model=model, address=address, key_env=key_env)
    text = f"{advice}. The server said (HTTP {error.status}): {message}"
    return ModelRefused(text, every_call=every_call, status=error.status)


def _plain_status(error: ServerError) -> int:
    """The status that says what is wrong, where the server said 400 for something that has a status of its own."""
    text = f"{error.code} {error.message}"
    if error.status != 400 or is_too_long(error.code, error.message):
        return error.status
    if _NO_CREDIT.search(text):
        return 402
    if _BAD_KEY.search(text):
        return 401
    return 404 if _NO_MODEL.search(text) else 400


def _advice(status: int, no_credit: bool, *, model: str, address: str, key_env: str | None) -> tuple[str, bool]:
    key = f"the key in {key_env}" if key_env else "a call without a key"
    if no_credit:
        return f"{address} has no credit left for {key}: top the account up", True
    if status == 401 and key_env is None:
        return f"{address} wants a key and none is set: put it into PROUTT_API_KEY (environment or .env)", True
    if status == 401:
        return f"{address} does not accept {key}: put a valid one there", True
    if status == 403:
        return f"{address} does not let {key} use {model}: ask for access", True
    if status == 404:
        return f"{address} has no model {model}, or the address is wrong (most end in /v1)", True
    if 300 <= status < 400:
        return f"{address} redirects elsewhere: give the final address instead", True
    return f"{address} refuses this request to {model}", False


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    if cached is None:  # DeepSeek's own field
        cached = usage.get("prompt_cache_hit_tokens")
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=_count(cached),
        completion_tokens=_count(usage.get("completion_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
