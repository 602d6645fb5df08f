"""The client over real HTTP. Nothing here is timed: waits are recorded instead of slept."""

import asyncio
import json
import logging
import subprocess
import sys
import traceback
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proutt_core.errors import ModelRefused, ModelUnavailable, ReplyError, SettingsError
from proutt_core.llm import ask, parse_reply
from proutt_core.llm.openai.client import OpenAICompatible, described
from proutt_core.llm.openai.meanings import ServerError, meaning_of
from proutt_core.llm.openai.refusals import refusal_in
from proutt_core.llm.openai.retry import Backoff, retry_after_s
from proutt_core.llm.openai.transport import HttpReply
from proutt_core.llm.openai.ways import LADDER
from proutt_core.llm.thoughts import split_thoughts
from proutt_core.llm.wrapped import WrappedModel
from tests.fake_server import ELEVEN, Call, FakeServer, Fault, prompt_hash, some_faulty
from tests.llm.openai.client import Client
from tests.llm.replies import ANSWER, Answer, prompt

KEY = "sk-secret-4f1c9a77e2"
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def undisturbed() -> str:
    """What the fake server answers to `prompt()` when nothing goes wrong: the same from every server."""
    with FakeServer() as server:
        return Client(server).complete().text


def test_answers_with_text_usage_and_who_answered(fake_server: FakeServer) -> None:
    fake_server.cached_tokens = 3
    answer = Client(fake_server).complete()
    parse_reply(answer.text, ANSWER)
    # "You choose colours." and "Which colour?" are 32 characters: 32 // 4 + 1.
    assert (answer.usage.prompt_tokens, answer.usage.cached_tokens) == (9, 3)
    assert answer.usage.completion_tokens == len(answer.text) // 4 + 1
    assert answer.model == "fake-2026-01-01"
    assert answer.address == fake_server.base_url
    assert answer.latency_s > 0


def test_asks_for_a_strict_schema_and_sends_the_parameters(fake_server: FakeServer) -> None:
    Client(fake_server, parameters={"temperature": 0.5, "top_k": 20, "stop": None}).complete()
    body = fake_server.calls[0].body
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"]["additionalProperties"] is False
    assert (body["temperature"], body["top_k"]) == (0.5, 20)
    assert "stop" not in body
    assert [m["role"] for m in body["messages"]] == ["system", "user"]


def test_free_text_is_asked_for_without_a_format_and_left_as_it_is(fake_server: FakeServer) -> None:
    fake_server.content = lambda call: "<think>tree</think><predict>next</predict>"
    answer = Client(fake_server).run(lambda model: model.complete(prompt(), schema=None))
    assert answer.text == "<think>tree</think><predict>next</predict>"
    assert "response_format" not in fake_server.calls[0].body


def test_no_stream_is_asked_for(fake_server: FakeServer) -> None:
    Client(fake_server).complete()
    assert fake_server.calls[0].body["stream"] is False


@pytest.mark.parametrize(
    "words",
    [
        "This model only support stream mode, please enable the stream parameter to access the model.",
        "parameter stream must be set to true for this model",
        "Non-streaming calls are not supported",
    ],
)
def test_a_server_that_does_nothing_but_stream_is_asked_for_one_from_then_on(words: str) -> None:
    def refuse(call: Call) -> tuple[int, dict[str, Any]] | None:
        return None if call.body["stream"] else (400, {"error": {"message": words}})

    async def twice(model: OpenAICompatible) -> None:
        for _ in range(2):
            await model.complete(prompt(), schema=ANSWER)

    with FakeServer(error=refuse) as server:
        Client(server).run(twice)
    assert [call.body["stream"] for call in server.calls] == [False, True, True]
    assert server.calls[1].body["stream_options"] == {"include_usage": True}


def test_a_draw_moves_a_fixed_seed_and_adds_none(fake_server: FakeServer) -> None:
    for parameters in ({"seed": 7}, {}):
        client = Client(fake_server, parameters=parameters)
        client.run(lambda model: model.complete(prompt(), schema=ANSWER, draw=2))
    assert [call.body.get("seed") for call in fake_server.calls] == [9, None]


