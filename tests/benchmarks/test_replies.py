"""Damaged replies, some hundred of the ten thousand that the benchmark sends."""

import asyncio

import pytest

from benchmarks.fuzz_replies import SMALL, fuzz


@pytest.mark.parametrize("seed", [11, 12])
def test_a_damaged_reply_is_an_answer_or_one_clear_error(seed: int) -> None:
    outcome = asyncio.run(fuzz(count=SMALL, seed=seed))
    assert (outcome.replies, outcome.wrong) == (SMALL, [])
    assert outcome.answers + outcome.errors == SMALL
    assert outcome.answers >= SMALL // 20 and outcome.errors >= SMALL // 20
