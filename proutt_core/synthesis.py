"""The synthesis method: from one sample to a preference pair, along this graph:

    intent_tree ─┬─ insight ── similarity ─┬─ revise (chosen)
    category_label ┘                        └─ wrong_path ── revise (rejected)
    category_reasons    next_path ──────────┘

Each stage starts as soon as what it reads is there: five calls deep at most. Nothing here knows a database.
"""

import asyncio
import functools
import hashlib
import json
import random
from asyncio import Task
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from proutt_core.gates import PairEvidence, best_predictions, check_gates
from proutt_core.llm import Model
from proutt_core.recording import Recorder, SynthesisFailure, first_failure
from proutt_core.stages import PROMPT_VERSIONS
from proutt_core.stages.category_label import label_category
from proutt_core.stages.category_reasons import reason_categories
from proutt_core.stages.insight import gain_insight
from proutt_core.stages.intent_tree import extract_intent_tree
from proutt_core.stages.next_path import find_next_path
from proutt_core.stages.revise import revise_view
from proutt_core.stages.similarity import score_similarity
from proutt_core.stages.wrong_path import find_wrong_paths
from proutt_core.text import normalise
from proutt_core.types import (
    VIEWS,
    Branch,
    Category,
    CategoryReasons,
    Insight,
    IntentTree,
    NextPath,
    Path,
    Sample,
    SimilarityScore,
    StageResults,
    SynthesisedPair,
    Thresholds,
    Trace,
    Value,
    View,
    ViewReasoning,
)


class Outcome(Value):
    """What became of one sample: a pair or a failure, and in either case every stage's result that was reached."""

    results: StageResults
    pair: SynthesisedPair | None = None
    failure: SynthesisFailure | None = None


def run_settings(*, model: Model, thresholds: Thresholds, seed: int) -> dict[str, Any]:
    """What a run is frozen to: with these equal, the same sample gives the same pair."""
    return {
        "model": model.name,
        "address": model.address,
        "parameters": dict(model.parameters),
        "thresholds": thresholds.model_dump(),
        "seed": seed,
        "prompts": dict(PROMPT_VERSIONS),
    }


def branch_of(top_similarity: float, thresholds: Thresholds) -> Branch:
    """High from tau_high on, low below tau_low, middle between."""
    if top_similarity >= thresholds.tau_high:
        return "high"
    return "low" if top_similarity < thresholds.tau_low else "mid"


def views_to_perturb(insight: Insight, scores: Iterable[SimilarityScore]) -> tuple[View, ...]:
    """The views that hold a prediction with the top score: both where both do."""
    by_id = {s.id: s.score for s in scores}
    top = max(by_id.values())
    return tuple(v for v in VIEWS if any(by_id[p.id] == top for p in insight.view(v).predictions))


def item_random(*, seed: int, external_id: str, target_index: int) -> random.Random:
    """One generator an item, from what does not depend on the database, the order of work or other items."""
    identity = json.dumps([seed, external_id, target_index]).encode()
    return random.Random(int.from_bytes(hashlib.sha256(identity).digest()))


async def synthesise(model: Model, sample: Sample, *, thresholds: Thresholds, seed: int) -> Outcome:
    """Make the pair of one sample. A stage the model cannot answer ends this item only, as `Outcome.failure`.

    Errors other than ModelError are bugs and are raised.
    """
    recorder = Recorder()
    graph = _Graph(model, sample, thresholds, recorder, _draws(sample, seed))
    try:
        return Outcome(pair=await graph.run(), results=recorder.results())
    except BaseExceptionGroup as group:
        return Outcome(failure=first_failure(group), results=recorder.results())


@dataclass(frozen=True)
class _Draws:
    """All that chance decides about an item, drawn at once: the timing of calls cannot change it."""

    shown_order: tuple[int, ...]  # in which the similarity stage sees the predictions
    best_path_first: bool  # or the true path would always be prediction 1


def _draws(sample: Sample, seed: int) -> _Draws:
    rng = item_random(seed=seed, external_id=sample.external_id, target_index=sample.target_index)
    return _Draws(shown_order=tuple(rng.sample(range(4), 4)), best_path_first=rng.random() < 0.5)


