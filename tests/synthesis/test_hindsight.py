"""How much of the next utterance stands in a reasoning, counted by hand."""

import json

import pytest

from proutt_core.llm import Prompt
from proutt_core.synthesis.hindsight import overlap, quotes
from proutt_core.synthesis.synthesise import synthesise
from proutt_core.types import Part, SynthesisedPair, Thresholds
from tests.llm.fakes import ChangedRules
from tests.samples import HOTEL
from tests.synthesis.test_synthesise import MINING_BEST, raised, scored

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("text", "utterance", "expected"),
    [
        # is, there, a, pool, is there, there a, a pool: a, pool, a pool of 7
        ("They want a POOL.", "Is there a pool?", 3 / 7),
        ("Is there a pool?", "Is there a pool?", 1.0),
        ("Something else", "Is there a pool?", 0.0),
        # 酒店 店有 有泳 泳池 池吗: 泳池 of 5
        ("用户想要泳池。", "酒店有泳池吗？", 1 / 5),
        ("", "Is there a pool?", 0.0),
        ("OK then", "OK then", None),  # 3 n-grams
        ("好的，谢谢", "好的，谢谢", None),  # 2
        ("anything", "?", None),
    ],
)
def test_the_share_of_the_utterance_that_the_text_has(text: str, utterance: str, expected: float | None) -> None:
    assert overlap(text, utterance) == (None if expected is None else pytest.approx(expected))


SEES = "So they will ask: can we swim in the pool."


def revised(prompt: Prompt, text: str) -> str:
    return json.dumps(json.loads(text) | {"reasoning": SEES})


async def pair_of(by: float, *without: Part) -> SynthesisedPair:
    scores = {i: max(score, 0.0) for i, score in raised(MINING_BEST, by).items()}
    model = ChangedRules(similarity=scored(scores), revise=revised)
    outcome = await synthesise(model, HOTEL, thresholds=Thresholds(), seed=0, without=frozenset(without))
    assert outcome.pair is not None and outcome.results.insight is not None
    if not without:
        true = outcome.results.next_path
        assert true is not None
        before = outcome.results.insight.view(true.view).reasoning
        assert outcome.pair.overlap_insight == overlap(before, HOTEL.next_utterance)
    return outcome.pair


async def test_middle_and_low_are_measured_before_and_after_and_high_before_only() -> None:
    # can we swim in the courtyard pool there: 8 words and 7 pairs; SEES has 6 of the words and 4 of the pairs.
    for branch, by in (("mid", 0.0), ("low", -0.4)):
        pair = await pair_of(by)
        assert pair.branch == branch
        assert pair.overlap_chosen == pytest.approx(10 / 15)
        assert pair.overlap_insight is not None and pair.overlap_insight < 10 / 15
    high = await pair_of(0.4)
    assert (high.branch, high.overlap_chosen) == ("high", None) and high.overlap_insight is not None


async def test_without_revision_there_is_no_hindsight_to_measure() -> None:
    pair = await pair_of(0.0, "revision")
    assert (pair.overlap_chosen, pair.overlap_insight) == (None, None)


def test_half_of_an_utterance_in_a_reasoning_is_quoting() -> None:
    assert [quotes(overlap) for overlap in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]
