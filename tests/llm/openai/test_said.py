"""Where servers put what the model said: fields, parts, forms of other makers. And what they take for thoughts."""

import json
from typing import Any

import pytest

from proutt_core.llm import ask, parse_reply
from proutt_core.llm.logged import problem_of
from proutt_core.llm.openai.replies import read_answer
from proutt_core.llm.openai.retry import Passing, UnusableReply
from proutt_core.types.calls import Completion
from tests.fake_server import FakeServer
from tests.llm.openai.client import Client
from tests.llm.replies import ANSWER, prompt

VALID = '{"colour": "red", "why": "it is", "score": 0.5}'
HALF = len(VALID) // 2
THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "Red, I think."}]}


def read(body: object, *, typed: bool = True) -> Completion:
    return read_answer(body, model="m", address="http://x/v1", latency_s=0.1, typed=typed)


def completion(message: Any, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop"} | choice]}


MESSAGES: list[Any] = [
    {"content": [{"type": "text", "text": VALID[:HALF]}, {"type": "text", "text": VALID[HALF:]}]},
    {"content": [THINKING, {"type": "text", "text": VALID}]},
    {"content": [{"type": "reasoning", "text": "Red, I think."}, {"type": "output_text", "text": VALID}]},
    {"content": [{"text": VALID}]},
    {"content": [VALID]},
    {"content": {"type": "text", "text": VALID}},
    {"content": {"parts": [{"text": VALID}]}},
    {"content": [{"type": "text", "text": {"value": VALID, "annotations": []}}]},
    {"content": json.loads(VALID)},
    {"content": None, "reasoning_content": VALID},
    {"content": "", "reasoning": VALID},
    {"content": "", "thinking": VALID},
    {"content": None, "reasoning_content": f"Red, I think.</think>\n{VALID}"},
    {"content": None, "reasoning_content": f"```json\n{VALID}\n```"},
    {"content": None, "reasoning_details": [{"type": "reasoning.text", "text": VALID}]},
    {"content": None, "tool_calls": [{"type": "function", "function": {"name": "json", "arguments": VALID}}]},
    {"content": None, "function_call": {"name": "json", "arguments": VALID}},
    {"content": f"[THINK]Red, I think.[/THINK]{VALID}"},
    VALID,
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: json.dumps(message)[:60])
def test_the_answer_is_found_wherever_it_stands_in_a_message(message: Any) -> None:
    answer = read(completion(message))
    assert parse_reply(answer.text, ANSWER).colour == "red"
    assert answer.reasoning in (None, "Red, I think.")
    assert (answer.reasoning is not None) == ("I think" in json.dumps(message))


BODIES: list[Any] = [
    {"choices": [{"text": VALID, "finish_reason": "stop"}]},
    {"choices": [{"delta": {"content": VALID}, "finish_reason": "stop"}]},
    {"choices": {"0": {"message": {"content": VALID}}}},
    {"choices": [{"message": {"content": None}}, {"message": {"content": VALID}}]},
    {"choices": [{"messages": [{"role": "assistant", "content": VALID}]}]},
    {"code": 200, "msg": "success", "data": completion({"content": VALID})},
    {"code": 0, "message": "Success", "sid": "s"} | completion({"content": VALID}),
    {"output": completion({"content": VALID}), "usage": {"input_tokens": 3, "output_tokens": 4}, "request_id": "r"},
    {"output": {"text": VALID, "finish_reason": "stop"}, "usage": {"input_tokens": 3, "output_tokens": 4}},
    {"model": "m", "message": {"role": "assistant", "content": VALID}, "done": True, "prompt_eval_count": 3},
    {"type": "message", "content": [{"type": "text", "text": VALID}], "stop_reason": "end_turn"},
    {"output": [{"type": "message", "content": [{"type": "output_text", "text": VALID}]}]},
    {"candidates": [{"content": {"parts": [{"text": VALID}], "role": "model"}, "finishReason": "STOP"}]},
    [{"generated_text": VALID}],
    [completion({"content": VALID})],
    {"error": None} | completion({"content": VALID}),
    {"error": ""} | completion({"content": VALID}),
    {"error": {"code": 0, "message": ""}} | completion({"content": VALID}),
    {"base_resp": {"status_code": 0, "status_msg": ""}} | completion({"content": VALID}),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:60])
def test_an_answer_in_any_form_is_one(body: Any) -> None:
    with FakeServer(error=lambda _call: (200, body)) as server:
        assert Client(server).ask().colour == "red"
    assert len(server.calls) == 1