class _Graph:
    """The stages of one sample as tasks of one group: the first that fails cancels the others."""

    def __init__(self, model: Model, sample: Sample, thresholds: Thresholds, recorder: Recorder, draws: _Draws) -> None:
        self.model = model
        self.sample = sample
        self.thresholds = thresholds
        self.recorder = recorder
        self.draws = draws

    async def run(self) -> SynthesisedPair:
        async with asyncio.TaskGroup() as group:
            tree = group.create_task(self._tree())
            category = group.create_task(self._category())
            reasons = group.create_task(self._reasons())
            insight = group.create_task(self._insight(tree, category))
            true = group.create_task(self._next_path(tree))
            scores = group.create_task(self._similarity(insight))
            found = _Found(await tree, await category, await insight, await scores, await true)
            branch = branch_of(found.top_similarity, self.thresholds)
            perturbed = () if branch == "low" else views_to_perturb(found.insight, found.scores)
            chosen = None if branch == "high" else group.create_task(self._revise_chosen(found))
            rejected = [group.create_task(self._perturb(found, view)) for view in perturbed]
        base = Trace(
            tree=found.tree,
            category=found.category,
            category_reasoning=reasons.result().of(found.category),
            mining=found.insight.mining,
            exploration=found.insight.exploration,
        )
        return self._pair(
            found,
            branch,
            perturbed,
            chosen=base if chosen is None else base.with_view(chosen.result()),
            rejected=functools.reduce(Trace.with_view, (task.result() for task in rejected), base),
        )

    def _pair(
        self, found: "_Found", branch: Branch, perturbed: tuple[View, ...], *, chosen: Trace, rejected: Trace
    ) -> SynthesisedPair:
        evidence = PairEvidence(
            chosen=chosen,
            rejected=rejected,
            branch=branch,
            next_utterance=self.sample.next_utterance,
            best_predictions=best_predictions(found.insight, found.scores),
        )
        return SynthesisedPair(
            chosen=chosen,
            rejected=rejected,
            branch=branch,
            top_similarity=found.top_similarity,
            perturbed=perturbed,
            gates_failed=check_gates(evidence),
        )

    async def _tree(self) -> IntentTree:
        call = extract_intent_tree(self.model, context=self.sample.context)
        return await self.recorder.stage("intent_tree", "tree", call)

    async def _category(self) -> Category:
        call = label_category(
            self.model, last_assistant=self.sample.context[-1].content, next_utterance=self.sample.next_utterance
        )
        return await self.recorder.stage("category_label", "category", call)

    async def _reasons(self) -> CategoryReasons:
        call = reason_categories(self.model, context=self.sample.context)
        return await self.recorder.stage("category_reasons", "category_reasons", call)

    async def _insight(self, tree: Task[IntentTree], category: Task[Category]) -> Insight:
        known_tree, known_category = await tree, await category
        call = gain_insight(self.model, context=self.sample.context, tree=known_tree, category=known_category)
        return await self.recorder.stage("insight", "insight", call)

    async def _next_path(self, tree: Task[IntentTree]) -> NextPath:
        known_tree = await tree
        call = find_next_path(
            self.model, context=self.sample.context, tree=known_tree, next_utterance=self.sample.next_utterance
        )
        return await self.recorder.stage("next_path", "next_path", call)

    async def _similarity(self, insight: Task[Insight]) -> tuple[SimilarityScore, ...]:
        predictions = (await insight).predictions
        call = score_similarity(
            self.model,
            context=self.sample.context,
            next_utterance=self.sample.next_utterance,
            predictions=tuple(predictions[i] for i in self.draws.shown_order),
        )
        return await self.recorder.stage("similarity", "similarity", call)

    async def _revise_chosen(self, found: "_Found") -> ViewReasoning:
        best, secondary = found.true.best, found.true.secondary
        paths = (best, secondary) if self.draws.best_path_first else (secondary, best)
        call = self._revise(found, found.insight.view(found.true.view), paths)
        return await self.recorder.stage("revise", "revised_chosen", call)

    async def _perturb(self, found: "_Found", view: View) -> ViewReasoning:
        # Imported samples promise it; a sample of any other origin is held to it here.
        true_text = normalise(self.sample.next_utterance)
        later = tuple(text for text in self.sample.later_utterances if normalise(text) != true_text)
        finding = find_wrong_paths(self.model, tree=found.tree, view=view, true=found.true, later_utterances=later)
        paths = await self.recorder.stage("wrong_path", "wrong_paths", finding, view=view)
        call = self._revise(found, found.insight.view(view), paths)
        return await self.recorder.stage("revise", "revised_rejected", call, view=view)

    async def _revise(self, found: "_Found", view: ViewReasoning, paths: tuple[Path, Path]) -> ViewReasoning:
        return await revise_view(
            self.model,
            context=self.sample.context,
            tree=found.tree,
            category=found.category,
            view=view,
            paths=paths,
        )


@dataclass(frozen=True)
class _Found:
    """What the branches are decided from."""

    tree: IntentTree
    category: Category
    insight: Insight
    scores: tuple[SimilarityScore, ...]
    true: NextPath

    @property
    def top_similarity(self) -> float:
        return max(score.score for score in self.scores)
