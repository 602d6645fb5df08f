"""What is made of an answer's body: thoughts apart from the answer, who answered, what ended it."""

import json
from typing import Any

import pytest

from proutt_core.errors import ModelRefused
from proutt_core.llm import Completion, ask, parse_reply
from proutt_core.llm.logged import problem_of
from proutt_core.llm.openai.bodies import value_of
from proutt_core.llm.openai.meanings import ServerError, lacks_parameters, meaning_of
from proutt_core.llm.openai.refusals import refusal_in
from proutt_core.llm.openai.replies import read_answer
from proutt_core.llm.openai.retry import Passing
from proutt_core.llm.openai.transport import HttpReply
from proutt_core.llm.providers.openrouter import routing
from tests.fake_server import FakeServer, Fault
from tests.llm.openai.client import Client
from tests.llm.replies import ANSWER, prompt

VALID = '{"colour": "red", "why": "it is", "score": 0.5}'


def read(content: str | None, *, typed: bool = True, finish: str | None = "stop", **message: Any) -> Completion:
    choice = {"message": {"role": "assistant", "content": content} | message, "finish_reason": finish}
    answer = {"choices": [choice], "model": "m-1"}
    return read_answer(answer, model="m", address="http://x/v1", latency_s=0.1, typed=typed)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_that_come_apart_are_kept_apart(field: str) -> None:
    answer = read(VALID, **{field: "Red, I think."})
    assert (answer.text, answer.reasoning) == (VALID, "Red, I think.")


@pytest.mark.parametrize(
    "content",
    [f"<think>Red, I think.</think>\n\n{VALID}", f"Red, I think.\n</think>{VALID}"],
)
def test_thoughts_inside_the_text_are_taken_out_of_a_typed_reply(content: str) -> None:
    answer = read(content)
    assert (answer.text, answer.reasoning) == (VALID, "Red, I think.")


def test_free_text_stays_as_it_came() -> None:
    tuned = "<think>tree</think><predict>next</predict>"
    answer = read(tuned, typed=False, reasoning_content="and apart")
    assert (answer.text, answer.reasoning) == (tuned, "and apart")


def test_unclosed_thoughts_are_no_answer() -> None:
    answer = read("<think>Red, or is it", finish="length")
    assert (answer.text, answer.reasoning) == ("", "Red, or is it")
    assert problem_of(answer, ANSWER) == (
        "all its tokens went into thinking before an answer began, think less or allow more tokens; the reply is empty"
    )


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_an_answer_that_was_taken_for_thoughts_is_the_answer(field: str) -> None:
    answer = read(None, **{field: VALID})
    assert (answer.text, answer.reasoning) == (VALID, None)
    assert read("", **{field: f"```json\n{VALID}\n```"}).text == f"```json\n{VALID}\n```"


def test_thoughts_without_an_answer_are_no_answer() -> None:
    answer = read(None, reasoning_content="Let me think about red.")
    assert (answer.text, answer.reasoning) == ("", "Let me think about red.")
    assert str(problem_of(answer, ANSWER)).endswith("reasoning field; the reply is empty")


@pytest.mark.parametrize("odd", [None, "", " ", 3, [], [3]])
def test_what_is_no_text_is_no_reasoning(odd: object) -> None:
    assert read(VALID, reasoning=odd).reasoning is None


def test_a_lone_surrogate_in_the_thoughts_can_be_stored() -> None:
    assert read(VALID, reasoning="half \ud83d").reasoning == "half �"


def test_what_zhipu_withholds_is_filtered_and_what_breaks_off_is_tried_again() -> None:
    assert read("", finish="sensitive").finish_reason == "content_filter"
    with pytest.raises(Passing, match="broke off"):
        read("half an ans", finish="network_error")


