"""Errors as servers tell them, whatever the status and the wrapping: the words stay, and so does the right advice."""

import json
from typing import Any

import pytest

from proutt_core.errors import ModelRefused, ModelUnavailable
from proutt_core.llm.openai.errors_told import error_told_in
from proutt_core.llm.openai.meanings import meaning_of
from proutt_core.llm.openai.refusals import refusal_in
from proutt_core.llm.openai.retry import Passing
from proutt_core.llm.openai.transport import HttpReply
from tests.fake_server import FakeServer
from tests.llm.openai.client import Client

SAID = "Unexpected endpoint or method"
WRAPPED: list[Any] = [
    {"error": SAID},
    {"error": {"message": SAID, "code": None}},
    {"error": {"error": {"message": SAID}}},
    {"error": [SAID]},
    {"error": True, "message": SAID},
    {"error": json.dumps({"error": {"message": SAID}})},
    {"errors": [{"code": 7003, "message": SAID}], "success": False, "result": None},
    {"errors": [SAID]},
    {"detail": SAID},
    {"detail": [{"loc": ["body"], "msg": SAID, "type": "value_error"}]},
    {"code": 20015, "msg": SAID, "data": None},
    {"code": "20015", "message": SAID},
    {"status": "434", "message": SAID},
    {"status": "error", "msg": SAID},
    {"success": False, "message": SAID},
    {"error_code": 336003, "error_msg": SAID},
    {"errcode": 40001, "errmsg": SAID},
    {"id": "0", "choices": None, "base_resp": {"status_code": 2013, "status_msg": SAID}},
    {"choices": [], "base_resp": {"status_code": 2013, "status_msg": SAID}},
    {"Response": {"Error": {"Code": "InvalidParameter", "Message": SAID}, "RequestId": "r"}},
    {"fault": {"faultstring": SAID}},
    {"title": "Bad Request", "detail": SAID, "status": 400},
    {"statusCode": 400, "error": "Bad Request", "message": SAID},
    {"choices": [{"index": 0, "finish_reason": "error", "error": {"code": 404, "message": SAID}}]},
    {"choices": [{"message": {"content": "half an"}, "finish_reason": "error", "error": {"message": SAID}}]},
    {"error": {"message": "Provider returned error", "code": 404, "metadata": {"raw": json.dumps({"error": SAID})}}},
    [{"error": {"code": 404, "message": SAID, "status": "NOT_FOUND"}}],
    {"message": SAID},
    SAID,
]


@pytest.mark.parametrize("body", WRAPPED, ids=lambda body: json.dumps(body)[:60])
@pytest.mark.parametrize("status", [200, 400, 418])
def test_the_words_are_kept_however_they_are_wrapped(body: Any, status: int) -> None:
    refusal = refusal_in(HttpReply(status, {}, body))
    assert refusal is not None
    assert SAID in refusal.error.message


@pytest.mark.parametrize("body", WRAPPED[:-1], ids=lambda body: json.dumps(body)[:60])
def test_an_error_in_a_200_refuses_at_once_in_the_servers_words(body: Any) -> None:
    with FakeServer(error=lambda _call: (200, body)) as server:
        error = Client(server).refused()
    assert SAID in str(error) and "HTTP 200" in str(error)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "message": "Success", "sid": "s"},
        {"code": 200, "msg": "success"},
        {"base_resp": {"status_code": 0, "status_msg": "success"}},
        {"error": None},
        {"error": {}},
        {"errors": []},
        {"status": "completed"},
        {"choices": []},
        None,
        [],
        7,
    ],
)
def test_what_tells_of_no_error_is_none(body: Any) -> None:
    assert error_told_in(body) is None


# --- empty accounts ---

