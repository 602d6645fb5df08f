"""The synthesis method: from one sample to a preference pair, along this graph:

    intent_tree ─┬─ insight ── similarity ─┬─ revise (chosen)
    category_label ┘                        └─ wrong_path ── revise (rejected)
    category_reasons    next_path ──────────┘

Each stage starts as soon as its inputs are ready: five calls deep at most. Nothing here knows a database.

Ablations (`without`). The paper (arXiv 2601.09713) names its ablations by part; what we could read of it, and its
published code, do not say how the rest is then done. Ours, so that a part is missing and nothing else changes:

- tree: no intent tree. Paths stay, because revisions follow them; their sources are topics of the dialogue, named
  freely, and the wrong path reads the dialogue in the tree's place. The gate on paths is not applicable.
- category: neither the label nor the three reasonings; predictions may be of any category.
- mining, exploration: one view, two predictions. The remaining view is the true view of every sample and the one that
  is perturbed; the true paths are the nearest it has.
- revision: chosen is the insight, whatever the branch, and there is no rejected: the pairs are SFT rows. Next path,
  wrong path and revise are not asked. Similarity is asked, with the same prompts as in a full run: the branch says how
  near the insight came, and after a full run of the same model every call is answered from the log.
"""

import hashlib
import json
import random
from collections.abc import Mapping
from types import MappingProxyType

from proutt_core.llm import Model
from proutt_core.synthesis.branches import branch_of, views_to_perturb
from proutt_core.synthesis.graph import Draws, Graph
from proutt_core.synthesis.recording import Recorder, SynthesisFailure, first_failure
from proutt_core.synthesis.stages import StageOptions
from proutt_core.traces.ablation import parts_left_out
from proutt_core.types import Part, Sample, StageResults, SynthesisedPair, Thresholds, Value

__all__ = ["Outcome", "branch_of", "item_random", "synthesise", "views_to_perturb"]


# No stage asks in an older version of its prompt.
NEWEST: Mapping[str, int] = MappingProxyType({})


class Outcome(Value):
    """What became of one sample: a pair or a failure, and in either case the results of the stages that ended well."""

    results: StageResults
    pair: SynthesisedPair | None = None
    failure: SynthesisFailure | None = None


def item_random(*, seed: int, external_id: str, target_index: int) -> random.Random:
    """One generator an item, from what does not depend on the database, the order of work or other items."""
    identity = json.dumps([seed, external_id, target_index]).encode()
    return random.Random(int.from_bytes(hashlib.sha256(identity).digest()))


async def synthesise(
    model: Model,
    sample: Sample,
    *,
    thresholds: Thresholds,
    seed: int,
    without: frozenset[Part] = frozenset(),
    older_prompts: Mapping[str, int] = NEWEST,
) -> Outcome:
    """Make the pair of one sample. A stage the model cannot answer ends this item only, as `Outcome.failure`.

    Errors other than ModelError are bugs and are raised.
    """
    options = StageOptions(language=sample.language, without=parts_left_out(without), older_prompts=older_prompts)
    recorder = Recorder()
    draws = _draws(sample, seed, count=2 * len(options.views))
    graph = Graph(model, sample, thresholds, recorder, draws, options)
    try:
        return Outcome(pair=await graph.run(), results=recorder.results())
    except BaseExceptionGroup as group:
        return Outcome(failure=first_failure(group), results=recorder.results())


def _draws(sample: Sample, seed: int, *, count: int) -> Draws:
    """As many draws whatever is left out, so that an ablation shows what both runs have in the same order."""
    rng = item_random(seed=seed, external_id=sample.external_id, target_index=sample.target_index)
    order = tuple(i for i in rng.sample(range(4), 4) if i < count)
    return Draws(shown_order=order, best_path_first=rng.random() < 0.5)
