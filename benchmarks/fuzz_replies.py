"""Ten thousand damaged replies of model servers: each is an answer, a refusal or a passing fault; none a traceback.

They go through what reads a reply that has arrived: its bytes, its status, and what a stage makes of the answer.
"""

import json
import random
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import httpx2

from benchmarks._mutations import mutated
from benchmarks._report import line
from proutt_core.errors import ModelRefused
from proutt_core.llm.model import parse_reply
from proutt_core.llm.openai.refusals import refusal_in
from proutt_core.llm.openai.replies import Passing, meaning_of, read_answer
from proutt_core.llm.openai.transport import HttpReply, parsed
from proutt_core.methods.prompted import DIRECT_REPLY
from proutt_core.visible import visible

REPLIES = 10_000
ANSWER = json.dumps({"first": "Yes.", "second": "好。", "third": "No, thanks.", "fourth": "Why?"}, ensure_ascii=False)
STATUSES = (200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 503)
HEADERS = ("", "0", "-5", "1e999", "nan", "Wed, 21 Oct 2099 07:28:00 GMT", "soon", "9" * 400)
# Messages of servers as they are, and what each may say instead.
MESSAGES: tuple[dict[str, Any], ...] = (
    {"content": ANSWER},
    {"content": f"<think>Hm.</think>{ANSWER}"},
    {"content": None, "reasoning_content": ANSWER},
    {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
            {"type": "text", "text": ANSWER},
        ]
    },
    {"content": "", "refusal": "I will not."},
)
BODIES: tuple[Any, ...] = (
    {"error": "no such path"},
    {"error": {"message": "busy", "code": 503}},
    {"code": 20015, "msg": "余额不足", "data": None},
    {"choices": None, "base_resp": {"status_code": 2013, "status_msg": "no"}},
    {"choices": [{"error": {"message": "upstream"}}]},
    {"detail": [{"loc": ["body"], "msg": "bad", "type": "value_error"}]},
)


@dataclass
class FuzzedReplies:
    """What became of the replies. `wrong` should be empty."""

    replies: int = 0
    answers: int = 0
    bad_answers: int = 0
    refusals: int = 0
    passing: int = 0
    slowest_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


def main() -> FuzzedReplies:
    outcome = fuzz_replies(count=REPLIES, seed=0)
    line("damaged replies", f"{outcome.replies:,}")
    line("  answers / answers that a stage refuses", f"{outcome.answers:,} / {outcome.bad_answers:,}")
    line("  refusals / faults that may pass", f"{outcome.refusals:,} / {outcome.passing:,}")
    line("  the slowest", f"{outcome.slowest_s:.2f} s")
    line("  tracebacks, raw characters", f"{len(outcome.wrong):,}", promise="0")
    if outcome.wrong:
        raise RuntimeError("\n".join(outcome.wrong[:5]))
    return outcome


def fuzz_replies(*, count: int, seed: int) -> FuzzedReplies:
    """`count` replies made from the seed, each in turn."""
    draw, outcome = random.Random(seed), FuzzedReplies()
    whole = seeds()
    for number in range(count):
        content = mutated(draw, whole[number % len(whole)])
        status, header = draw.choice(STATUSES), draw.choice(HEADERS)
        started = time.perf_counter()
        try:
            _read(content, status, header, outcome, typed=number % 3 > 0)
        except Exception:  # noqa: BLE001  # whatever it is, it is what this looks for
            outcome.wrong.append(f"reply {number}, seed {seed}: {traceback.format_exc()}")
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - started)
        outcome.replies += 1
    return outcome


def seeds() -> list[bytes]:
    bodies = [
        {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
        for message in MESSAGES
    ]
    texts = [json.dumps(body, ensure_ascii=False) for body in (*bodies, *BODIES)]
    stream = "".join(
        f"data: {json.dumps({'choices': [{'delta': {'content': part}}]})}\n\n" for part in (ANSWER[:20], ANSWER[20:])
    )
    return [text.encode() for text in (*texts, f"{stream}data: [DONE]\n\n", "<html>502 Bad Gateway</html>")]


def _read(content: bytes, status: int, header: str, outcome: FuzzedReplies, *, typed: bool) -> None:
    response = httpx2.Response(status, headers={"retry-after": header} if header else {}, content=content)
    try:
        reply = HttpReply(status, response.headers, parsed(response))
        refusal = refusal_in(reply)
        if refusal is not None:
            raise meaning_of(refusal.error, model="m", address="http://x/v1", key_env=None)
        answer = read_answer(reply.body, model="m", address="http://x/v1", latency_s=0.0, typed=typed)
    except (Passing, ModelRefused) as exc:
        assert visible(str(exc)) == str(exc) and "\n" not in str(exc), "raw characters in what is told"
        outcome.passing += isinstance(exc, Passing)
        outcome.refusals += isinstance(exc, ModelRefused)
        return
    for text in (answer.text, answer.reasoning or "", answer.model, answer.provider, answer.finish_reason):
        assert "\x00" not in text
        text.encode()  # any store takes it
    try:
        parse_reply(answer.text, DIRECT_REPLY)
        outcome.answers += 1
    except ValueError:
        outcome.bad_answers += 1