NO_CREDIT: list[tuple[int, Any]] = [
    (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}),  # Zhipu
    (429, {"error": {"code": "1113", "message": "Insufficient balance or no resource package. Please recharge."}}),
    (
        429,
        {
            "error": {
                "type": "exceeded_current_quota_error",
                "message": "Your account org-1 is suspended, please check your plan and billing details",
            }
        },
    ),  # Moonshot
    (403, {"error": {"code": "AccountOverdueError", "type": "Forbidden", "message": "The request failed."}}),  # Ark
    (403, {"code": 30011, "message": "Your paid balance is insufficient. Please top up and try again."}),  # SiliconFlow
    (403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}),
    (400, {"error": {"code": "Arrearage", "message": "Access denied."}}),  # DashScope
    (403, {"code": "AllocationQuota.FreeTierOnly", "message": "The free tier of the model has been exhausted."}),
    (401, {"message": "Insufficient balance. Manage your billing", "type": "CreditsError", "code": None}),  # a gateway
    (
        403,
        {
            "error": {
                "message": "用户额度不足, 剩余额度: ＄0",
                "type": "new_api_error",
                "code": "insufficient_user_quota",
            }
        },
    ),
    (500, {"error": {"message": "该令牌额度已用尽", "type": "one_api_error"}}),
    (402, {"error": {"message": "Insufficient Balance"}}),  # DeepSeek
    (400, {"error": {"message": "Your credit balance is too low to access the API."}}),  # Anthropic
    (403, {"code": "The caller does not have permission", "error": "Your team doesn't have any credits yet."}),  # xAI
    (412, {"error": {"message": "Account is suspended, possibly due to reaching the monthly spending limit"}}),
    (403, {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "not enough balance"}),  # Novita
    (429, {"detail": "Quota exceeded and account balance is $0.0, please pay"}),
    (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}),  # MiniMax
    (200, {"error": "Insufficient credits. Add more using https://x.example/credits"}),
    (200, {"code": 30001, "msg": "账户余额不足", "data": None}),
]


@pytest.mark.parametrize(("status", "body"), NO_CREDIT)
def test_an_empty_account_ends_everything_at_once_whatever_the_status_and_the_words(status: int, body: Any) -> None:
    with FakeServer(error=lambda _call: (status, body)) as server:
        error = Client(server).refused()
    assert "has no credit left" in str(error) and "top the account up" in str(error)
    assert error.every_call is True
    assert len(server.calls) == 1


RATE: list[tuple[int, Any]] = [
    (429, {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 requests"}}),
    (429, {"error": {"message": "Rate limit reached for m on tokens per min (TPM): Limit 30000. Upgrade your plan"}}),
    (429, {"error": {"code": "1302", "message": "您当前使用该API的并发数过高,请降低并发"}}),
    (
        429,
        [{"error": {"code": 429, "message": "Quota exceeded for metric requests per minute", "status": "EXHAUSTED"}}],
    ),
    (429, {"error": {"message": "Your account reached max request per minute: 3, please try again after 1 seconds"}}),
    (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}, "choices": None}),
    (200, {"error": {"message": "The engine is currently overloaded, please try again later"}}),
    (200, {"code": 50505, "msg": "Model service overloaded. Please try again later."}),
]


@pytest.mark.parametrize(("status", "body"), RATE)
def test_a_limit_on_the_rate_is_no_empty_account(status: int, body: Any) -> None:
    with FakeServer(error=lambda call: (status, body) if call.index == 0 else None) as server:
        client = Client(server)
        client.complete()
    assert len(server.calls) == 2 and len(client.waits) == 1


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ({"code": 20012, "msg": "Model does not exist. Please check it carefully."}, "has no model fake"),
        ({"error": {"message": "Invalid API key"}}, "wants a key"),
        ({"status": 401, "message": "Unauthorized"}, "wants a key"),
        ({"base_resp": {"status_code": 2013, "status_msg": "invalid params"}}, "refuses this request"),
        ({"detail": "Not Found"}, "the address is wrong"),
    ],
)
def test_an_error_in_a_200_gets_the_advice_of_the_status_that_it_lacks(body: Any, advice: str) -> None:
    with FakeServer(error=lambda _call: (200, body)) as server:
        assert advice in str(Client(server).refused())


def test_an_error_of_a_dialogue_that_speaks_of_money_is_about_that_dialogue() -> None:
    quoted = "Invalid content: 'I want to pay, but my bank says that my balance is insufficient'"
    error = refusal_in(HttpReply(400, {}, {"error": {"message": quoted}}))
    assert error is not None
    meaning = meaning_of(error.error, model="m", address="http://x/v1", key_env=None)
    assert isinstance(meaning, ModelRefused) and meaning.every_call is False
    fastapi = {"detail": [{"loc": ["body", "n"], "msg": "extra fields", "input": {"text": "insufficient balance"}}]}
    error = refusal_in(HttpReply(422, {}, fastapi))
    assert error is not None and error.error.message == "body.n: extra fields"


