"""What an error means that a server told: whether it may pass, whether other calls would be refused, what to do."""

import re
from dataclasses import dataclass

from proutt_core.errors import ModelRefused
from proutt_core.llm.openai.errors_told import ErrorTold
from proutt_core.llm.openai.retry import Passing, may_pass
from proutt_core.llm.openai.words import shown

_MODERATED = re.compile(r"moderat|flagged", re.IGNORECASE)
_TOO_LONG = re.compile(r"context[ _](?:length|size|window)|too long|reduce the length", re.IGNORECASE)
# Refusals of every call that some providers send as a plain 400: DeepSeek, OpenRouter and Zhipu for an unknown model,
# Google for a wrong key.
_NO_MODEL = re.compile(
    r"model not exist|not a valid model|model.{0,80}(?:does not exist|not found)|model_not_found|unknown model|"
    r"模型不存在",
    re.I,
)
_BAD_KEY = re.compile(
    r"api[ _-]?key (?:is )?(?:not valid|invalid|incorrect|missing)|(?:invalid|incorrect|no|missing)[ _]api[ _-]?key|"
    r"invalid_api_key|authentication_error|unauthori[sz]ed|invalid (?:access|auth\w*|bearer) token|"
    r"令牌无效|无效的令牌|鉴权失败",
    re.IGNORECASE,
)
# OpenRouter: the pinned provider does not serve the model, is not allowed to get it, or lacks what is asked for.
_NO_UPSTREAM = re.compile(
    r"no (?:allowed )?(?:endpoints?|providers?) (?:found|available)|no allowed providers", re.IGNORECASE
)
_UNROUTABLE = re.compile(r"handle the requested parameters", re.IGNORECASE)

# An empty account, as providers and gateways tell it, whatever the status: by a name or number of its own …
_NO_CREDIT_CODES = frozenset(
    (
        *("insufficient_quota", "exceeded_current_quota_error", "insufficient_balance", "insufficient_credits", "1113"),
        *("accountoverdueerror", "arrearage", "creditserror", "insufficient_user_quota", "payment_required"),
        *("pre_consume_token_quota_failed", "billing_hard_limit_reached", "billing_not_active", "not_enough_balance"),
        *("budget_exceeded", "setlimitexceeded"),
        *("prepaidbilloverdue", "postpaidbilloverdue", "allocationquota.freetieronly", "resourceunavailable.inarrears"),
        *("failedoperation.resourcepackexhausted", "failedoperation.freeresourcepackexhausted"),
    )
)
# … or in words. The first kind cannot be about a limit on the rate, the second may.
_NO_MONEY = re.compile(
    r"arrear|in good standing|insufficient[ _-]*(?:account[ _-]*)?(?:balance|funds?|credits?)|"
    r"\bbalance\b.{0,40}\b(?:insufficient|not (?:enough|sufficient)|too low|exhausted|depleted|negative|overdue|zero)|"
    r"\bbalance (?:is|of):? \$?-?0|overdue (?:balance|bill|payment|invoice)|(?:account|bill|payment)\b.{0,30}\boverdue|"
    r"not enough (?:balance|funds|credits?)|please re-?charge|"
    r"unpaid (?:bill|invoice|balance)|余额不足|欠费|余额已|余额为",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"\bcredits?\b.{0,40}\b(?:insufficient|not (?:enough|sufficient)|too low|exhausted|depleted|used up|run out)|"
    r"(?:no|out of|used all(?: of)?|used up|exceeded|do(?:es)?n't have any|do(?:es)? not have any)"
    r"(?: \w+){0,4} credits?\b|insufficient[ _]quota|top[ -]up\b|payment (?:is )?required|payment method|"
    r"billing (?:hard )?limit|spend(?:ing)?[ _]limit|free[ -]tier.{0,40}exhausted|purchase (?:more )?(?:credits|those)|"
    r"\bre-?charge (?:your|the|and|please|it|first|now)|充值|key limit exceeded|budget (?:has been )?exceeded|"
    r"free (?:allocated )?quota exceeded|(?:plan and|check your) billing|failure to pay|"
    r"resource pack(?:age)?.{0,30}(?:exhaust|used)|额度不足|额度已用尽|额度已耗尽|资源包|预扣费",
    re.IGNORECASE,
)
_ABOUT_RATE = re.compile(
    r"rate[ _-]?limit|per[ _-]?(?:second|minute|hour|day)|\b[rtq]p[msd]\b|requests? limit|too many requests|concurren|"
    r"try again|retry in|too busy|overload|频率|并发|每分钟|速率|限流|繁忙",
    re.IGNORECASE,
)
# What a server quotes of the prompt says nothing about the account, nor does the name of a gateway's exception.
_QUOTED = re.compile(r"'[^']{12,}'|\"[^\"]{12,}\"|`[^`]{12,}`|“[^”]{12,}”|「[^」]{12,}」|\b\w*RateLimitError\b")

# What an error inside a 200 answer is about, where it names no status of HTTP: the status that others send for it.
_STATUS_OF_WORDS = (
    (
        503,
        re.compile(
            r"overload|\bbusy\b|try again|temporar|unavailable|time[d ]?-?out|upstream|\bconnection\b|过载|繁忙|稍后",
            re.I,
        ),
    ),
    (429, re.compile(rf"{_ABOUT_RATE.pattern}|rate.?limit|throttl|quota", re.I)),
    (500, re.compile(r"internal|server[ _]error|api_error|服务异常|内部错误", re.I)),
    (
        404,
        re.compile(
            r"not found|unexpected endpoint|unknown (?:path|url|route|endpoint)|no such|could not route|cannot post",
            re.I,
        ),
    ),
    (403, re.compile(r"permission|forbidden|not allowed|access denied|无权限", re.I)),
    (400, re.compile(r"invalid|unsupported|not support|unknown|unrecogni|bad request|required|must be|参数", re.I)),
)


