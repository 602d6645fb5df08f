"""Replies damaged at random (seeded) are answers, refusals or passing faults; `make bench` does ten thousand."""

import pytest

from benchmarks.fuzz_replies import fuzz_replies, seeds


@pytest.mark.parametrize("seed", range(3))
def test_damaged_replies_are_read_or_refused(seed: int) -> None:
    outcome = fuzz_replies(count=400, seed=seed)
    assert outcome.wrong == []
    assert outcome.replies == 400 and len(seeds()) >= 10
    assert min(outcome.answers, outcome.bad_answers, outcome.refusals, outcome.passing) > 0