def test_lone_surrogates_in_a_log_can_be_sent_and_received(fake_server: FakeServer) -> None:
    fake_server.content = lambda call: "half \ud83d"
    answer = Client(fake_server).run(lambda model: model.complete(prompt("broken \ud83d emoji"), schema=None))
    assert fake_server.calls[0].body["messages"][1]["content"] == "broken � emoji"
    assert answer.text == "half �"


def test_text_arrives_as_it_is_and_the_schema_in_the_order_of_its_fields(fake_server: FakeServer) -> None:
    text = '北京 🙂 "quoted" \\ \n\t\x7f </script>'
    Client(fake_server).run(lambda model: model.complete(prompt(text), schema=ANSWER))
    Client(fake_server, ladder=("text",)).run(lambda model: model.complete(prompt(text), schema=ANSWER))
    sent, described_there = fake_server.calls
    assert sent.body["messages"][1]["content"] == text
    assert described_there.body["messages"][1]["content"].startswith(f"{text}\n\nReply with one JSON object")
    schema = sent.body["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["colour", "why", "score"]  # what comes first is thought of first


# --- the ladder ---


@pytest.mark.parametrize(
    ("refused", "formats"),
    [
        (["json_schema"], ["json_schema", "json_object"]),
        (["json_schema", "json_object"], ["json_schema", "json_object", "text"]),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_steps_down_for_a_server_that_refuses(
    refused: list[str], formats: list[str], status: int, undisturbed: str
) -> None:
    with FakeServer(refuse=refused, refuse_status=status) as server:
        client = Client(server)
        assert client.complete().text == undisturbed
    assert [call.format for call in server.calls] == formats
    assert client.waits == []  # a step down is no failed attempt


def test_remembers_the_rung_after_two_refusals_in_a_row(fake_server: FakeServer) -> None:
    fake_server.refuse = {"json_schema"}

    async def thrice(model: OpenAICompatible) -> None:
        for text in ("one", "two", "three"):
            await model.complete(prompt(text), schema=ANSWER)

    Client(fake_server).run(thrice)
    assert [call.format for call in fake_server.calls] == [*["json_schema", "json_object"] * 2, "json_object"]


def test_calls_at_once_step_down_one_rung_together(fake_server: FakeServer) -> None:
    fake_server.refuse = {"json_schema"}

    async def many(model: OpenAICompatible) -> None:
        await asyncio.gather(*(model.complete(prompt(str(i)), schema=ANSWER) for i in range(8)))
        await model.complete(prompt("one more"), schema=ANSWER)

    Client(fake_server).run(many)
    assert fake_server.calls[-1].format == "json_object"


def test_lower_rungs_describe_the_schema_in_the_last_message(fake_server: FakeServer) -> None:
    Client(fake_server, ladder=("text",)).complete()
    last = fake_server.calls[0].body["messages"][-1]["content"]
    assert last.startswith("Which colour?\n\nReply with one JSON object")
    assert json.loads(last.split("```json\n")[1].removesuffix("\n```"))["required"] == ["colour", "why", "score"]


def test_a_server_that_refuses_every_rung_refuses(fake_server: FakeServer) -> None:
    fake_server.refuse = {"json_schema", "json_object", "text"}
    with pytest.raises(ModelRefused, match="refuses this request to fake"):
        Client(fake_server).complete()
    assert [call.format for call in fake_server.calls] == list(LADDER)


def test_another_bad_request_does_not_step_down() -> None:
    with (
        FakeServer(faults=[Fault.TOO_LONG]) as server,
        pytest.raises(ModelRefused, match="maximum context length") as caught,
    ):
        Client(server).complete()
    assert caught.value.every_call is False  # only this prompt is too long
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("status", "message", "every_call"),
    [
        (400, "Model Not Exist", True),
        (400, "deepseek-chatt is not a valid model ID", True),
        (400, "Access denied, please make sure your account is in good standing.", True),
        (400, "API key not valid. Please pass a valid API key.", True),
        (400, "The prompt is too long for this model", False),
        (413, "Request too large", False),
        (400, "messages[3]: the content does not exist", False),
    ],
)
def test_a_plain_400_is_read_by_its_words(status: int, message: str, every_call: bool) -> None:
    error = meaning_of(ServerError(status, None, message), model="m", address="http://x/v1", key_env="KEY")
    assert isinstance(error, ModelRefused)
    assert error.every_call is every_call


# --- retries ---

PASSING = [
    Fault.RATE_LIMIT,
    Fault.ERROR_500,
    Fault.ERROR_503,
    Fault.RESET,
    Fault.BROKEN_BODY,
    Fault.ERROR_INSIDE,
    Fault.NO_CHOICES,
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_one_more_attempt(fault: Fault, undisturbed: str) -> None:
    with FakeServer(faults=[fault]) as server:
        client = Client(server)
        assert client.complete().text == undisturbed
    assert len(server.calls) == 2
    assert len(client.waits) == 1


def test_a_hung_call_ends_at_its_deadline_and_is_tried_again(undisturbed: str) -> None:
    with FakeServer(faults=[Fault.HANG]) as server:
        # Generous, so that a busy machine does not run into it on the second attempt.
        client = Client(server, deadline_s=2.0)
        assert client.complete().text == undisturbed
    assert len(server.calls) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_gives_up_after_four_attempts_and_says_why(fault: Fault) -> None:
    with FakeServer(faults=lambda call: fault) as server:
        client = Client(server)
        with pytest.raises(ModelUnavailable, match="no answer of fake in 4 attempts"):
            client.complete()
    assert len(server.calls) == 4
    assert len(client.waits) == 3


def test_waits_longer_each_time() -> None:
    with FakeServer(faults=lambda call: Fault.ERROR_500) as server:
        client = Client(server, backoff=Backoff(first_s=1.0))
        with pytest.raises(ModelUnavailable):
            client.complete()
    assert client.waits == [0.5, 1.0, 2.0]  # 1, 2, 4 seconds, half of each being jitter, which is 0 here


def test_honours_retry_after() -> None:
    with FakeServer(faults=[Fault.RATE_LIMIT], retry_after="17") as server:
        client = Client(server)
        client.complete()
    assert client.waits == [17.0]


def test_a_server_that_says_when_to_come_back_is_left_alone_by_the_other_calls_too() -> None:
    async def twice(model: OpenAICompatible) -> None:
        await model.complete(prompt("one"), schema=ANSWER)
        await model.complete(prompt("two"), schema=ANSWER)

    with FakeServer(faults=[Fault.RATE_LIMIT], retry_after="50") as server:
        client = Client(server)
        client.run(twice)
    first, second = client.waits  # nobody really slept, so the second call finds nearly all of the time left
    assert first == 50.0
    assert 40 < second <= 50


def test_a_retry_after_beyond_reason_is_bounded() -> None:
    with FakeServer(faults=[Fault.RATE_LIMIT], retry_after="86400") as server:
        client = Client(server, backoff=Backoff(longest_retry_after_s=60.0))
        client.complete()
    assert client.waits == [60.0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12.0),
        ("1.5", 1.5),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 00:00:30", 30.0),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("", None),
        ("10s", 10.0),
        ("2m 3.5s", 123.5),
        ("500ms", 0.5),
        ("1 hour", 3600.0),
        ("5 parsecs", None),
        ("10s soon", None),
        ("inf", float("inf")),
        ("1e400", float("inf")),
        ("-Infinity", None),
        ("9" * 500, 1e100),
        ("Thu, 01 Jan 99999 00:00:30 GMT", None),
        ("Thu, 99999999999999999999 Jan 2026 00:00:30 GMT", None),
        ("\x07\x1b", None),
        ("später", None),
    ],
)
def test_reads_retry_after(value: str, seconds: float | None) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after_s({"retry-after": value}, now=lambda: now) == seconds


def test_jitter_spreads_the_waits_within_bounds() -> None:
    backoff = Backoff(first_s=1.0, longest_s=3.0)
    assert backoff.wait_s(attempt=1, jitter=lambda: 0.5) == 0.75
    assert backoff.wait_s(attempt=9, jitter=lambda: 1.0) == 3.0
    assert backoff.wait_s(attempt=1, retry_after_s=5.0, jitter=lambda: 0.5) == 5.5  # never earlier than asked


def test_no_server_at_the_address_is_unavailable() -> None:
    with FakeServer() as server:
        pass
    client = Client(server)
    with pytest.raises(ModelUnavailable, match="is the server running"):
        client.complete()
    assert len(client.waits) == 3


def test_cancelling_ends_the_call_and_asks_no_more() -> None:
    async def cancelled(model: OpenAICompatible) -> None:
        task = asyncio.create_task(model.complete(prompt(), schema=ANSWER))
        while not server.calls:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with FakeServer(faults=[Fault.HANG]) as server:
        Client(server).run(cancelled)
    assert len(server.calls) == 1


# --- refusals ---


def test_a_wrong_key_is_refused_at_once_and_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_KEY", "sk-wrong-0123456789")
    with (
        FakeServer(key=KEY) as server,
        pytest.raises(ModelRefused, match="does not accept the key in FAKE_KEY") as caught,
    ):
        Client(server, key_env="FAKE_KEY").complete()
    assert server.base_url in str(caught.value)
    assert caught.value.every_call is True
    assert len(server.calls) == 1


def test_a_missing_key_says_where_to_put_it() -> None:
    with (
        FakeServer(key=KEY) as server,
        pytest.raises(ModelRefused, match="wants a key and none was sent: put the key into PROUTT_API_KEY and"),
    ):
        Client(server).complete()


def test_an_unknown_model_is_named() -> None:
    with FakeServer(models=["other"]) as server, pytest.raises(ModelRefused, match="has no model fake"):
        Client(server).complete()


def test_no_credit_is_no_rate_limit() -> None:
    with FakeServer(faults=[Fault.NO_CREDIT]) as server, pytest.raises(ModelRefused, match="no credit left"):
        Client(server).complete()
    assert len(server.calls) == 1


def test_a_web_page_is_no_model_server() -> None:
    unavailable = pytest.raises(ModelUnavailable, match="does the address lack /v1")
    with FakeServer(faults=lambda _call: Fault.HTML) as server, unavailable:
        Client(server).complete()


def test_a_proxys_error_page_now_and_then_costs_one_attempt() -> None:
    with FakeServer(faults=[Fault.HTML]) as server:
        assert Client(server).complete().text
    assert len(server.calls) == 2


def test_moderated_content_concerns_this_request_only() -> None:
    with (
        FakeServer(faults=[Fault.FLAGGED]) as server,
        pytest.raises(ModelRefused, match="refuses the content") as caught,
    ):
        Client(server).complete()
    assert caught.value.every_call is False


def test_a_redirect_is_not_followed(fake_server: FakeServer) -> None:
    with (
        FakeServer(redirect_to=fake_server.base_url) as server,
        pytest.raises(ModelRefused, match="redirects elsewhere"),
    ):
        Client(server).complete()
    assert fake_server.calls == []  # the text went to the address that was named, to no other


# --- replies that cannot be used ---


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.INVALID, Fault.EMPTY, Fault.REFUSAL, Fault.LENGTH])
def test_ask_asks_once_more_after_a_bad_reply(fault: Fault, undisturbed: str) -> None:
    with FakeServer(faults=[fault]) as server:
        assert Client(server).ask() == parse_reply(undisturbed, ANSWER)
    assert [len(call.body["messages"]) for call in server.calls] == [2, 4]  # the reply and what is wrong with it


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.INVALID, Fault.EMPTY, Fault.REFUSAL, Fault.LENGTH])
def test_ask_gives_up_after_two_bad_replies(fault: Fault) -> None:
    with FakeServer(faults=lambda call: fault) as server, pytest.raises(ReplyError, match="refused twice"):
        Client(server).ask()
    assert len(server.calls) == 2


