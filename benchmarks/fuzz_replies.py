"""Ten thousand damaged replies, each over HTTP to the client: an answer or one clear error, never a traceback.

Whatever is an answer can be stored and shown; whatever is an error is one line with nothing raw and no key in it.
"""

import asyncio
import os
import random
import time
import traceback
from dataclasses import dataclass, field

from benchmarks._replies import mutated, seeds
from benchmarks._report import line
from db.jobs.call_rows import call_row
from proutt_core.errors import ModelError
from proutt_core.llm.logged import Question
from proutt_core.llm.model import ask_for, call_key, parse_reply
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.openai.usage import MOST_TOKENS
from proutt_core.methods.prompted import predict
from proutt_core.types import Message
from proutt_core.types.calls import Completion
from tests.llm.openai.raw_server import RawServer
from tests.llm.replies import ANSWER, prompt

REPLIES, SMALL = 10_000, 300
BOUND_S = 5.0  # for one reply, on a busy machine
KEY_ENV, KEY = "PROUTT_FUZZ_KEY", "sk-fuzz-4f1c9a77e2d05b"
LONGEST_ERROR = 1_000
CONTEXT = (Message(role="user", content="Which colour?"), Message(role="assistant", content="Red."))


@dataclass
class Fuzzed:
    """What became of the replies. `wrong`: the reply's number and what happened; it should be empty."""

    replies: int = 0
    answers: int = 0
    errors: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    wrong: list[str] = field(default_factory=list)


def main(*, small: bool = False, seed: int = 0) -> Fuzzed:
    outcome = asyncio.run(fuzz(count=SMALL if small else REPLIES, seed=seed))
    line("damaged replies", f"{outcome.replies:,}")
    line("  ended in an answer / in one clear error", f"{outcome.answers:,} / {outcome.errors:,}")
    line("  the slowest", f"{outcome.slowest_s:.2f} s ({outcome.slowest})", promise=f"{BOUND_S:.0f} s")
    line("  tracebacks, errors that cannot be shown", f"{len(outcome.wrong):,}", promise="0")
    if outcome.wrong or outcome.slowest_s > BOUND_S:
        raise RuntimeError("\n".join(outcome.wrong[:5]) or f"{outcome.slowest} took {outcome.slowest_s:.1f} s")
    return outcome


async def fuzz(*, count: int, seed: int) -> Fuzzed:
    """`count` replies made from the seed, each in turn."""
    draw, outcome, whole = random.Random(seed), Fuzzed(), seeds()
    names = list(whole)
    os.environ[KEY_ENV] = KEY
    try:
        async with RawServer(b"", hangs_up=True) as server:
            for number in range(count):
                name = names[number % len(names)]
                server.answer = mutated(draw, whole[name]).as_sent().replace(b"Invalid", b"Invalid " + KEY.encode())
                await _one(server, f"{number} {name}", outcome, typed=draw.random() < 0.8)
    finally:
        del os.environ[KEY_ENV]
    return outcome


async def _one(server: RawServer, label: str, outcome: Fuzzed, *, typed: bool) -> None:
    started = time.monotonic()
    model = OpenAICompatible(
        name="m", base_url=server.base_url, key_env=KEY_ENV, deadline_s=20.0, backoff=Backoff(attempts=1)
    )
    try:
        await (_asked(model) if typed else predict(model, CONTEXT, without_tree=False))
        outcome.answers += 1
    except ModelError as exc:
        outcome.errors += 1
        if not str(exc).isprintable() or KEY in str(exc) or len(str(exc)) > LONGEST_ERROR:
            outcome.wrong.append(f"{label}: an error that cannot be shown: {exc!r}")
    except Exception:  # noqa: BLE001  # whatever it is, it is what this looks for
        outcome.wrong.append(f"{label}: {traceback.format_exc()}")
    finally:
        await model.aclose()
    outcome.replies += 1
    took_s = time.monotonic() - started
    if took_s > outcome.slowest_s:
        outcome.slowest_s, outcome.slowest = took_s, label


async def _asked(model: OpenAICompatible) -> None:
    await ask_for(model, prompt(), ANSWER, lambda answer: _read(answer, model))


def _read(answer: Completion, model: OpenAICompatible) -> object:
    """As a stage reads it, after what is stored of it was looked at."""
    key = call_key(model, prompt(), ANSWER)
    question = Question(key, key, prompt(), ANSWER, 0, answer.started_at)
    row = call_row(question.call(answer, model="m"))
    for value in (answer.model, answer.provider, answer.finish_reason):
        assert value.isprintable() and len(value) <= 200
    for value in (row["reply"], row["reasoning"], row["answered_by"], row["provider"]):
        assert "\x00" not in (value or "")
        (value or "").encode()
    for count in (row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"]):
        assert count is None or 0 <= count <= 3 * MOST_TOKENS
    assert KEY not in repr(answer)
    return parse_reply(answer.text, ANSWER)


if __name__ == "__main__":
    main()
