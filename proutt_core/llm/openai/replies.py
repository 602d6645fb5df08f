"""Reading what an OpenAI-compatible server sent: an answer, a refusal, or something that may pass."""

import re
from typing import Any

from proutt_core.errors import ModelRefused
from proutt_core.llm.openai.errors_said import (
    ServerError,
    is_too_long,
    one_line,
    plain_status,
    said_in,
    says_no_credit,
)
from proutt_core.llm.openai.messages import is_whole_answer, message_in, split_thoughts
from proutt_core.llm.openai.retry import may_pass
from proutt_core.llm.openai.streams import put_together
from proutt_core.llm.openai.usage import usage_of
from proutt_core.types.calls import Completion
from proutt_core.types.json_text import is_whole

__all__ = ["Passing", "ServerError", "error_inside", "is_too_long", "lacks_parameters", "meaning_of", "read_answer"]

_LONGEST_NAME = 200  # characters
_MODERATED = re.compile(r"moderat|flagged", re.IGNORECASE)
# OpenRouter: the pinned provider does not serve the model, is not allowed to get it, or lacks what is asked for.
_NO_UPSTREAM = re.compile(
    r"no (?:allowed )?(?:endpoints?|providers?) (?:found|available)|no allowed providers", re.IGNORECASE
)
_UNROUTABLE = re.compile(r"handle the requested parameters", re.IGNORECASE)

# Zhipu's words for an answer that was withheld, and for one that broke off; gateways' for an error of theirs.
_WITHHELD, _BROKEN_OFF = "sensitive", ("network_error", "error")


class Passing(Exception):
    """An attempt failed in a way that may pass: the next one may succeed. The reason is told in one line."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(one_line(reason))
        self.retry_after_s = retry_after_s


def read_answer(answer: object, *, model: str, address: str, latency_s: float, typed: bool) -> Completion:
    """The completion in the parsed body of a 200 answer. Raises Passing or ModelRefused where there is none.

    What a server sends apart as thoughts goes into `reasoning`, and so do thoughts inside the text when a JSON reply is
    wanted (`typed`); thoughts are the answer only where they are the JSON object that was asked for, and the text is
    empty: a reasoning parser took the one for the other. Free text stays as it came: a tuned model's is its thoughts.
    """
    if isinstance(answer, str):  # the SDK hands through what is not JSON as text
        stream = put_together(answer)
        if stream is None:
            # A wrong address always does this, a proxy's error page now and then: a run pauses if it keeps happening.
            raise Passing(f"{address} answers, but not as an OpenAI-compatible server; does the address lack /v1?")
        answer = stream
    body, choice = _first_choice(answer, address)
    message, finish_reason = message_in(choice), choice.get("finish_reason")
    finish_reason = finish_reason if isinstance(finish_reason, str) and finish_reason else "stop"
    if finish_reason in _BROKEN_OFF:
        raise Passing("the server's own connection broke off during the answer")
    if message.is_refusal:
        finish_reason = "refusal"
    thoughts, text = split_thoughts(message.text) if typed else ("", message.text)
    reasoning = "\n\n".join(part for part in (message.thoughts, thoughts) if part)
    if typed and not text.strip() and is_whole_answer(message.thoughts):
        text, reasoning = message.thoughts, thoughts
    provider = body.get("provider")
    return Completion(
        text=storable(text),
        reasoning=storable(reasoning) or None,
        usage=usage_of(body.get("usage")),
        model=_name(body.get("model")) or model,
        provider=_name(provider),
        address=address,
        latency_s=latency_s,
        finish_reason="content_filter" if finish_reason == _WITHHELD else one_line(finish_reason, 40),
    )


def _first_choice(answer: object, address: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body and its first choice. A body of another shape is this answer's fault and not the server's absence."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if isinstance(answer, dict) and isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return answer, choices[0]
    if isinstance(answer, dict) and isinstance(answer.get("message"), dict | str):  # Ollama's own form
        return answer, answer
    if isinstance(answer, dict) and "choices" in answer and not choices:
        raise Passing("the server sent no answer: its list of choices is empty")
    keys = ", ".join(one_line(str(key), 30) for key in list(answer)[:8]) if isinstance(answer, dict) else ""
    shape = f"an object with {keys or 'no keys'}" if isinstance(answer, dict) else f"a {type(answer).__name__}"
    raise ModelRefused(f"{address} sent {shape}, which is no chat completion", every_call=False)


def _name(value: object) -> str:
    """Who answered, as a column holds it."""
    return one_line(storable(value), _LONGEST_NAME) if isinstance(value, str) else ""


def storable(text: str) -> str:
    """The text without what no store takes: lone surrogates and NUL become U+FFFD."""
    return sendable(text.replace("\x00", "\ufffd"))


def sendable(text: str) -> str:
    """The text with lone surrogates (they occur in real logs) replaced, for UTF-8 has no form for them."""
    return text if is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def error_inside(answer: object) -> ServerError | None:
    """Some servers and gateways send an error in a 200 answer."""
    said = said_in(answer)
    if said is None:
        return None
    code = int(said.code) if said.code and said.code.isascii() and said.code.isdigit() and len(said.code) == 3 else 0
    return ServerError(code if 300 <= code < 600 else 502, said.code, said.message)


def lacks_parameters(status: int, message: str) -> bool:
    """Whether OpenRouter says that the pinned provider does not take a request's parameters, such as a schema."""
    return status == 404 and _UNROUTABLE.search(message) is not None


def meaning_of(error: ServerError, *, model: str, address: str, key_env: str | None) -> ModelRefused | Passing:
    """What a server's error means: it may pass, or it is a refusal that says what to do."""
    message = one_line(error.message)
    status, no_credit = plain_status(error), says_no_credit(error)
    if may_pass(status) and not no_credit:
        return Passing(f"HTTP {error.status}: {message}", error.retry_after_s)
    if status == 403 and not no_credit and _MODERATED.search(message):  # OpenRouter's word: this text, not us
        advice, every_call = f"{address} refuses the content of this request to {model}", False
    elif status == 404 and _NO_UPSTREAM.search(message):
        said = f"{address} finds no provider that serves {model} as asked: the pinned one, keeping nothing"
        advice, every_call = f"{said}; name another with --upstream, or in the form", True
    else:
        advice, every_call = _advice(status, no_credit, model=model, address=address, key_env=key_env)
    text = f"{advice}. The server said (HTTP {error.status}): {message}"
    return ModelRefused(text, every_call=every_call, status=error.status)


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