def test_a_reply_in_code_fences_is_read_at_once(undisturbed: str) -> None:
    with FakeServer(faults=[Fault.FENCED]) as server:
        assert Client(server).ask() == parse_reply(undisturbed, ANSWER)
    assert len(server.calls) == 1


def test_a_refusal_and_a_cut_reply_say_so() -> None:
    with FakeServer(faults=[Fault.REFUSAL, Fault.LENGTH]) as server:
        client = Client(server)
        refusal, cut = client.complete(), client.complete()
    assert (refusal.finish_reason, refusal.text) == ("refusal", "I cannot help with that.")
    assert cut.finish_reason == "length"


def test_every_kind_of_fault_is_survived() -> None:
    """All eleven at once through one client, each striking its own prompt the first time."""
    kinds = {str(kind): kind for kind in ELEVEN}

    def strike(call: Call) -> Fault | None:
        return kinds.get(call.body["messages"][1]["content"].split("\n\n")[0]) if call.seen == 0 else None

    async def ask_all(model: OpenAICompatible) -> list[Answer]:
        return list(await asyncio.gather(*(ask(model, prompt(text), ANSWER) for text in kinds)))

    with FakeServer(faults=strike) as struck, FakeServer() as calm:
        assert Client(struck, deadline_s=2.0).run(ask_all) == Client(calm).run(ask_all)
    assert len(calm.calls) == 11
    assert len(struck.calls) >= 21  # only the fenced reply costs no second call


