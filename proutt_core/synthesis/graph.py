"""The stages of one sample as tasks that start as soon as what they read is there. See synthesis.py for the method."""

import asyncio
import functools
from asyncio import Task
from dataclasses import dataclass
from typing import TypedDict

from proutt_core.llm import Model
from proutt_core.synthesis.branches import branch_of, views_to_perturb
from proutt_core.synthesis.gates import PairEvidence, best_predictions, check_gates
from proutt_core.synthesis.hindsight import overlaps
from proutt_core.synthesis.recording import Recorder
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
    Part,
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
    """All that chance decides about an item, drawn at once: the timing of calls cannot change it."""

    shown_order: tuple[int, ...]  # in which the similarity stage sees the predictions
    best_path_first: bool  # or the true path would always be prediction 1


@dataclass(frozen=True)
class Graph:
    """The stages of one sample as tasks of one group: the first that fails cancels the others.

    A stage of a part that was left out is not asked and returns None.
    """

    model: Model
    sample: Sample
    thresholds: Thresholds
    recorder: Recorder
    draws: Draws
    without: frozenset[Part]

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
            led_on = branch != "high" and "revision" not in self.without
            led_astray = branch != "low" and "revision" not in self.without
            revising = group.create_task(self._revise_chosen(found)) if led_on else None
            perturbed = views_to_perturb(found.insight, found.scores) if led_astray else ()
            perturbing = [group.create_task(self._perturb(found, view)) for view in perturbed]
        base = found.trace(reasons.result())
        return self._pair(
            found,
            branch,
            base,
            revised=None if revising is None else revising.result(),
            wrong=tuple(task.result() for task in perturbing),
        )

    def _pair(
        self,
        found: "_Found",
        branch: Branch,
        base: Trace,
        *,
        revised: ViewReasoning | None,
        wrong: tuple[ViewReasoning, ...],
    ) -> SynthesisedPair:
        said = self.sample.next_utterance
        evidence = PairEvidence(
            chosen=base if revised is None else base.with_view(revised),
            rejected=None if "revision" in self.without else functools.reduce(Trace.with_view, wrong, base),
            branch=branch,
            context=self.sample.context,
            next_utterance=said,
            best_predictions=best_predictions(found.insight, found.scores),
            without=self.without,
        )
        in_chosen, in_insight = overlaps(insight=found.insight, true=found.true, revised=revised, utterance=said)
        return SynthesisedPair(
            chosen=evidence.chosen,
            rejected=evidence.rejected,
            branch=branch,
            top_similarity=found.top_similarity,
            perturbed=tuple(view.view for view in wrong),
            gates_failed=check_gates(evidence),
            without=tuple(sorted(self.without)),
            overlap_chosen=in_chosen,
            overlap_insight=in_insight,
        )

    async def _tree(self) -> IntentTree | None:
        if "tree" in self.without:
            return None
        call = extract_intent_tree(self.model, context=self.sample.context, **self._asked())
        return await self.recorder.stage("intent_tree", "tree", call)

    async def _category(self) -> Category | None:
        if "category" in self.without:
            return None
        call = label_category(
            self.model,
            last_assistant=self.sample.context[-1].content,
            next_utterance=self.sample.next_utterance,
            without=self.without,
        )
        return await self.recorder.stage("category_label", "category", call)

    async def _reasons(self) -> CategoryReasons | None:
        if "category" in self.without:
            return None
        call = reason_categories(self.model, context=self.sample.context, **self._asked())
        return await self.recorder.stage("category_reasons", "category_reasons", call)

    async def _insight(self, tree: Task[IntentTree | None], category: Task[Category | None]) -> Insight:
        known_tree, known_category = await tree, await category
        call = gain_insight(
            self.model, context=self.sample.context, tree=known_tree, category=known_category, **self._asked()
        )
        return await self.recorder.stage("insight", "insight", call)

    async def _next_path(self, tree: Task[IntentTree | None]) -> NextPath | None:
        if "revision" in self.without:
            return None
        known_tree = await tree
        call = find_next_path(
            self.model,
            context=self.sample.context,
            tree=known_tree,
            next_utterance=self.sample.next_utterance,
            **self._asked(),
        )
        return await self.recorder.stage("next_path", "next_path", call)

    async def _similarity(self, insight: Task[Insight]) -> tuple[SimilarityScore, ...]:
        predictions = (await insight).predictions
        call = score_similarity(
            self.model,
            context=self.sample.context,
            next_utterance=self.sample.next_utterance,
            predictions=tuple(predictions[i] for i in self.draws.shown_order),
            without=self.without,
        )
        return await self.recorder.stage("similarity", "similarity", call)

    async def _revise_chosen(self, found: "_Found") -> ViewReasoning:
        true = found.true_path
        paths = (true.best, true.secondary) if self.draws.best_path_first else (true.secondary, true.best)
        call = self._revise(found, found.insight.view(true.view), paths)
        return await self.recorder.stage("revise", "revised_chosen", call)

    async def _perturb(self, found: "_Found", view: View) -> ViewReasoning:
        # Imported samples promise it; a sample of any other origin is held to it here.
        true_text = normalise(self.sample.next_utterance)
        later = tuple(text for text in self.sample.later_utterances if normalise(text) != true_text)
        finding = find_wrong_paths(
            self.model,
            tree=found.tree,
            view=view,
            true=found.true_path,
            later_utterances=later,
            context=self.sample.context if found.tree is None else None,
            **self._asked(),
        )
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
            **self._asked(),
        )

    def _asked(self) -> "_Asked":
        return {"language": self.sample.language, "without": self.without}


class _Asked(TypedDict):
    """What every stage that writes text is told."""

    language: str
    without: frozenset[Part]


@dataclass(frozen=True)
class _Found:
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
