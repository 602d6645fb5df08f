"""What is made of an answer's body: thoughts apart from the answer, who answered, what ended it."""

from typing import Any

import pytest

from proutt_core.errors import ModelRefused
from proutt_core.llm import Completion, ask
from proutt_core.llm.logged import problem_of
from proutt_core.llm.openai.replies import Passing, ServerError, lacks_parameters, meaning_of, read_answer
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


def test_thoughts_are_never_the_answer() -> None:
    answer = read(None, reasoning_content=VALID)
    assert (answer.text, answer.reasoning) == ("", VALID)
    assert problem_of(answer, ANSWER) == "the reply is empty"


@pytest.mark.parametrize("odd", [None, "", " ", 3, {"text": "t"}])
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
