"""The stages of one sample as tasks; each starts as soon as its inputs are ready. See synthesise.py for the method."""

import asyncio
import functools
from asyncio import Task
from dataclasses import dataclass

from proutt_core.llm import Model
from proutt_core.synthesis.branches import branch_of, views_to_perturb
from proutt_core.synthesis.gates import PairEvidence, best_predictions, check_gates
from proutt_core.synthesis.hindsight import overlaps
from proutt_core.synthesis.recording import Recorder
from proutt_core.synthesis.stages import StageOptions
from proutt_core.synthesis.stages.category_label import label_category
from proutt_core.synthesis.stages.category_reasons import reason_categories
from proutt_core.synthesis.stages.insight import gain_insight
from proutt_core.synthesis.stages.intent_tree import extract_intent_tree
from proutt_core.synthesis.stages.next_path import find_next_path
from proutt_core.synthesis.stages.revise import revise_view
from proutt_core.synthesis.stages.similarity import score_similarity
from proutt_core.synthesis.stages.wrong_path import find_wrong_paths
from proutt_core.text import normalise
from proutt_core.types import (
    Branch,
    Category,
    CategoryReasons,
    Insight,
    IntentTree,
    NextPath,
    Path,
    Sample,
    SimilarityScore,
    SynthesisedPair,
    Thresholds,
    Trace,
    View,
    ViewReasoning,
)


@dataclass(frozen=True)
class Draws:
    """All that chance decides about an item, drawn beforehand, so that the timing of calls cannot change it."""

    shown_order: tuple[int, ...]  # in which the similarity stage sees the predictions
    best_path_first: bool  # or the true path would always be prediction 1


@dataclass(frozen=True)
class BranchEvidence:
    """What the branches are decided from."""

    tree: IntentTree | None
    category: Category | None
    insight: Insight
    scores: tuple[SimilarityScore, ...]
    true: NextPath | None

    @property
    def top_similarity(self) -> float:
        return max(score.score for score in self.scores)

    @property
    def true_path(self) -> NextPath:
        assert self.true is not None  # it is asked for wherever anything is revised
        return self.true

    def trace(self, reasons: CategoryReasons | None) -> Trace:
        """The insight as a trace, before any revision."""
        return Trace(
            tree=self.tree,
            category=self.category,
            category_reasoning=reasons.of(self.category) if self.category and reasons else None,
            mining=self.insight.mining,
            exploration=self.insight.exploration,
        )