@dataclass(frozen=True)
class ServerError:
    """An error as the server told it. `status` says what it means; `sent_as` is the HTTP status where that is
    another."""

    status: int
    code: str | None
    message: str
    retry_after_s: float | None = None
    sent_as: int | None = None
    is_outage: bool = True  # where it may pass
    kinds: str = ""  # what else the server calls it

    @property
    def sender(self) -> str:
        """How the server said it."""
        if self.sent_as is None or self.sent_as == self.status:
            return f"HTTP {self.status}"
        code = shown(self.code or "", at_most=40)
        return f"HTTP {self.sent_as}, code {code}" if code else f"HTTP {self.sent_as}"


def error_in_a_200(error: ErrorTold) -> ServerError:
    """What a server means that says 200 and tells of an error all the same."""
    names = (*error.codes, *error.kinds)
    status = next((int(name) for name in names if re.fullmatch(r"[345]\d\d", name)), None) or _status_of_words(error)
    return ServerError(
        status or 502,
        next(iter(error.codes), None),
        error.message,
        sent_as=200,
        is_outage=status is not None,  # one that nobody knows may pass, but the server is there
        kinds=" ".join(names),
    )


def is_too_long(code: str | None, message: str) -> bool:
    """Whether the server refuses a request for its length: this one prompt, and no other."""
    return code == "context_length_exceeded" or _TOO_LONG.search(message) is not None


def lacks_parameters(status: int, message: str) -> bool:
    """Whether OpenRouter says that the pinned provider does not take a request's parameters, such as a schema."""
    return status == 404 and _UNROUTABLE.search(message) is not None


def meaning_of(
    error: ServerError, *, model: str, address: str, key_env: str | None, key: str | None = None
) -> ModelRefused | Passing:
    """What a server's error means: it may pass, or it is a refusal that says what to do. `key` is masked."""
    message = shown(error.message, key=key)
    status = _plain_status(error)
    if may_pass(status) and not (status == 500 and is_too_long(error.code, error.message)):
        return Passing(f"{error.sender}: {message}", error.retry_after_s, is_outage=error.is_outage)
    if status == 403 and _MODERATED.search(message):  # OpenRouter's word for flagged content: this text, not us
        advice, every_call = f"{address} refuses the content of this request to {model}", False
    elif status == 404 and _NO_UPSTREAM.search(message):
        said = f"{address} finds no provider that serves {model} as asked: the pinned one, keeping nothing"
        advice, every_call = f"{said}; name another with --upstream, or in the form", True
    else:
        advice, every_call = _advice(status, model=model, address=address, key_env=key_env)
    text = f"{advice}. The server said ({error.sender}): {message}"
    return ModelRefused(text, every_call=every_call, status=error.status)


def _plain_status(error: ServerError) -> int:
    """The status that says what is wrong, where the server sent another for something that has a status of its own."""
    if is_too_long(error.code, error.message):
        return error.status
    text = f"{error.code} {error.kinds} {_QUOTED.sub(' ', error.message)}"
    if _tells_of_no_credit(error, text):
        return 402
    if error.status != 400:
        return error.status
    if _BAD_KEY.search(text):
        return 401
    return 404 if _NO_MODEL.search(text) else 400


def _tells_of_no_credit(error: ServerError, text: str) -> bool:
    if error.status == 402 or not _NO_CREDIT_CODES.isdisjoint(f"{error.code} {error.kinds}".lower().split()):
        return True
    if _NO_MONEY.search(text):
        return True
    return _NO_CREDIT.search(text) is not None and _ABOUT_RATE.search(text) is None


def _status_of_words(error: ErrorTold) -> int | None:
    text = " ".join((*error.codes, *error.kinds, _QUOTED.sub(" ", error.message)))
    if _BAD_KEY.search(text):
        return 401
    if _NO_MODEL.search(text):
        return 404
    if is_too_long(None, text):
        return 400
    return next((status for status, words in _STATUS_OF_WORDS if words.search(text)), None)


_TWO_SETTINGS = (
    "put the key into PROUTT_API_KEY and the address into PROUTT_API_KEY_FOR (environment or .env); no other address is"
    " sent that key"
)


def _advice(status: int, *, model: str, address: str, key_env: str | None) -> tuple[str, bool]:
    key = f"the key in {key_env}" if key_env else "a call without a key"
    if status == 402:
        return f"{address} has no credit left for {key}: top the account up", True
    if status == 401 and key_env is None:
        return f"{address} wants a key and none was sent: {_TWO_SETTINGS}", True
    if status == 401:
        return f"{address} does not accept {key}: put a valid one there", True
    if status == 403:
        what_to_do = "ask for access" if key_env else _TWO_SETTINGS
        return f"{address} does not let {key} use {model}: {what_to_do}", True
    if status == 404:
        return f"{address} has no model {model}, or the address is wrong (most end in /v1)", True
    if 300 <= status < 400:
        return f"{address} redirects elsewhere: give the final address instead", True
    return f"{address} refuses this request to {model}", False
