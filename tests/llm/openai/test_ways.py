"""In which ways a question is put to a server, over real HTTP: schemas, bounds on new tokens, thoughts."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from proutt_core.errors import ModelRefused
from proutt_core.llm import ReplyType
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.ways import FREE_TEXT_TOKENS, THINKING_TOKENS, ServerTakes
from proutt_core.types import Value
from tests.fake_server import Call, FakeServer, Fault
from tests.llm.openai.client import Client
from tests.llm.replies import ANSWER, prompt

TEMPLATE = {"chat_template_kwargs": {"enable_thinking": False}}
Error = Callable[[Call], tuple[int, dict[str, Any]] | None]


class Other(Value):
    shade: str


def refusing(status: int, message: str, *, when: Callable[[Call], bool], **more: Any) -> Error:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | more}
    return lambda call: (status, body) if when(call) else None


def ask_in_turn(server: FakeServer, times: int, schema: ReplyType[BaseModel] | None = ANSWER, **settings: Any) -> None:
    async def in_turn(model: OpenAICompatible) -> None:
        for number in range(times):
            await model.complete(prompt(f"question {number}"), schema=schema)

    Client(server, **settings).run(in_turn)


# --- schemas ---


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "The content of this request is blocked: it speaks of a database schema"),
        (400, "Invalid message 1: 'explain the schema of my json_schema validator'"),
        (422, "messages.1.content: structured data and grammar books are not this model's subject"),
        (400, "Bad request: schema"),
    ],
)
def test_an_error_that_merely_quotes_a_word_takes_the_schema_from_no_later_call(status: int, message: str) -> None:
    with FakeServer(error=refusing(status, message, when=lambda call: call.index == 1)) as server:
        ask_in_turn(server, 6)
    formats = [call.format for call in server.calls]
    assert formats.count("json_object") <= 1 and len(formats) == 7  # at most this one call was asked otherwise
    assert formats[3:] == ["json_schema"] * 4 and "maxLength" in json.dumps(server.calls[-1].body)


def test_a_text_that_is_refused_on_each_step_teaches_nothing() -> None:
    error = refusing(
        400, "the schema of this text is not supported", when=lambda call: "1" in str(call.body["messages"])
    )
    with FakeServer(error=error) as server:

        async def three(model: OpenAICompatible) -> None:
            await model.complete(prompt("question 0"), schema=ANSWER)
            with pytest.raises(ModelRefused, match="the schema of this text"):
                await model.complete(prompt("question 1"), schema=ANSWER)
            await model.complete(prompt("question 2"), schema=ANSWER)

        Client(server).run(three)
    assert server.calls[-1].format == "json_schema"


MISSED = [
    (400, "Generated JSON does not match the expected schema. Please adjust your prompt.", "json_validate_failed"),
    (400, "Failed to validate JSON. See 'failed_generation' for more details.", None),
    (400, "Failed to generate JSON. Please adjust your prompt.", "json_validate_failed"),
    (400, "The model's response did not conform to the requested schema", None),
    (422, "Model output is not valid JSON for response_format json_schema", None),
    (500, "Failed to parse the model output: invalid JSON", None),
    (500, "Failed to parse input at pos 12: {", 500),
    (500, "The model produced output that does not match the expected peg-native format", 500),
    (500, "Output does not match the expected peg-native format: failed to parse grammar at 12", 500),
]


@pytest.mark.parametrize(("status", "message", "code"), MISSED)
def test_one_answer_that_missed_is_a_bad_reply_and_asked_again_with_the_schema(
    status: int, message: str, code: Any
) -> None:
    error = refusing(status, message, when=lambda call: call.index == 0, code=code, failed_generation='{"colour"')
    with FakeServer(error=error) as server:
        client = Client(server)
        client.ask()
    assert [call.format for call in server.calls] == ["json_schema"] * 2
    assert (
        server.calls[1].body["messages"][2]["content"] == '{"colour"'
    )  # what it wrote, and then what is wrong with it
    assert client.waits == []  # no outage


@pytest.mark.parametrize(("status", "message", "code"), MISSED)
def test_answers_that_miss_again_and_again_fail_their_item_only(status: int, message: str, code: Any) -> None:
    with FakeServer(error=refusing(status, message, when=lambda call: True, code=code)) as server:
        assert "the reply is empty" in str(Client(server).ask_in_vain())
    assert [call.format for call in server.calls] == ["json_schema"] * 2


def test_a_schema_that_a_server_refuses_costs_the_others_nothing() -> None:
    def cannot(call: Call) -> bool:
        return (call.body.get("response_format") or {}).get("json_schema", {}).get("name") == "Answer"

    async def both(model: OpenAICompatible) -> None:
        for number in range(3):
            await model.complete(prompt(f"question {number}"), schema=ANSWER)
            await model.complete(prompt(f"question {number}"), schema=ReplyType(Other))

    with FakeServer(error=refusing(400, "failed to build: the json_schema is invalid", when=cannot)) as server:
        Client(server).run(both)
    assert [call.format for call in server.calls] == [
        *("json_schema", "json_object", "json_schema"),  # refused, asked lower; the other one
        *("json_schema", "json_object", "json_schema"),
        *("json_object", "json_schema"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        "Invalid schema for response_format 'Answer': In context=('properties', 'why'), 'maxLength' is not permitted.",
        "failed to parse grammar",
        "number of repetitions exceeds sane defaults: grammar is invalid",
    ],
)
def test_a_server_that_refuses_the_bounds_of_texts_still_gets_the_schema(message: str) -> None:
    error = refusing(400, message, when=lambda call: "maxLength" in json.dumps(call.body))
    with FakeServer(error=error) as server:
        ask_in_turn(server, 3)
    assert [call.format for call in server.calls] == ["json_schema"] * 5
    assert ["maxLength" in json.dumps(call.body) for call in server.calls] == [True, False, True, False, False]


def test_a_server_that_names_the_field_that_it_refuses_is_believed_at_once() -> None:
    error = refusing(400, "Bad value", when=lambda call: call.format == "json_schema", param="response_format.type")
    with FakeServer(error=error) as server:
        ask_in_turn(server, 3)
    assert [call.format for call in server.calls] == ["json_schema", *["json_object"] * 3]


@pytest.mark.parametrize(("dialect", "keyword"), [("lengths", "maxLength"), ("patterns", "pattern")])
def test_a_schema_is_sent_in_the_servers_dialect(fake_server: FakeServer, dialect: Any, keyword: str) -> None:
    ask_in_turn(fake_server, 1, takes=ServerTakes(dialect=dialect))
    why = fake_server.calls[0].body["response_format"]["json_schema"]["schema"]["properties"]["why"]
    assert keyword in why and len(why) == (3 if dialect == "lengths" else 2)


def test_a_lost_schema_is_told_once_in_one_line_and_in_each_reply(caplog: pytest.LogCaptureFixture) -> None:
    words = "response_format is not supported\n\x1b[31mhere\u202e"

    async def twice(model: OpenAICompatible) -> list[bool]:
        questions = [prompt(f"question {number}") for number in range(2)]
        return [(await model.complete(question, schema=ANSWER)).without_schema for question in questions]

    with FakeServer(refuse=["json_schema"], refuse_words=words) as server, caplog.at_level(logging.WARNING):
        assert Client(server).run(twice) == [True, True]
    (said,) = [record.getMessage() for record in caplog.records]
    assert "refuses the schema of Answer, which is asked for as json_object instead" in said
    assert said.isprintable()


def test_what_is_known_not_to_take_schemas_has_lost_none(fake_server: FakeServer) -> None:
    answer = Client(fake_server, ladder=("json_object", "text")).complete()
    assert (answer.without_schema, fake_server.calls[0].format) == (False, "json_object")


# --- the bound on new tokens ---


def bounds(server: FakeServer) -> list[dict[str, int]]:
    return [{name: value for name, value in call.body.items() if name.startswith("max_")} for call in server.calls]


def test_every_call_bounds_its_new_tokens(fake_server: FakeServer) -> None:
    ask_in_turn(fake_server, 1)
    ask_in_turn(fake_server, 1, schema=None)
    ask_in_turn(fake_server, 1, takes=ServerTakes(bound="max_completion_tokens"))
    most = ANSWER.most_tokens
    assert bounds(fake_server) == [
        {"max_tokens": most},
        {"max_tokens": FREE_TEXT_TOKENS},
        {"max_completion_tokens": most},
    ]


@pytest.mark.parametrize(
    "own", [{"max_tokens": 7}, {"max_completion_tokens": 7}, {"n_predict": 7}, {"max_tokens": None}]
)
def test_a_bound_that_somebody_gave_is_the_only_one(fake_server: FakeServer, own: dict[str, Any]) -> None:
    ask_in_turn(fake_server, 1, parameters=own)
    body = fake_server.calls[0].body
    sent = {name: body[name] for name in ("max_tokens", "max_completion_tokens", "n_predict") if name in body}
    assert sent == {name: value for name, value in own.items() if value is not None}


def test_a_server_that_wants_the_other_name_gets_it_from_then_on() -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    with FakeServer(error=refusing(400, words, when=lambda call: "max_tokens" in call.body)) as server:
        ask_in_turn(server, 2)
    assert [list(sent) for sent in bounds(server)] == [["max_tokens"], *[["max_completion_tokens"]] * 2]
    assert {call.format for call in server.calls} == {"json_schema"}


def test_a_server_that_knows_no_such_bound_is_sent_none_from_then_on() -> None:
    words = "Unknown field: max_tokens or max_completion_tokens"
    with FakeServer(
        error=refusing(422, words, when=lambda call: any(n.startswith("max") for n in call.body))
    ) as server:
        ask_in_turn(server, 2)
    assert [list(sent) for sent in bounds(server)] == [["max_tokens"], ["max_completion_tokens"], [], []]


@pytest.mark.parametrize(
    "words",
    [
        "'max_tokens' or 'max_completion_tokens' is too large: 256. This model's maximum context length is 512 tokens "
        "and your request has 300 input tokens (256 > 512 - 300).",
        "This model's maximum context length is 512 tokens. However, you requested 556 tokens (300 in the messages, "
        "256 in the completion). Please reduce the length of the messages or completion.",
        "Range of max_tokens should be [1, 128]",
        "`inputs` tokens + `max_new_tokens` must be <= 512",
    ],
)
def test_a_bound_beyond_the_servers_window_is_left_out_of_that_one_call(words: str) -> None:
    with FakeServer(error=refusing(400, words, when=lambda call: call.index == 0)) as server:
        ask_in_turn(server, 2)
    assert [list(sent) for sent in bounds(server)] == [["max_tokens"], [], ["max_tokens"]]


def test_a_cut_reply_says_so_and_what_allows_more() -> None:
    with FakeServer(faults=lambda call: Fault.LENGTH) as server:
        said = str(Client(server).ask_in_vain())
    assert "it was cut off at the token limit" in said and "--parameter max_tokens=… allows more" in said


# --- thoughts ---


@pytest.mark.parametrize("extra", [{"reasoning_content": "Let me see."}, {"reasoning": "Let me see."}])
def test_a_model_that_thought_gets_room_for_it(fake_server: FakeServer, extra: dict[str, Any]) -> None:
    fake_server.extra = extra
    ask_in_turn(fake_server, 2)
    assert [sent["max_tokens"] for sent in bounds(fake_server)] == [256, 256 + THINKING_TOKENS]


def test_a_reply_that_went_into_thinking_is_asked_again_with_room() -> None:
    with FakeServer(faults=[Fault.ONLY_THOUGHTS]) as server:
        Client(server).ask()
    assert [sent["max_tokens"] for sent in bounds(server)] == [256, 256 + THINKING_TOKENS]


def test_a_model_that_is_known_to_think_has_room_at_once_and_none_where_it_is_asked_not_to(
    fake_server: FakeServer,
) -> None:
    ask_in_turn(fake_server, 1, thinks=True)
    ask_in_turn(fake_server, 1, thinks=True, takes=ServerTakes(no_thoughts=TEMPLATE))
    ask_in_turn(fake_server, 1, schema=None, thinks=True, takes=ServerTakes(no_thoughts=TEMPLATE))
    assert [sent["max_tokens"] for sent in bounds(fake_server)] == [
        256 + THINKING_TOKENS,
        256,
        FREE_TEXT_TOKENS + THINKING_TOKENS,
    ]
    assert [call.body.get("chat_template_kwargs") for call in fake_server.calls] == [
        None,
        {"enable_thinking": False},
        None,
    ]


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ({"chat_template_kwargs": {"enable_thinking": True}}, {"chat_template_kwargs": {"enable_thinking": True}}),
        ({"enable_thinking": True}, {"enable_thinking": True}),
        ({"reasoning_effort": "high"}, {"reasoning_effort": "high"}),
        (
            {"chat_template_kwargs": {"date": "today"}},
            {"chat_template_kwargs": {"enable_thinking": False, "date": "today"}},
        ),
        ({"temperature": 0.5}, {"temperature": 0.5} | TEMPLATE),
    ],
)
def test_what_somebody_says_of_thinking_is_all_that_is_said(
    fake_server: FakeServer, own: dict[str, Any], sent: dict[str, Any]
) -> None:
    ask_in_turn(fake_server, 1, parameters=own, thinks=True, takes=ServerTakes(no_thoughts=TEMPLATE))
    body = fake_server.calls[0].body
    ours = {"model", "messages", "response_format", "max_tokens", "stream"}
    assert {name: value for name, value in body.items() if name not in ours} == sent
    assert body["max_tokens"] == 256 + (
        0 if sent.get("chat_template_kwargs", {}).get("enable_thinking") is False else 8192
    )


def test_a_server_that_does_not_know_our_switch_is_left_to_itself() -> None:
    words = "Unrecognized request argument supplied: chat_template_kwargs"
    with FakeServer(error=refusing(400, words, when=lambda call: "chat_template_kwargs" in call.body)) as server:
        ask_in_turn(server, 2, takes=ServerTakes(no_thoughts=TEMPLATE))
    assert ["chat_template_kwargs" in call.body for call in server.calls] == [True, False, False]
    assert {call.format for call in server.calls} == {"json_schema"}


@pytest.mark.parametrize(
    "words",
    [
        "parameter.enable_thinking must be set to false for non-streaming calls",
        "The value of the enable_thinking parameter is restricted to: should be False",
        "Json mode response is not supported when enable_thinking is true",
    ],
)
@pytest.mark.parametrize("schema", [ANSWER, None])
def test_a_server_that_wants_thinking_switched_off_is_obeyed(words: str, schema: ReplyType[BaseModel] | None) -> None:
    error = refusing(400, words, when=lambda call: call.body.get("enable_thinking") is not False)
    with FakeServer(error=error) as server:
        ask_in_turn(server, 2, schema=schema)
    assert [call.body.get("enable_thinking") for call in server.calls] == [None, False, False]


def test_a_server_is_not_obeyed_against_what_somebody_said() -> None:
    error = refusing(400, "enable_thinking must be set to false", when=lambda call: True)
    with FakeServer(error=error) as server, pytest.raises(ModelRefused, match="enable_thinking must be"):
        ask_in_turn(server, 1, parameters={"enable_thinking": True})
    assert len(server.calls) == 1
