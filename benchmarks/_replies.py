"""Small real replies of every kind of server, and what may become of one on its way."""

import gzip
import json
import random
from dataclasses import dataclass, replace
from typing import Any

from benchmarks._mutations import TEXTUAL

ANSWER = '{"colour": "red", "why": "it is", "score": 0.5}'
USAGE = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29, "prompt_tokens_details": {"cached_tokens": 4}}
THOUGHTS = "<think>\nRed, or not?\n</think>\n"
# None that says that the answer is still to come: who sends nothing more is left at the deadline.
_STATUSES = (101, 204, 206, 301, 304, 400, 401, 402, 403, 404, 408, 413, 418, 422, 429, 500, 502, 503, 599, 999)
_ENDS = (None, "length", "content_filter", "error", "", 5, [], "x" * 3000, "\x1b[31m")
_WAITS = ("0", "-3", "1e400", "nan", "soon", "Thu, 01 Jan 99999 00:00:00 GMT", "9" * 400, "2m 3s", "\x07", "später")
_TYPES = ("application/json", "text/event-stream", "text/html", "application/json; charset=zlib_codec", "x", "")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int | None = None  # what it says of its body, where that is not the truth

    def as_sent(self) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status} Words",
            "Connection: close",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + self.body


def seeds() -> dict[str, Reply]:
    """By name: answers, errors, streams."""
    made = {name: _reply(200, body) for name, body in _answers().items()}
    for name, (status, error) in _errors().items():
        made[name] = _reply(status, error)
    made["stream"] = Reply(200, (("Content-Type", "text/event-stream"),), _stream())
    made["lines"] = _reply(
        200, None, b"\n".join(_json({"message": {"content": c}, "done": c == "}"}) for c in '{"a":1}')
    )
    made["blank lines"] = _reply(200, None, b"\n\n \n" + _json(_completion({"content": ANSWER})))
    made["page"] = Reply(502, (("Content-Type", "text/html"),), b"<html><head><title>Bad gateway</title></head></html>")
    packed = gzip.compress(_json(_completion({"content": ANSWER})), mtime=0)
    made["packed"] = Reply(200, (("Content-Type", "application/json"), ("Content-Encoding", "gzip")), packed)
    return made


def mutated(draw: random.Random, reply: Reply) -> Reply:
    """The reply after a mishap or two: of its body, its status, its headers or its length."""
    for _ in range(draw.choice((1, 1, 2))):
        reply = draw.choice(MISHAPS)(draw, reply)
    return reply


def _answers() -> dict[str, Any]:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "so"}]}, {"type": "text", "text": ANSWER}]
    return {
        "plain": _completion({"content": ANSWER}),
        "thoughts inside": _completion({"content": THOUGHTS + ANSWER}),
        "thoughts apart": _completion(
            {"content": ANSWER, "reasoning_content": "so", "reasoning_details": [{"text": "so"}]}
        ),
        "only thoughts": _completion({"content": None, "reasoning": ANSWER}),
        "parts": _completion({"content": parts}),
        "parsed": _completion({"content": json.loads(ANSWER)}),
        "refusal": _completion({"content": None, "refusal": "No."}),
        "tool": _completion({"content": None, "tool_calls": [{"function": {"name": "f", "arguments": ANSWER}}]}),
        "wrapped": {"code": 200, "msg": "success", "data": _completion({"content": ANSWER})},
        "ollama": {"model": "m", "message": {"content": ANSWER, "thinking": "so"}, "done": True, "eval_count": 5},
        "anthropic": {"type": "message", "content": parts, "usage": {"input_tokens": 3, "output_tokens": 4}},
        "gemini": {
            "candidates": [{"content": {"parts": [{"text": ANSWER}]}}],
            "usageMetadata": {"promptTokenCount": 3},
        },
        "no choices": _completion({}) | {"choices": []},
    }


