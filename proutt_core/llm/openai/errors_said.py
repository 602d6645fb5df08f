"""What a server says is wrong, however it wraps it: in a field of its own, inside a choice, under any status."""

import json
import re
from dataclasses import dataclass
from typing import Any

from proutt_core.visible import visible

LONGEST_WORDS = 300  # characters
# Codes and states that mean "all is well" where a server sends one with every answer.
_FINE = {"0", "200", "ok", "success", "succeeded", "completed", "true", "none", "null", ""}
# Where the words stand, the likeliest first.
_WORDS = ("message", "msg", "detail", "error_message", "error_msg", "status_msg", "description", "reason", "title")
_CODES = ("code", "error_code", "status_code", "err_code", "errcode", "type", "status")


@dataclass(frozen=True)
class ServerError:
    """An error as the server told it; `message` is one line with nothing raw in it."""

    status: int
    code: str | None
    message: str
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Said:
    """The words of an error, its code, and the field that it is about, as far as the server named them."""

    message: str
    code: str | None = None
    param: str = ""


def said_in(body: object) -> Said | None:
    """The error in a body that came with status 200; None where it holds none. A body with an answer holds none,
    whatever else it says."""
    if not isinstance(body, dict) or _has_answer(body):
        return None
    for name in ("error", "errors", "base_resp", "err"):
        if body.get(name):
            return _said(body[name])
    choice = _first_choice(body)
    if isinstance(choice, dict) and choice.get("error"):
        return _said(choice["error"])
    if body.get("choices"):
        return None
    code = next((body[name] for name in _CODES if name in body and not _is_fine(body[name])), None)
    failed = body.get("success") is False or body.get("ok") is False
    if any(isinstance(body.get(name), str) and body[name].strip() for name in _WORDS) and (code is not None or failed):
        return _said(body)
    return _said(body["detail"]) if body.get("detail") else None


def said_with_status(body: object, status: int) -> Said:
    """The error in a body that came with a status of its own."""
    if isinstance(body, dict):
        for name in ("error", "errors", "base_resp"):
            if body.get(name):
                said = _said(body[name])
                code = said.code or _code(body)
                return Said(said.message, code, said.param or _text(body.get("param")))
    return _said(body) if body else Said(f"status {status} without a word")


def one_line(text: str, longest: int = LONGEST_WORDS) -> str:
    """A server's words for a message or a log: one line, nothing raw, not too many."""
    return visible(" ".join(text[: 4 * longest].split()))[:longest]


def _said(value: Any) -> Said:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str):
        return Said(one_line(value))
    if not isinstance(value, dict):
        return Said(one_line(_json(value)))
    inner = next((value[name] for name in _WORDS if value.get(name)), None)
    if isinstance(inner, dict | list):
        deeper = _said(inner)
        return Said(deeper.message, deeper.code or _code(value), deeper.param)
    words = inner if isinstance(inner, str) else _json(inner if inner is not None else value)
    return Said(one_line(words), _code(value), _text(value.get("param")))


def _code(value: dict[str, Any]) -> str | None:
    named = [str(value[name]) for name in _CODES if isinstance(value.get(name), str | int) and value[name] != ""]
    return one_line(named[0]) if named else None


def _has_answer(body: dict[str, Any]) -> bool:
    choice = _first_choice(body)
    message = choice.get("message", choice.get("delta", choice)) if isinstance(choice, dict) else None
    return isinstance(message, dict) and any(
        message.get(name) for name in ("content", "text", "reasoning_content", "reasoning", "refusal", "tool_calls")
    )


def _first_choice(body: dict[str, Any]) -> Any:
    choices = body.get("choices")
    return choices[0] if isinstance(choices, list) and choices else None


def _is_fine(code: object) -> bool:
    return not isinstance(code, str | int) or str(code).strip().lower() in _FINE


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return type(value).__name__


# --- what an error is about -------------------------------------------------------------------------------------------

_TOO_LONG = re.compile(r"context[ _](?:length|size|window)|too long|reduce the length", re.IGNORECASE)
# Providers tell of an empty account under 400, 401, 403, 404, 429 and in a 200; limits on the rate speak of quotas too.
_NO_CREDIT = re.compile(
    r"arrearage|account is in good standing|insufficient[ _]?(?:\w+[ _]){0,2}(?:balance|quota|credit|fund)|"
    r"(?:balance|credits?|quota|funds?)\W+(?:\w+\W+){0,3}"
    r"(?:insufficient|not enough|exhausted|depleted|too low|used up|is 0)|"
    r"not enough (?:\w+ )?(?:balance|credits?|funds|quota)|exceeded[ _]current[ _]quota|overdue|"
    r"credits?[ _]?error|out of credits|no credits? left|"
    r"billing[ _](?:hard[ _]limit|not[ _]active)|payment required|top[ -]?up|recharge|"
    r"free[ _]?tier\w* (?:\w+ )*exhausted|"
    r"余额不足|余额.{0,6}(?:不足|耗尽)|欠费|额度.{0,6}(?:不足|用尽|已用完)|资源包|充值",
    re.IGNORECASE,
)
_NO_CREDIT_CODES = {"insufficient_quota", "1113", "30011", "insufficient_user_quota", "402"}
_OF_THE_RATE = re.compile(
    r"per (?:minute|second|hour|day)|\b(?:rpm|tpm|rpd|qps)\b|retry (?:in|after)|rate.?limit|"
    r"too many requests|频率|限流",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(r"model not exist|not a valid model|model.{0,80}does not exist|模型不存在", re.IGNORECASE)
_BAD_KEY = re.compile(
    r"api[ _-]?key not valid|(?:invalid|incorrect|wrong)[ _](?:api[ _-]?)?(?:key|token)|invalid_api_key", re.IGNORECASE
)
_NO_PATH = re.compile(
    r"unexpected endpoint|no route|unknown (?:path|url|endpoint)|cannot post|(?:path|url|endpoint) not found",
    re.IGNORECASE,
)


def is_too_long(code: str | None, message: str) -> bool:
    """Whether the server refuses a request for its length: this one prompt, and no other."""
    return code == "context_length_exceeded" or _TOO_LONG.search(message) is not None


def says_no_credit(error: ServerError) -> bool:
    """Whether the account is empty, in the words of OpenAI, Zhipu, Ark, Moonshot, SiliconFlow, DashScope, gateways."""
    if error.status == 402 or error.code in _NO_CREDIT_CODES:
        return True
    text = f"{error.code} {error.message}"
    if error.status not in (200, 400, 401, 403, 404, 429, 502) or is_too_long(error.code, error.message):
        return False
    return _NO_CREDIT.search(text) is not None and _OF_THE_RATE.search(text) is None


def plain_status(error: ServerError) -> int:
    """The status that says what is wrong, where the server said 400, or 200, for something that has one of its own."""
    if error.status not in (400, 502) or is_too_long(error.code, error.message):
        return error.status
    text = f"{error.code} {error.message}"
    if _BAD_KEY.search(text):
        return 401
    if _NO_MODEL.search(text) or _NO_PATH.search(text):
        return 404
    return error.status
