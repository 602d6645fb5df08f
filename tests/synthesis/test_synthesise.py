"""The graph of one sample: branches, depth, failures, and the known defects of the published code."""

import asyncio
import copy
import json
from typing import Any

import pytest

from proutt_core.errors import ModelRefused, ModelUnavailable
from proutt_core.llm import Completion, Prompt
from proutt_core.llm.rules import RulesModel
from proutt_core.synthesis.stages import STAGES
from proutt_core.synthesis.synthesise import Outcome, branch_of, item_random, synthesise
from proutt_core.text import normalise
from proutt_core.types import Sample, SynthesisedPair, Thresholds
from tests.llm.fakes import Change, ChangedRules, ClockedRules, ShuffledRules
from tests.samples import HOTEL, bundled_samples

pytestmark = pytest.mark.anyio

MINING_BEST = {"m1": 0.5, "m2": 0.4, "e1": 0.1, "e2": 0.0}
BOTH_BEST = {"m1": 0.5, "m2": 0.0, "e1": 0.1, "e2": 0.5}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def scored(scores: dict[str, float]) -> Change:
    reply = json.dumps({i: {"reason": "", "score": s} for i, s in scores.items()})
    return lambda prompt, text: reply


def raised(scores: dict[str, float], by: float) -> dict[str, float]:
    return {i: s + by for i, s in scores.items()}


async def run(model: RulesModel, sample: Sample = HOTEL, seed: int = 0) -> Outcome:
    return await synthesise(model, sample, thresholds=Thresholds(), seed=seed)


async def pair_of(model: RulesModel, sample: Sample = HOTEL, seed: int = 0) -> tuple[SynthesisedPair, Outcome]:
    outcome = await run(model, sample, seed)
    assert outcome.pair is not None, outcome.failure
    return outcome.pair, outcome


# The branches table


@pytest.mark.parametrize(
    ("top", "branch"), [(1.0, "high"), (0.8, "high"), (0.79, "mid"), (0.3, "mid"), (0.29, "low"), (0.0, "low")]
)
def test_thresholds(top: float, branch: str) -> None:
    assert branch_of(top, Thresholds()) == branch


async def test_high_chosen_is_the_insight_and_rejected_revises_the_best_view_along_wrong_paths() -> None:
    pair, outcome = await pair_of(ChangedRules(similarity=scored(raised(MINING_BEST, 0.4))))
    results = outcome.results
    assert results.insight is not None
    assert pair.branch == "high" and pair.perturbed == ("mining",) and pair.top_similarity == 0.9
    assert (pair.chosen.mining, pair.chosen.exploration) == (results.insight.mining, results.insight.exploration)
    assert results.revised_chosen is None
    assert pair.rejected.mining == results.revised_rejected["mining"]
    assert tuple(p.path for p in pair.rejected.mining.predictions) == results.wrong_paths["mining"]
    assert pair.rejected.exploration == pair.chosen.exploration


async def test_middle_chosen_revises_the_true_view_along_the_true_paths() -> None:
    pair, outcome = await pair_of(ChangedRules(similarity=scored(MINING_BEST)))
    results = outcome.results
    assert pair.branch == "mid" and pair.perturbed == ("mining",)
    assert results.next_path is not None and results.insight is not None
    true = results.next_path.view
    assert pair.chosen.view(true) == results.revised_chosen
    paths = {p.path for p in pair.chosen.view(true).predictions}
    assert paths == {results.next_path.best, results.next_path.secondary}
    other = "exploration" if true == "mining" else "mining"
    assert pair.chosen.view(other) == getattr(results.insight, other)
    assert pair.rejected.mining == results.revised_rejected["mining"]
    assert pair.rejected.exploration == results.insight.exploration


async def test_low_rejected_is_the_insight_and_nothing_is_perturbed() -> None:
    model = ChangedRules(similarity=scored({"m1": 0.2, "m2": 0.1, "e1": 0.0, "e2": 0.2}))
    pair, outcome = await pair_of(model)
    assert outcome.results.insight is not None
    assert pair.branch == "low" and pair.perturbed == ()
    assert (pair.rejected.mining, pair.rejected.exploration) == (
        outcome.results.insight.mining,
        outcome.results.insight.exploration,
    )
    assert outcome.results.revised_chosen in (pair.chosen.mining, pair.chosen.exploration)
    assert "wrong_path" not in model.prompts and outcome.results.wrong_paths == {}


async def test_both_views_are_perturbed_when_both_hold_the_top_score() -> None:
    pair, outcome = await pair_of(ChangedRules(similarity=scored(BOTH_BEST)))
    assert pair.perturbed == ("mining", "exploration")
    assert set(outcome.results.wrong_paths) == set(outcome.results.revised_rejected) == {"mining", "exploration"}
    assert pair.rejected.mining == outcome.results.revised_rejected["mining"]
    assert pair.rejected.exploration == outcome.results.revised_rejected["exploration"]


# Depth


