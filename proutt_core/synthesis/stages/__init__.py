"""The eight stages of the method, one a file. None knows another; `synthesis/graph.py` puts them together."""

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

__all__ = ["PROMPT_VERSIONS", "STAGES", "StageOptions"]