# --- thoughts ---


@pytest.mark.parametrize(
    ("said", "thoughts", "left"),
    [
        ('<think>hm {"a": 1}</think>\n{"a": 2}', 'hm {"a": 1}', '{"a": 2}'),
        ('hm, the template opened it</think>{"a": 2}', "hm, the template opened it", '{"a": 2}'),
        ("\n<think>cut off while think", "cut off while think", ""),
        ('<think>\n\n</think>\n\n{"a": 2}', "", '{"a": 2}'),
        ('{"a": "</think> in a value"}', "", '{"a": "</think> in a value"}'),
        ('```json\n{"a": "</think>"}\n```', "", '```json\n{"a": "</think>"}\n```'),
        ('{"a": 2}', "", '{"a": 2}'),
    ],
)
def test_only_what_follows_the_thoughts_counts(said: str, thoughts: str, left: str) -> None:
    assert split_thoughts(said) == (thoughts, left)


# --- keys and what else leaves ---


def test_the_key_goes_into_the_header_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FAKE_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def work(model: OpenAICompatible) -> None:
        seen.extend([repr(model), str(model), repr(WrappedModel(model))])
        for _ in range(len(PASSING) + 2):
            try:
                seen.append(repr(await model.complete(prompt(), schema=ANSWER)))
            except (ModelRefused, ModelUnavailable) as exc:
                seen.append("".join(traceback.format_exception(exc)))

    faults = [Fault.TOO_LONG, Fault.NO_CREDIT, *PASSING]
    with FakeServer(faults=faults, echo_key=True) as server:
        Client(server, key_env="FAKE_KEY", backoff=Backoff(attempts=1)).run(work)
    assert all(call.headers["authorization"] == f"Bearer {KEY}" for call in server.calls)
    assert len(seen) == 3 + len(faults)
    assert any("•••" in text for text in seen)  # the server did quote the key
    assert KEY not in "\n".join([*seen, caplog.text])