@pytest.mark.parametrize(
    ("scores", "depth", "calls"),
    [
        (raised(MINING_BEST, 0.4), 5, 8),  # 6 to the scores, wrong path, revision
        (MINING_BEST, 5, 9),
        (BOTH_BEST, 5, 11),
        ({"m1": 0.1, "m2": 0.1, "e1": 0.1, "e2": 0.1}, 4, 7),
    ],
)
async def test_five_calls_deep_at_most(scores: dict[str, float], depth: int, calls: int) -> None:
    model = ClockedRules(similarity=scored(scores))
    work = asyncio.create_task(run(model))
    await model.run_clock(work)
    assert work.result().pair is not None
    assert model.ticks == depth
    assert sum(len(ticks) for ticks in model.started.values()) == calls
    first = {"intent_tree": [1], "category_reasons": [1], "category_label": [1], "insight": [2], "next_path": [2]}
    assert {stage: model.started[stage] for stage in first} == first
    assert model.started["similarity"] == [3]
    assert set(model.started["wrong_path"]) <= {4}


# The known defects of the published code, in its order. (3 is the client's, 4 that of normalising.)


async def test_defect_1_wrong_paths_never_learn_the_next_utterance() -> None:
    later = (HOTEL.next_utterance, f"  {HOTEL.next_utterance.upper()} ", "And where do we park the car?")
    sample = HOTEL.model_copy(update={"later_utterances": later})
    model = ChangedRules(similarity=scored(MINING_BEST))
    pair, _ = await pair_of(model, sample)
    (prompt,) = model.prompts["wrong_path"]
    text = prompt.messages[-1].content
    assert "And where do we park the car?" in text
    assert normalise(HOTEL.next_utterance) not in normalise(text)
    utterance = normalise(HOTEL.next_utterance)
    assert all(normalise(p.text) != utterance for p in pair.rejected.predictions)


async def test_defect_2_an_unexpected_shape_fails_one_item_with_its_reason() -> None:
    def poison(prompt: Prompt, text: str) -> str:
        return '["?"]' if "POISON" in prompt.messages[1].content else text

    samples = [HOTEL.model_copy(update={"external_id": f"d{i}"}) for i in range(5)]
    context = (HOTEL.context[0].model_copy(update={"content": "POISON hotel"}), *HOTEL.context[1:])
    samples[2] = samples[2].model_copy(update={"context": context})
    outcomes = await many(ChangedRules(insight=poison), samples, concurrency=5)
    failures = {i: o.failure for i, o in outcomes.items() if o.failure is not None}
    assert list(failures) == ["d2"]
    assert failures["d2"].stage == "insight" and failures["d2"].kind == "reply"
    assert "object" in failures["d2"].reason and failures["d2"].raw == '["?"]'
    assert all(o.pair is not None for i, o in outcomes.items() if i != "d2")


@pytest.mark.parametrize("scores", [MINING_BEST, BOTH_BEST, raised(BOTH_BEST, 0.4)])
async def test_defect_5_the_best_prediction_does_not_stay_in_rejected(scores: dict[str, float]) -> None:
    pair, outcome = await pair_of(ChangedRules(similarity=scored(scores)))
    insight = outcome.results.insight
    assert insight is not None
    best = [
        p.text
        for p in insight.mining.predictions + insight.exploration.predictions
        if scores[p.id] == max(scores.values())
    ]
    assert not set(best) & {p.text for p in pair.rejected.predictions}


@pytest.mark.parametrize("by", [0.4, 0.0, -0.3])
async def test_defect_6_rejected_keeps_the_true_category(by: float) -> None:
    scores = {i: max(score + by, 0.0) for i, score in MINING_BEST.items()}
    pair, outcome = await pair_of(ChangedRules(similarity=scored(scores)))
    reasons = outcome.results.category_reasons
    assert reasons is not None
    for trace in (pair.chosen, pair.rejected):
        assert trace.category == outcome.results.category == "Question"
        assert trace.category_reasoning == reasons.question


async def test_defect_7_the_same_seed_gives_the_same_pairs_at_any_concurrency() -> None:
    samples = list(bundled_samples())[::4]
    serial = await many(ShuffledRules(), samples, concurrency=1)
    parallel = await many(ShuffledRules(), samples[::-1], concurrency=10)
    assert serial == parallel
    orders = {seed: await shown_orders(samples[:8], seed) for seed in (0, 1)}
    assert orders[0] == await shown_orders(samples[:8], 0)
    assert orders[0] != orders[1]


async def test_defect_8_prompts_hold_json_and_no_python_reprs() -> None:
    model = ChangedRules(similarity=scored(BOTH_BEST))
    await pair_of(model)
    texts = [p.messages[-1].content for prompts in model.prompts.values() for p in prompts]
    assert any('"Garden Inn"' in text for text in texts)
    for text in texts:
        assert "{'" not in text and "Path(" not in text and "topic=" not in text