# --- shapes that nobody knows ---


@pytest.mark.parametrize("body", [{"what": "ever"}, [1, 2], 7, {"code": 5}, {"choices": 3}])
def test_a_shape_that_nobody_knows_is_no_outage(body: Any) -> None:
    with FakeServer(error=lambda _call: (200, body)) as server:
        error = Client(server).refused()
    assert error.every_call is False  # this request; several alike end the run
    assert json.dumps(body) in str(error)
    assert len(server.calls) == 1


def test_an_error_that_nobody_knows_may_pass_and_is_no_outage() -> None:
    with FakeServer(error=lambda _call: (200, {"error": {"message": "jagged flux"}})) as server:
        error = Client(server).refused()
    assert error.every_call is False and "jagged flux" in str(error)
    assert len(server.calls) == 4


@pytest.mark.parametrize("body", [{"choices": []}, {"choices": None}])
def test_no_choices_may_pass(body: Any) -> None:
    with FakeServer(error=lambda _call: (200, body)) as server, pytest.raises(ModelUnavailable, match="no choices"):
        Client(server).complete()


# --- nothing raw ---


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_nothing_raw_of_a_server_stands_in_an_error(status: int) -> None:
    said = "a\x1b[31mb\r\nc\x00d\u202ee\ud800f sk-live-0123456789abcdefghij Bearer abcdefgh12345678 " + "x" * 5000
    error = refusal_in(HttpReply(status, {}, {"error": {"message": said, "code": "\x07"}}))
    assert error is not None
    meaning = str(meaning_of(error.error, model="m", address="http://x/v1", key_env=None))
    assert meaning.isprintable() and len(meaning) < 600
    assert "sk-live" not in meaning and "abcdefgh1234" not in meaning and "•••" in meaning


def test_a_page_says_what_it_says_without_its_tags() -> None:
    head = "<head><style>p {color: red}</style><title>502 Bad Gateway</title></head>"
    page = f"<!DOCTYPE html><html>{head}<p>nginx</p></html>"
    error = refusal_in(HttpReply(502, {}, page))
    assert error is not None
    meaning = meaning_of(error.error, model="m", address="http://x/v1", key_env=None)
    assert isinstance(meaning, Passing) and str(meaning) == "HTTP 502: 502 Bad Gateway nginx"


def meant(status: int, code: str | None, words: str) -> ModelRefused | Passing:
    error: dict[str, str] = {"message": words} | ({"code": code} if code else {})
    refusal = refusal_in(HttpReply(status, {}, {"error": error}))
    assert refusal is not None
    return meaning_of(refusal.error, model="m", address="http://x", key_env="KEY")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, None, "Your team has either used all available credits or reached its monthly spending limit."),
        (403, None, "Your newly created team doesn't have any credits yet."),
        (400, "budget_exceeded", "Budget has been exceeded! Current cost: 10, Max budget: 5"),
        (403, None, "Key limit exceeded (total limit). Manage it using the console"),
        (
            429,
            None,
            "litellm.RateLimitError: OpenAIException - You exceeded your quota, please check your plan and billing",
        ),
        (412, None, "Account is suspended, possibly due to reaching the monthly spending limit or failure to pay"),
        (429, None, "Free allocated quota exceeded."),
        (429, "SetLimitExceeded", "Your account has reached the set inference limit"),
    ],
)
def test_more_words_for_an_empty_account(status: int, code: str | None, words: str) -> None:
    refusal = meant(status, code, words)
    assert isinstance(refusal, ModelRefused) and refusal.every_call and "has no credit left" in str(refusal)


@pytest.mark.parametrize(
    "words",
    [
        "Request reached max concurrency: 3. Recharge your account for more, please try again after 1 seconds",
        "System is too busy now. Please try again later. 充值可提升限额",
    ],
)
def test_a_hint_at_a_larger_account_is_no_empty_one(words: str) -> None:
    assert isinstance(meant(429, None, words), Passing)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Encountered invalid token <|endoftext|> in the prompt text"),
        (400, "Invalid key 'title' in json_schema"),
        (400, "Invalid message content: 'how do I top up my phone?'"),
        (500, "the input is longer than the context size"),
    ],
)
def test_harmless_words_refuse_one_question_only(status: int, words: str) -> None:
    refusal = meant(status, None, words)
    assert isinstance(refusal, ModelRefused) and not refusal.every_call