def test_thinking_all_its_tokens_away_is_told_to_the_model_and_then_to_the_person() -> None:
    with FakeServer(faults=[Fault.ONLY_THOUGHTS]) as server:
        Client(server).run(lambda model: ask(model, prompt(), ANSWER))
    assert "all its tokens went into thinking" in server.calls[1].body["messages"][-1]["content"]
    with FakeServer(faults=[Fault.ONLY_THOUGHTS] * 2) as server:
        error = Client(server).ask_in_vain()
    assert "refused twice: all its tokens went into thinking" in str(error)


def test_the_provider_that_really_answered_is_kept() -> None:
    with FakeServer(provider="DeepInfra") as server:
        answer = Client(server).complete()
    assert (answer.model, answer.provider) == ("fake-2026-01-01", "DeepInfra")
    with FakeServer() as server:
        assert Client(server).complete().provider == ""


@pytest.mark.parametrize("odd", [None, 7, {"name": "x"}])
def test_an_odd_provider_field_costs_no_answer(odd: object) -> None:
    answer = {"choices": [{"message": {"content": VALID}}], "provider": odd}
    assert read_answer(answer, model="m", address="http://x/v1", latency_s=0.1, typed=True).provider == ""


def test_the_pin_travels_with_every_call(fake_server: FakeServer) -> None:
    Client(fake_server, parameters=routing("deepinfra/fp4")).complete()
    assert fake_server.calls[0].body["provider"]["order"] == ["deepinfra/fp4"]
    assert fake_server.calls[0].body["provider"]["zdr"] is True


def test_no_provider_behind_openrouter_says_what_to_do() -> None:
    with FakeServer(faults=[Fault.NO_UPSTREAM]) as server:
        error = Client(server).refused()
    assert "finds no provider that serves fake as asked" in str(error) and "--upstream" in str(error)
    assert error.every_call is True
    assert len(server.calls) == 1


def test_a_provider_that_takes_no_schema_is_asked_on_the_next_step() -> None:
    message = "No endpoints found that can handle the requested parameters. To learn more, visit: https://x"
    assert lacks_parameters(404, message)
    assert not lacks_parameters(404, "No endpoints found matching your data policy")
    error = meaning_of(ServerError(404, None, message), model="m", address="http://x/v1", key_env=None)
    assert isinstance(error, ModelRefused) and "finds no provider" in str(error)
    with FakeServer(refuse=["json_schema"], refuse_status=404, refuse_words=message) as server:
        assert Client(server).complete().text
    assert [call.format for call in server.calls] == ["json_schema", "json_object"]


def test_cached_tokens_are_read_by_call() -> None:
    with FakeServer(cached_tokens=lambda call: 4 * call.seen) as server:
        client = Client(server)
        assert [client.complete().usage.cached_tokens for _ in range(3)] == [0, 4, 8]