async def test_defect_9_no_stages_result_is_changed_afterwards() -> None:
    orders = set()
    for seed in range(12):
        pair, outcome = await pair_of(ChangedRules(similarity=scored(MINING_BEST)), seed=seed)
        results = outcome.results
        assert results.next_path is not None
        copy_before = copy.deepcopy(results.next_path)
        fresh, _ = await pair_of(ChangedRules(similarity=scored(MINING_BEST)), seed=seed + 100)
        assert results.next_path == copy_before
        first = pair.chosen.view(copy_before.view).predictions[0].path
        orders.add(first == copy_before.best)
        assert fresh.chosen.tree == pair.chosen.tree
    # The best path comes first about half the time, but the stored true path is the best one every time.
    assert orders == {True, False}
    bests = [(await run(RulesModel(), seed=s)).results.next_path for s in range(6)]
    assert all(b is not None and bests[0] is not None and b.best == bests[0].best for b in bests)


# What is kept, and what a failure says


@pytest.mark.parametrize("stage", STAGES)
async def test_a_failing_stage_is_named_and_what_was_reached_is_kept(stage: str) -> None:
    outcome = await run(ChangedRules(**{"similarity": scored(BOTH_BEST)} | fails(stage)))
    assert outcome.pair is None and outcome.failure is not None
    assert outcome.failure.stage == stage and outcome.failure.raw == "{}"
    field = {"intent_tree": "tree", "category_label": "category", "wrong_path": "wrong_paths"}.get(stage, stage)
    reached = outcome.results.model_dump()
    if stage == "revise":
        assert reached["revised_chosen"] is None and reached["revised_rejected"] == {}
        assert reached["similarity"] is not None
    else:
        assert not reached[field]
    if stage == "similarity":
        assert reached["insight"] is not None and reached["tree"] is not None and reached["next_path"] is not None


def fails(stage: str) -> dict[str, Change]:
    return {stage: lambda prompt, text: "{}"}


async def test_a_failing_stage_cancels_the_rest_of_its_item() -> None:
    model = ClockedRules(category_label=lambda prompt, text: "nonsense")
    work = asyncio.create_task(run(model))
    await model.run_clock(work)
    failure = work.result().failure
    assert failure is not None and failure.stage == "category_label"
    assert model.started["insight"] == [] and model.started["similarity"] == []
    assert len(asyncio.all_tasks()) <= 2  # this test and its runner: nothing lingers


@pytest.mark.parametrize(
    ("error", "kind"), [(ModelUnavailable("503"), "unavailable"), (ModelRefused("no such model"), "refused")]
)
async def test_a_server_that_is_down_is_told_from_a_bad_reply(error: Exception, kind: str) -> None:
    class Down(RulesModel):
        async def complete(self, prompt: Prompt, **kwargs: Any) -> Completion:
            raise error

    failure = (await run(Down())).failure
    assert failure is not None and (failure.kind, failure.reason) == (kind, str(error))


async def test_a_bug_is_raised_and_not_stored_as_a_failure() -> None:
    class Broken(RulesModel):
        async def complete(self, prompt: Prompt, **kwargs: Any) -> Completion:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        await run(Broken())


async def test_cancelling_an_item_is_not_a_failure_of_it() -> None:
    model = ClockedRules()
    work = asyncio.create_task(run(model))
    await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_outcomes_survive_json() -> None:
    for model in (ChangedRules(similarity=scored(BOTH_BEST)), ChangedRules(**fails("revise"))):
        outcome = await run(model)
        assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome


async def test_gates_are_checked() -> None:
    def quote(prompt: Prompt, text: str) -> str:
        reasons = json.loads(text)
        return json.dumps({k: f"{v} {HOTEL.next_utterance}" for k, v in reasons.items()})

    pair, _ = await pair_of(ChangedRules(category_reasons=quote))
    assert [f.gate for f in pair.gates_failed] == ["leaked_utterance"]


# Randomness


def test_an_items_chance_depends_on_its_identity_only() -> None:
    def draw(seed: int = 1, external_id: str = "a", target_index: int = 2) -> float:
        return item_random(seed=seed, external_id=external_id, target_index=target_index).random()

    assert draw() == draw()
    assert len({draw(), draw(seed=2), draw(external_id="b"), draw(target_index=4)}) == 4
    assert draw(external_id="a", target_index=12) != draw(external_id="a1", target_index=2)


async def many(model: RulesModel, samples: list[Sample], *, concurrency: int, seed: int = 0) -> dict[str, Outcome]:
    at_once = asyncio.Semaphore(concurrency)

    async def outcome_of(sample: Sample) -> Outcome:
        async with at_once:
            return await synthesise(model, sample, thresholds=Thresholds(), seed=seed)

    ended = await asyncio.gather(*(outcome_of(sample) for sample in samples))
    keys = [s.external_id if s.target_index == 2 else f"{s.external_id}#{s.target_index}" for s in samples]
    return dict(zip(keys, ended, strict=True))


async def shown_orders(samples: list[Sample], seed: int) -> list[list[str]]:
    model = ChangedRules()
    for sample in samples:
        await run(model, sample, seed)
    return [[p.id for p in prompt.values["predictions"]] for prompt in model.prompts["similarity"]]
