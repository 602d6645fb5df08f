"""What bytes of an answer hold: JSON, streams that nobody asked for, text; and what is too much."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from proutt_core.errors import ModelRefused, ModelUnavailable, ReplyError
from proutt_core.llm.openai.bodies import value_of
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.replies import read_answer
from proutt_core.llm.openai.retry import Backoff, Passing, UnusableReply
from proutt_core.llm.openai.transport import MOST_BYTES
from proutt_core.types.calls import Completion
from tests.llm.openai.raw_server import COMPLETION, RawServer, http
from tests.llm.replies import prompt

TEXT = '{"a": "你好"}'


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more


PIECES = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "So "}),
    chunk({"reasoning_content": "it is.", "content": None}),
    chunk({"content": TEXT[:5]}),
    chunk({"content": TEXT[5:]}),
    chunk({}, "stop"),
    {"model": "m-1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
]


def lines(values: list[Any], end: str = "\n\n", done: str = "data: [DONE]\n\n", before: str = "data: ") -> bytes:
    return ("".join(f"{before}{json.dumps(value)}{end}" for value in values) + done).encode()


def read(content: bytes, content_type: str = "text/event-stream", *, typed: bool = True) -> Completion:
    value = value_of(content, content_type=content_type)
    return read_answer(value, model="m", address="http://x/v1", latency_s=0.1, typed=typed)


STREAMS = {
    "as told": lines(PIECES),
    "with CRLF": lines(PIECES, end="\r\n\r\n"),
    "with CR": lines(PIECES, end="\r\r"),
    "with comments and blank lines": b"\n\n: PROCESSING\n\n" + lines(PIECES).replace(b"\n\n", b"\n\n: wait\n\n"),
    "with names of events": lines(PIECES, before="event: message\nid: 4\ndata: "),
    "without blanks": lines(PIECES, before="data:"),
    "without blank lines": lines(PIECES, end="\n"),
    "without a last word": lines(PIECES, done=""),
    "without saying how it ended": lines([*PIECES[:5], PIECES[6]]),
    "with a mark at the start": b"\xef\xbb\xbf" + lines(PIECES),
    "as lines of JSON": lines(PIECES, end="\n", done="", before=""),
    "as JSON one after the other": lines(PIECES, end="", done="", before=""),
}


@pytest.mark.parametrize("content", STREAMS.values(), ids=STREAMS)
def test_a_stream_is_one_answer(content: bytes) -> None:
    answer = read(content)
    assert (answer.text, answer.reasoning, answer.finish_reason) == (TEXT, "So it is.", "stop")
    assert answer.model == "m-1"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 4)


def test_streams_of_other_forms_are_read() -> None:
    whole_so_far = [{"choices": [{"message": {"content": TEXT[:n]}, "finish_reason": None}]} for n in (3, 7)]
    whole_so_far.append({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]})
    assert read(lines(whole_so_far)).text == TEXT
    ollama = [{"model": "m", "message": {"content": c}, "done": c == "}"} for c in TEXT]
    assert read(lines(ollama, end="\n", done="", before=""), "application/x-ndjson").text == TEXT
    assert read(
        b"data: " + json.dumps({"choices": [{"message": {"content": TEXT}}]}).encode() + b"\n\ndata: [DONE]"
    ).text
    other_choice = [chunk({"content": "x"}) | {"choices": [{"index": 1, "delta": {"content": "x"}}]}, *PIECES]
    assert read(lines(other_choice)).text == TEXT


def test_a_stream_that_breaks_off_passes() -> None:
    with pytest.raises(Passing, match="streamed its answer, although it was asked not to, and broke off"):
        read(lines(PIECES[:4], done=""))


@pytest.mark.parametrize(
    "content",
    [
        lines([PIECES[0], {"error": {"message": "out of memory", "code": 500}}]),
        b'event: error\ndata: {"error": "out of memory"}\n\n',
        b"data: out of memory\n\n",
    ],
)
def test_an_error_in_a_stream_keeps_its_words(content: bytes) -> None:
    assert "out of memory" in json.dumps(value_of(content, content_type="text/event-stream"))


def test_comments_may_stand_before_an_answer_in_one_piece() -> None:
    assert read(b": wait\n\n: wait\n\n" + COMPLETION, "application/json", typed=False).text == "an answer"


@pytest.mark.parametrize(
    ("content", "content_type", "value"),
    [
        (b"\n \n\r\n" + b'{"a": 1}', "application/json", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}\x00\n', "", {"a": 1}),
        ('{"a": "ü"}'.encode("utf-16"), "application/json", {"a": "ü"}),
        ('{"a": "ü"}'.encode("utf-16-le"), "application/json", {"a": "ü"}),
        ('{"a": "你"}'.encode("gb18030"), 'application/json; charset="GBK"', {"a": "你"}),
        (b'{"a": "\xff"}', "application/json", {"a": "\ufffd"}),
        (b'{"a": "\xff"}', "application/json; charset=zlib_codec", {"a": "\ufffd"}),
        (b'{"a": "\xff"}', "application/json; charset=no-such", {"a": "\ufffd"}),
        (b'{"a": "x\ny\tz\x01"}', "application/json", {"a": "x\ny\tz\x01"}),
        (b'{"a": 1}\n<!-- proxied -->', "application/json", {"a": 1}),
        (b"<p>no</p>", "text/html", "<p>no</p>"),
        (b"model not loaded", "application/json", "model not loaded"),
        (b"", "application/json", ""),
    ],
)
def test_what_is_meant_is_read(content: bytes, content_type: str, value: Any) -> None:
    assert value_of(content, content_type=content_type) == value


@pytest.mark.parametrize("content", [b'{"a": 1', b"[1, 2", b'{"a": tru}', b"{"])
def test_half_of_json_passes(content: bytes) -> None:
    with pytest.raises(Passing, match="is not whole JSON"):
        value_of(content, content_type="application/json")


# --- a server that means ill ---

DEEP = b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
DIGITS = b'{"choices": [], "n": ' + b"9" * 5000 + b"}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (DEEP, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"data: " + DEEP + b"\n\n", "nested too deep"),
        (COMPLETION + DEEP, "nested too deep"),
        (DIGITS, "thousands of digits"),
        (b"data: " + DIGITS + b"\n\n", "thousands of digits"),
    ],
)
def test_json_that_no_server_sends_that_means_well_cannot_be_used(content: bytes, words: str) -> None:
    with pytest.raises(UnusableReply, match=words):
        value_of(content, content_type="application/json")


def test_many_small_values_take_no_quadratic_time() -> None:
    value_of(b"{}" * 500_000, content_type="application/json")
    value_of(b"data: {}\n\n" * 100_000 + b"data: [DONE]\n\n", content_type="text/event-stream")


async def ask(server: RawServer) -> Completion:
    async with server:
        model = OpenAICompatible(name="m", base_url=server.base_url, deadline_s=60.0, backoff=Backoff(attempts=1))
        try:
            return await model.complete(prompt(), schema=None)
        finally:
            await model.aclose()


PACKED = gzip.compress(b" " * 300_000_000, compresslevel=1, mtime=0)
TOO_LARGE = {
    "with its length": http(COMPLETION + b" " * MOST_BYTES),
    "without end": b"HTTP/1.1 200 Yes\r\n\r\n" + b"x" * (2 * MOST_BYTES),
    "in chunks": b"HTTP/1.1 200 Yes\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n%b\r\n" % (b" " * 2**20) * 12,
    "packed": http(PACKED, "Content-Encoding: gzip"),
    "an error": http(COMPLETION + b" " * MOST_BYTES, status=500),
    "a stream": http(lines(PIECES[:4] * 30_000), "Content-Type: text/event-stream"),
}


@pytest.mark.parametrize("answer", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_answer_beyond_all_measure_fails_its_item_in_one_line_and_fills_no_memory(answer: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ReplyError, match=r"m that cannot be used: it is larger than 8 MiB\Z"):
            asyncio.run(ask(RawServer(answer, hangs_up=True)))
        assert tracemalloc.get_traced_memory()[1] < 6 * MOST_BYTES
    finally:
        tracemalloc.stop()


def test_an_answer_packed_in_a_way_that_was_not_asked_for_is_none() -> None:
    for packed in ("br", "zstd", "deflate"):
        with pytest.raises(ModelUnavailable, match="Can not decode content-encoding"):
            asyncio.run(
                ask(RawServer(http(zlib.compress(COMPLETION)[3:], f"Content-Encoding: {packed}"), hangs_up=True))
            )


def test_an_error_whose_body_is_broken_still_has_its_status() -> None:
    with pytest.raises(ModelRefused, match="no credit left"):
        asyncio.run(ask(RawServer(http(b'{"error": "no', status=402))))
    with pytest.raises(ModelRefused, match="no credit left"):
        asyncio.run(ask(RawServer(http(DEEP, status=402))))


def test_a_text_of_a_named_codec_unpacks_nothing() -> None:
    content = zlib.compress(b"x" * 1_000_000)
    with pytest.raises(ModelRefused, match="HTTP 418"):
        asyncio.run(ask(RawServer(http(content, "Content-Type: text/html; charset=zlib_codec", status=418))))