def _errors() -> dict[str, tuple[int, Any]]:
    words = "Your account balance is insufficient"
    return {
        "error": (400, {"error": {"message": "Invalid schema for response_format", "code": None, "param": "x"}}),
        "text": (200, {"error": "Unexpected endpoint"}),
        "code": (200, {"code": 30001, "msg": words, "data": None}),
        "base": (200, {"choices": None, "base_resp": {"status_code": 1008, "status_msg": words}}),
        "detail": (422, {"detail": [{"loc": ["body", "n"], "msg": "extra fields", "input": {"a": 1}}]}),
        "list": (429, [{"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}]),
        "choice": (200, {"choices": [{"error": {"message": "upstream"}, "finish_reason": "error", "message": {}}]}),
        "missed": (400, {"error": {"code": "json_validate_failed", "failed_generation": ANSWER, "message": "no"}}),
    }


def _completion(message: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": "stop"}
    return {"id": "c", "model": "m-1", "provider": "P", "choices": [choice], "usage": USAGE}


def _stream() -> bytes:
    chunks = [{"model": "m", "choices": [{"index": 0, "delta": {"content": c}, "finish_reason": None}]} for c in ANSWER]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE})
    lines = (b"data: " + _json(chunk) + b"\n\n" for chunk in chunks)
    return b": wait\n\n" + b"".join(lines) + b"data: [DONE]\n\n"


def _reply(status: int, body: Any, raw: bytes | None = None) -> Reply:
    return Reply(status, (("Content-Type", "application/json"),), _json(body) if raw is None else raw)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


# --- what happens to a reply ------------------------------------------------------------------------------------------


def _body(draw: random.Random, reply: Reply) -> Reply:
    return replace(reply, body=draw.choice(TEXTUAL)(draw, reply.body))


_EVIL = (
    *(b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"1e999", b"NaN", b"-7", b"99999999999999999999", b'"\\ud800"'),
    *(b'"\\u0000"', b'"a\\u001b[31m\\r\\n"', b'"' + b"\\n" * 40_000 + b'"', b'"' + b"<think>" * 20_000 + b'"'),
)


def _deep(draw: random.Random, reply: Reply) -> Reply:
    """Deep, endless or harmful in one place: what stands for a value there."""
    colon = [i for i, c in enumerate(reply.body) if c == ord(":")]
    if not colon:
        return reply
    at = draw.choice(colon) + 1
    end = next((i for i in range(at, len(reply.body)) if reply.body[i] in b",}\n"), len(reply.body))
    return replace(reply, body=reply.body[:at] + draw.choice(_EVIL) + reply.body[end:])


def _long(draw: random.Random, reply: Reply) -> Reply:
    if draw.random() < 0.9:
        return replace(
            reply, body=draw.choice((b"\n", b": wait\n\n", b" ", b"\xef\xbb\xbf", b"\x00")) * 50 + reply.body
        )
    return replace(reply, body=reply.body + b" " * 9_000_000)


def _status(draw: random.Random, reply: Reply) -> Reply:
    return replace(reply, status=draw.choice(_STATUSES))


def _header(draw: random.Random, reply: Reply) -> Reply:
    name, values = draw.choice(
        (
            ("Retry-After", _WAITS),
            ("Content-Type", _TYPES),
            ("Content-Encoding", ("gzip", "deflate", "br", "zstd", "x")),
        )
    )
    return replace(reply, headers=(*reply.headers, (name, draw.choice(values))))


def _length(draw: random.Random, reply: Reply) -> Reply:
    return replace(reply, length=max(0, len(reply.body) + draw.choice((-20, -1, 1, 500))))


def _end(draw: random.Random, reply: Reply) -> Reply:
    """It ends in a way that nobody knows."""
    return replace(reply, body=reply.body.replace(b'"stop"', json.dumps(draw.choice(_ENDS)).encode()))


MISHAPS = (_body, _body, _body, _body, _deep, _long, _status, _header, _length, _end)