def test_a_variable_without_a_usable_key_is_refused(monkeypatch: pytest.MonkeyPatch, fake_server: FakeServer) -> None:
    monkeypatch.delenv("FAKE_KEY", raising=False)
    with pytest.raises(SettingsError, match="FAKE_KEY is not set"):
        OpenAICompatible(name="fake", base_url=fake_server.base_url, key_env="FAKE_KEY")
    monkeypatch.setenv("FAKE_KEY", f"{KEY}\r\nX-Other: 1")
    with pytest.raises(SettingsError, match="FAKE_KEY holds characters") as caught:
        OpenAICompatible(name="fake", base_url=fake_server.base_url, key_env="FAKE_KEY")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", [None, KEY])
def test_openais_environment_changes_nothing_of_what_is_sent_and_where(
    monkeypatch: pytest.MonkeyPatch, fake_server: FakeServer, key: str | None
) -> None:
    marker = "openai-only-marker"
    for variable in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET", "API_TYPE", "API_VERSION"):
        monkeypatch.setenv(f"OPENAI_{variable}", marker)
    names = ("X-Custom", "Authorization", "authorization", "user-agent", "Accept", "content-type", "Cookie")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(f"{name}: {marker}" for name in names))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    if key is not None:
        monkeypatch.setenv("FAKE_KEY", key)
    Client(fake_server, key_env=None if key is None else "FAKE_KEY").complete()
    headers = fake_server.calls[0].headers
    assert marker not in json.dumps(headers)
    assert headers.get("authorization") == (None if key is None else f"Bearer {key}")
    assert (headers["user-agent"], headers["content-type"]) == ("proutt-studio", "application/json")


def test_a_local_server_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch, fake_server: FakeServer) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    Client(fake_server).complete()
    assert len(fake_server.calls) == 1


