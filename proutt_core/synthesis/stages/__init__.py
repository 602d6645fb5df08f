"""The eight stages of the method, one a file. None knows another; `synthesis/graph.py` puts them together."""

from collections.abc import Mapping

from proutt_core.synthesis.stages import (
    category_label,
    category_reasons,
    insight,
    intent_tree,
    next_path,
    revise,
    similarity,
    wrong_path,
)
from proutt_core.synthesis.stages._options import StageOptions
from proutt_core.synthesis.stages._preamble import PREAMBLE_VERSION

_MODULES = (intent_tree, category_reasons, category_label, insight, similarity, next_path, wrong_path, revise)

# In the order in which an item reaches them, for settings and screens.
STAGES: tuple[str, ...] = tuple(module.STAGE for module in _MODULES)
PROMPT_VERSIONS: dict[str, int] = {"preamble": PREAMBLE_VERSION} | {m.STAGE: m.VERSION for m in _MODULES}
# The older versions in which this program still asks, for runs that began with them.
STILL_ASKED: Mapping[str, frozenset[int]] = {similarity.STAGE: frozenset({similarity.LISTED})}


def older_prompts(versions: Mapping[str, int]) -> Mapping[str, int] | None:
    """Of a run's versions those that are not the newest; None where this program cannot ask in one of them."""
    older = {stage: version for stage, version in versions.items() if PROMPT_VERSIONS.get(stage) != version}
    known = all(version in STILL_ASKED.get(stage, ()) for stage, version in older.items())
    return older if known and versions.keys() == PROMPT_VERSIONS.keys() else None


__all__ = ["PROMPT_VERSIONS", "STAGES", "StageOptions", "older_prompts"]