@pytest.mark.parametrize("usage", [None, [], "x", {"prompt_tokens": None}, {"prompt_tokens": -3, "total_tokens": "?"}])
@pytest.mark.parametrize("finish", [None, 5, {}, "", "\x1b", "x" * 500, "eos_token"])
def test_odd_fields_beside_the_answer_cost_no_answer(usage: Any, finish: Any) -> None:
    answer = read(completion({"content": VALID}, finish_reason=finish) | {"usage": usage})
    assert (answer.text, answer.finish_reason) == (VALID, "stop")
    assert answer.usage.prompt_tokens is None


@pytest.mark.parametrize(
    ("finish", "ending"),
    [("max_tokens", "length"), ("MAX_TOKENS", "length"), ("end_turn", "stop"), ("SAFETY", "content_filter")],
)
def test_how_an_answer_ended_is_read_in_any_words(finish: str, ending: str) -> None:
    assert read(completion({"content": "x"}, finish_reason=finish)).finish_reason == ending


@pytest.mark.parametrize("finish", ["error", "abort", "insufficient_system_resource"])
def test_an_answer_that_broke_off_passes(finish: str) -> None:
    with pytest.raises(Passing, match="broke off"):
        read(completion({"content": "half an"}, finish_reason=finish))


@pytest.mark.parametrize(
    ("message", "finish", "words"),
    [
        ({"content": None, "reasoning_content": "Red, or?"}, "stop", "all that came stands in the server's reasoning"),
        ({"content": "", "reasoning": "Red, or"}, "length", "all its tokens went into thinking"),
        ({"content": None}, "content_filter", "a content filter withheld it"),
        ({"content": None}, "stop", "the reply is empty"),
    ],
)
def test_an_answer_that_is_none_says_where_it_went(message: Any, finish: str, words: str) -> None:
    body = completion(message, finish_reason=finish)
    assert words in str(problem_of(read(body), ANSWER))
    with FakeServer(error=lambda _call: (200, body)) as server:
        assert words in str(Client(server).ask_in_vain())


def test_free_text_that_was_taken_for_thoughts_as_a_whole_is_the_answer() -> None:
    answer = read(completion({"content": None, "reasoning_content": "<think>a</think>b"}), typed=False)
    assert (answer.text, answer.reasoning) == ("<think>a</think>b", None)
    cut = read(completion({"content": None, "reasoning_content": "a"}, finish_reason="length"), typed=False)
    assert (cut.text, cut.reasoning) == ("", "a")


def test_a_reply_that_the_server_threw_away_says_so() -> None:
    body = {"error": {"message": "Failed to validate JSON", "code": "json_validate_failed"}}
    with FakeServer(error=lambda _call: (400, body)) as server:
        assert "the server threw it away because it missed the required form" in str(Client(server).ask_in_vain())


# --- a server that means ill ---


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "a\x1b[31m", "x" * 201, "a\nb"])
@pytest.mark.parametrize("field", ["model", "provider"])
def test_what_cannot_be_a_name_is_not_stored(name: str, field: str) -> None:
    with pytest.raises(UnusableReply, match="cannot be a name"):
        read(completion({"content": VALID}) | {field: name})


@pytest.mark.parametrize("odd", [None, 7, [], {"a": 1}])
def test_a_name_that_is_no_text_is_none(odd: Any) -> None:
    answer = read(completion({"content": VALID}) | {"model": odd, "provider": odd})
    assert (answer.model, answer.provider) == ("m", "")


def test_a_text_beyond_all_measure_is_not_stored() -> None:
    with pytest.raises(UnusableReply, match="more than 1,000,000 characters"):
        read(completion({"content": "x" * 1_000_001}))


def test_parts_within_parts_end_somewhere() -> None:
    content: Any = [VALID]
    for _ in range(500):
        content = [content]
    assert read(completion({"content": content})).text == ""


def test_a_key_that_a_server_writes_into_its_answer_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_KEY", "sk-secret-4f1c9a77e2")
    message = {"content": VALID.replace("it is", "sk-secret-4f1c9a77e2"), "reasoning": "sk-secret-4f1c9a77e2"}
    with FakeServer(error=lambda _call: (200, completion(message))) as server:
        client = Client(server, key_env="FAKE_KEY")
        assert client.run(lambda model: ask(model, prompt(), ANSWER)).why == "•••"
        assert client.complete().reasoning == "•••"