def test_no_header_goes_out_that_is_not_named_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_server: FakeServer
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    Client(fake_server).complete()
    assert set(fake_server.calls[0].headers) == {
        *("host", "accept", "accept-encoding", "content-type", "content-length", "user-agent")
    }


def test_when_the_answering_request_went_out_is_told() -> None:
    with FakeServer(faults=[Fault.ERROR_500], latency_s=0.05) as server:
        before = datetime.now(UTC)
        answer = Client(server).complete()
    assert answer.started_at is not None
    # The first attempt took 50 ms, the answering one as long again.
    assert before + timedelta(seconds=0.05) <= answer.started_at <= datetime.now(UTC) - timedelta(seconds=0.05)
    assert answer.latency_s >= 0.05


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "no such thing", "code": 7}}, "no such thing"),
        ({"error": "no such thing"}, "no such thing"),
        ({"detail": [{"msg": "no such thing"}]}, "no such thing"),
        ({"message": "no such thing"}, "no such thing"),
        ("<p>no such thing</p>", "no such thing"),
        ({}, "without a word"),
        (None, "without a word"),
    ],
)
def test_what_a_server_says_about_an_error_is_found_however_it_is_wrapped(body: Any, message: str) -> None:
    assert message in refusal_in(HttpReply(418, {}, body)).error.message


@pytest.mark.parametrize("name", ["model", "messages", "stream", "response_format", "n"])
def test_parameters_cannot_take_the_clients_place(name: str) -> None:
    with pytest.raises(SettingsError, match=f"the parameter {name} cannot be given: the client sets it itself"):
        OpenAICompatible(name="fake", base_url="http://127.0.0.1:1/v1", parameters={name: 1})


# --- the fake server itself ---


def test_the_fake_answers_by_prompt_whatever_the_rung_and_the_repair() -> None:
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    repaired = [*messages, {"role": "assistant", "content": "x"}, {"role": "user", "content": "again"}]
    on_a_lower_rung = [messages[0], {"role": "user", "content": "u" + described({"type": "object"})}]
    other = [messages[0], {"role": "user", "content": "v"}]
    assert prompt_hash(messages) == prompt_hash(repaired) == prompt_hash(on_a_lower_rung)
    assert prompt_hash(messages) != prompt_hash(other)


def test_the_fake_serves_as_a_process_of_its_own() -> None:
    """And answers there what it answers in a thread."""
    command = [sys.executable, "-m", "tests.fake_server"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            base_url = process.stdout.readline().strip()
            models = json.loads(urllib.request.urlopen(f"{base_url}/models", timeout=30).read())
            with FakeServer() as server:
                from_thread = Client(server).complete()
            from_process = Client(server, base_url=base_url).complete()
        finally:
            process.terminate()
    assert [model["id"] for model in models["data"]] == ["fake"]
    assert from_process.text == from_thread.text


def test_some_faulty_takes_about_its_share_of_prompts_once() -> None:
    fault = some_faulty(0.1)
    calls = [
        Call(index=i, seen=0, prompt=prompt_hash([{"role": "user", "content": str(i)}]), body={}, headers={})
        for i in range(2000)
    ]
    hit = [call for call in calls if fault(call)]
    assert 150 < len(hit) < 250  # 200 expected, standard deviation 13
    assert {fault(call) for call in hit} == set(ELEVEN)
    again = Call(index=0, seen=1, prompt=hit[0].prompt, body={}, headers={})
    assert fault(again) is None


def test_the_deadline_of_an_attempt_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask_once(address: str) -> None:
        model = OpenAICompatible(name="fake", base_url=address, backoff=Backoff(attempts=1))
        try:
            await model.complete(prompt(), schema=None)
        finally:
            await model.aclose()

    monkeypatch.setenv("PROUTT_DEADLINE_S", "0.05")
    with FakeServer(latency_s=5.0) as server, pytest.raises(ModelUnavailable, match=r"no answer within 0\.05 s"):
        asyncio.run(ask_once(server.base_url))
    monkeypatch.setenv("PROUTT_DEADLINE_S", "soon")
    with pytest.raises(SettingsError, match="PROUTT_DEADLINE_S must be a number of seconds"):
        OpenAICompatible(name="fake", base_url="http://127.0.0.1:1/v1")