PARTS = [VALID[:9], VALID[9:]]
CONTENTS: dict[str, tuple[Any, str]] = {
    "one text": ([{"type": "text", "text": VALID}], ""),
    "two texts": ([{"type": "text", "text": part} for part in PARTS], ""),
    "output texts": ([{"type": "output_text", "text": VALID}], ""),
    "plain strings": (PARTS, ""),
    "one part": ({"type": "text", "text": VALID}, ""),
    "thoughts first": ([{"type": "thinking", "thinking": "Red."}, {"type": "text", "text": VALID}], "Red."),
    "thoughts in parts": (
        [{"type": "thinking", "thinking": [{"type": "text", "text": "Red."}]}, {"type": "text", "text": VALID}],
        "Red.",
    ),
    "google's thoughts": ([{"text": "Red.", "thought": True}, {"text": VALID}], "Red."),
    "no text among them": ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": VALID}], ""),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_content_in_parts_is_joined_and_its_thoughts_are_kept_apart(name: str) -> None:
    content, thoughts = CONTENTS[name]
    answer = read(content)
    assert (answer.text, answer.reasoning or "") == (VALID, thoughts)


@pytest.mark.parametrize(
    "text",
    [
        f"{opening}Red.{closing}\n{VALID}"
        for opening, closing in (
            *(("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<Thinking>", "</Thinking>")),
            *(("<thought>", "</thought>"), ("<reasoning>", "</reasoning>"), ("[THINK]", "[/THINK]")),
            *(("◁think▷", "◁/think▷"), ("<seed:think>", "</seed:think>")),
            *(("<|START_THINKING|>", "<|END_THINKING|>"), ("<|begin_of_thought|>", "<|end_of_thought|>")),
            *(("", "</think>"), ("", "[/THINK]")),
        )
    ]
    + [f"<|channel|>analysis<|message|>Red.<|end|><|start|>assistant<|channel|>final<|message|>{VALID}<|return|>"],
)
def test_thoughts_behind_any_marks_are_taken_out_of_a_typed_reply(text: str) -> None:
    answer = read(text)
    assert answer.text == VALID and "Red." in (answer.reasoning or "")
    assert parse_reply(answer.text, ANSWER)


def body(**more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": VALID}, "finish_reason": "stop"}], "model": "m-1"} | more


def error_inside(answer: Any) -> ServerError | None:
    refusal = refusal_in(HttpReply(200, {}, answer))
    return None if refusal is None else refusal.error


def whole(answer: Any, *, typed: bool = True) -> Completion:
    if isinstance(answer, str):
        answer = value_of(answer.encode(), content_type="")
    return read_answer(answer, model="m", address="http://x/v1", latency_s=0.1, typed=typed)


STREAMS = {
    "events": "".join(
        f"data: {json.dumps({'model': 'm-1', 'choices': [{'delta': {'content': part}}]})}\n\n" for part in PARTS
    )
    + "data: [DONE]\n\n",
    "events with comments, a role and a usage": ": keep-alive\n\nevent: message\ndata: "
    + json.dumps({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
    + "\r\n\r\ndata:"
    + json.dumps({"choices": [{"delta": {"content": VALID}, "finish_reason": "stop"}]})
    + "\n\ndata: "
    + json.dumps({"model": "m-1", "choices": [], "usage": {"prompt_tokens": 1}}),
    "one event with the whole answer": f"data: {json.dumps(body())}\n\n",
    "lines, as Ollama's own form has them": "\n".join(
        json.dumps({"model": "m-1", "message": {"content": part}, "done": part is PARTS[1]}) for part in PARTS
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_nobody_asked_for_is_put_together(name: str) -> None:
    answer = whole(STREAMS[name])
    assert (answer.text, answer.model, answer.finish_reason) == (VALID, "m-1", "stop")


def test_a_call_asks_for_no_stream(fake_server: FakeServer) -> None:
    Client(fake_server).complete()
    assert fake_server.calls[0].body["stream"] is False


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7}, (5, None, 7)),
        ({"prompt_tokens": 5.0, "completion_tokens": "7"}, (5, None, 7)),
        ({"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 2}, (7, 2, 7)),
        ({"prompt_tokens": -1, "completion_tokens": -(10**12)}, (None, None, None)),
        ({"prompt_tokens": True, "completion_tokens": [7]}, (None, None, None)),
        (
            {
                **{"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 42},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            (5, None, 37),
        ),
        (
            {
                **{"prompt_tokens": 5, "completion_tokens": 37, "total_tokens": 42},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            (5, None, 37),
        ),
        ({"prompt_tokens": 5, "prompt_tokens_details": None, "completion_tokens_details": 3}, (5, None, None)),
        ([], (None, None, None)),
        ("many", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_usage_of_any_shape(usage: Any, counts: tuple[int | None, ...]) -> None:
    read_usage = whole(body(usage=usage)).usage
    assert (read_usage.prompt_tokens, read_usage.cached_tokens, read_usage.completion_tokens) == counts


def test_nul_in_a_text_is_replaced() -> None:
    assert read("a\x00b", typed=False).text == "a\ufffdb"


SAID = "Unexpected endpoint or method. (POST /chat/completions)"
ERRORS_IN_200: dict[str, Any] = {
    "a string": {"error": SAID},
    "an object": {"error": {"message": SAID, "code": "x"}},
    "a list": {"errors": [{"message": SAID}]},
    "code and msg": {"code": 20015, "msg": SAID, "data": None},
    "status and message": {"status": "434", "message": SAID},
    "base_resp": {"id": "0", "choices": None, "base_resp": {"status_code": 2013, "status_msg": SAID}},
    "detail": {"detail": SAID},
    "details": {"detail": [{"loc": ["body"], "msg": SAID, "type": "value_error"}]},
    "success": {"success": False, "message": SAID},
    "inside a choice": {"choices": [{"error": {"code": 502, "message": SAID}, "message": {"content": ""}}]},
    "a string inside a choice": {"choices": [{"error": SAID, "finish_reason": "error"}]},
    "with an empty choice": {"error": {"message": SAID}, "choices": []},
}


@pytest.mark.parametrize("name", ERRORS_IN_200)
def test_an_error_inside_a_200_keeps_the_servers_words(name: str) -> None:
    error = error_inside(ERRORS_IN_200[name])
    assert error is not None and SAID in error.message
    meant = meaning_of(error, model="m", address="http://x", key_env=None)
    assert SAID in str(meant)


@pytest.mark.parametrize(
    "extra",
    [{"error": None}, {"code": 0, "msg": ""}, {"code": 200, "msg": "success"}, {"status": "ok", "message": "x"}],
)
def test_an_answer_that_also_says_all_is_well_is_an_answer(extra: dict[str, Any]) -> None:
    assert error_inside(body(**extra)) is None
    assert whole(body(**extra)).text == VALID


EMPTY_ACCOUNTS = [
    (402, None, "Payment Required"),
    (429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
    (429, "1113", "余额不足或无可用资源包,请充值。"),
    (429, "exceeded_current_quota_error", "Your account is suspended due to insufficient balance, please recharge"),
    (403, "AccountOverdueError", "The request failed because your account has an overdue balance."),
    (403, "30011", "Your paid balance is insufficient. Please top up and try again."),
    (401, "CreditsError", "Insufficient balance. Manage your billing at the console"),
    (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted."),
    (403, "insufficient_user_quota", "用户额度不足, 剩余额度: 0"),
    (400, None, "Your credit balance is too low to access the API."),
    (200, "1113", "账户已欠费"),
]


@pytest.mark.parametrize(("status", "code", "words"), EMPTY_ACCOUNTS)
def test_an_empty_account_stops_every_call_with_the_right_advice(status: int, code: str | None, words: str) -> None:
    meant = meaning_of(ServerError(status, code, words), model="m", address="http://x", key_env="KEY")
    assert isinstance(meant, ModelRefused) and meant.every_call
    assert "has no credit left" in str(meant) and words in str(meant)


@pytest.mark.parametrize(
    "words",
    [
        "Rate limit reached for requests per minute (RPM): limit 3",
        "You exceeded your current quota. Please retry in 12.5s.",
        "您的账户已达到速率限制，请您控制请求频率",
        "The engine is currently overloaded, please try again later",
    ],
)
def test_a_limit_on_the_rate_is_no_empty_account(words: str) -> None:
    assert isinstance(meaning_of(ServerError(429, None, words), model="m", address="a", key_env="K"), Passing)


@pytest.mark.parametrize("shape", [[], {}, 3, {"object": "list", "data": []}, [{"choices": 1}], {"choices": 3}])
def test_a_body_of_another_shape_fails_its_item_and_is_no_outage(shape: Any) -> None:
    with pytest.raises(ModelRefused, match="what is no chat completion") as caught:
        whole(shape)
    assert not caught.value.every_call and str(caught.value).isprintable()


def test_what_a_server_says_is_one_line_with_nothing_raw() -> None:
    said = {"error": {"message": "bad \x1b[2J\x07 thing\r\nof many\u202e lines " + "x" * 9000}}
    error = error_inside(said)
    assert error is not None
    text = str(meaning_of(error, model="m", address="http://x", key_env=None))
    assert "\x1b" not in text and "\u202e" not in text and "\n" not in text and len(text) < 700