@dataclass(frozen=True)
class Graph:
    """The stages of one sample as tasks of one group: the first that fails cancels the others.

    The stage of a part that was left out asks nothing and returns None.
    """

    model: Model
    sample: Sample
    thresholds: Thresholds
    recorder: Recorder
    draws: Draws
    options: StageOptions

    async def run(self) -> SynthesisedPair:
        async with asyncio.TaskGroup() as group:
            tree = group.create_task(self._tree())
            category = group.create_task(self._category())
            reasons = group.create_task(self._reasons())
            insight = group.create_task(self._insight(tree, category))
            true = group.create_task(self._next_path(tree))
            scores = group.create_task(self._similarity(insight))
            evidence = BranchEvidence(await tree, await category, await insight, await scores, await true)
            branch = branch_of(evidence.top_similarity, self.thresholds)
            led_on = branch != "high" and self.options.has("revision")
            led_astray = branch != "low" and self.options.has("revision")
            revising = group.create_task(self._revise_chosen(evidence)) if led_on else None
            perturbed = views_to_perturb(evidence.insight, evidence.scores) if led_astray else ()
            perturbing = [group.create_task(self._perturb(evidence, view)) for view in perturbed]
        base = evidence.trace(reasons.result())
        return self._pair(
            evidence,
            branch,
            base,
            revised=None if revising is None else revising.result(),
            wrong=tuple(task.result() for task in perturbing),
        )

    def _pair(
        self,
        evidence: BranchEvidence,
        branch: Branch,
        base: Trace,
        *,
        revised: ViewReasoning | None,
        wrong: tuple[ViewReasoning, ...],
    ) -> SynthesisedPair:
        utterance = self.sample.next_utterance
        pair_evidence = PairEvidence(
            chosen=base if revised is None else base.with_view(revised),
            rejected=functools.reduce(Trace.with_view, wrong, base) if self.options.has("revision") else None,
            branch=branch,
            context=self.sample.context,
            next_utterance=utterance,
            best_predictions=best_predictions(evidence.insight, evidence.scores),
            without=self.options.without,
        )
        overlap_chosen, overlap_insight = overlaps(
            insight=evidence.insight, true=evidence.true, revised=revised, utterance=utterance
        )
        return SynthesisedPair(
            chosen=pair_evidence.chosen,
            rejected=pair_evidence.rejected,
            branch=branch,
            top_similarity=evidence.top_similarity,
            perturbed=tuple(view.view for view in wrong),
            gates_failed=check_gates(pair_evidence),
            without=tuple(sorted(self.options.without)),
            overlap_chosen=overlap_chosen,
            overlap_insight=overlap_insight,
        )

    async def _tree(self) -> IntentTree | None:
        if not self.options.has("tree"):
            return None
        call = extract_intent_tree(self.model, context=self.sample.context, options=self.options)
        return await self.recorder.stage("intent_tree", "tree", call)

    async def _category(self) -> Category | None:
        if not self.options.has("category"):
            return None
        call = label_category(
            self.model,
            last_assistant=self.sample.context[-1].content,
            next_utterance=self.sample.next_utterance,
            options=self.options,
        )
        return await self.recorder.stage("category_label", "category", call)

    async def _reasons(self) -> CategoryReasons | None:
        if not self.options.has("category"):
            return None
        call = reason_categories(self.model, context=self.sample.context, options=self.options)
        return await self.recorder.stage("category_reasons", "category_reasons", call)

    async def _insight(self, tree: Task[IntentTree | None], category: Task[Category | None]) -> Insight:
        known_tree, known_category = await tree, await category
        call = gain_insight(
            self.model, context=self.sample.context, tree=known_tree, category=known_category, options=self.options
        )
        return await self.recorder.stage("insight", "insight", call)

    async def _next_path(self, tree: Task[IntentTree | None]) -> NextPath | None:
        if not self.options.has("revision"):
            return None
        known_tree = await tree
        call = find_next_path(
            self.model,
            context=self.sample.context,
            tree=known_tree,
            next_utterance=self.sample.next_utterance,
            options=self.options,
        )
        return await self.recorder.stage("next_path", "next_path", call)

    async def _similarity(self, insight: Task[Insight]) -> tuple[SimilarityScore, ...]:
        predictions = (await insight).predictions
        call = score_similarity(
            self.model,
            context=self.sample.context,
            next_utterance=self.sample.next_utterance,
            predictions=tuple(predictions[i] for i in self.draws.shown_order),
            options=self.options,
        )
        return await self.recorder.stage("similarity", "similarity", call)

    async def _revise_chosen(self, evidence: BranchEvidence) -> ViewReasoning:
        true = evidence.true_path
        paths = (true.best, true.secondary) if self.draws.best_path_first else (true.secondary, true.best)
        call = self._revise(evidence, evidence.insight.view(true.view), paths)
        return await self.recorder.stage("revise", "revised_chosen", call)

    async def _perturb(self, evidence: BranchEvidence, view: View) -> ViewReasoning:
        # Imported samples promise it; a sample of any other origin is held to it here.
        true_text = normalise(self.sample.next_utterance)
        later = tuple(text for text in self.sample.later_utterances if normalise(text) != true_text)
        call = find_wrong_paths(
            self.model,
            tree=evidence.tree,
            view=view,
            true=evidence.true_path,
            later_utterances=later,
            context=self.sample.context if evidence.tree is None else None,
            options=self.options,
        )
        paths = await self.recorder.stage("wrong_path", "wrong_paths", call, view=view)
        revision = self._revise(evidence, evidence.insight.view(view), paths)
        return await self.recorder.stage("revise", "revised_rejected", revision, view=view)

    async def _revise(self, evidence: BranchEvidence, view: ViewReasoning, paths: tuple[Path, Path]) -> ViewReasoning:
        return await revise_view(
            self.model,
            context=self.sample.context,
            tree=evidence.tree,
            category=evidence.category,
            view=view,
            paths=paths,
            options=self.options,
        )
