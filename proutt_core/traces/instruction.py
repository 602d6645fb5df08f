"""What everything that emits traces is told to do: training rows, prompted and tuned models.

In an ablation neither the steps nor the form speak of what was left out. `traces` reads and writes the form.
"""

import functools
from itertools import combinations

from proutt_core.traces.ablation import views_of
from proutt_core.types import VIEWS, Part

TREE = "[User Intent Tree]:"
CATEGORY = "[Analysis of the sentence category for the user's next input]:"
MINING = "[Mining View Analysis]:"
MINING_PATHS = "[Mining Paths]:"
EXPLORATION = "[Exploration View Analysis]:"
EXPLORATION_PATHS = "[Exploration Paths]:"
SECTIONS = (TREE, CATEGORY, MINING, MINING_PATHS, EXPLORATION, EXPLORATION_PATHS)
THEREFORE = "Therefore, the sentence category for the user's next input is most likely {}."

_PARTS: tuple[Part, ...] = ("tree", "category", *VIEWS)  # that have a section
_ABLATIONS = [
    frozenset(parts)
    for count in range(1, len(_PARTS))
    for parts in combinations(_PARTS, count)
    if not {*VIEWS} <= {*parts}
]
_TWO_PATHS = '[{"source": "…", "node": "…", "leaf": "…"}, {"source": "…", "node": "…", "leaf": "…"}]'


@functools.lru_cache(maxsize=64)
def instruction(without: frozenset[Part] = frozenset()) -> str:
    """The instruction of the whole method, or of an ablation of it."""
    steps = "\n".join(f"{n}. {step}" for n, step in enumerate(_steps(without), start=1))
    return f"""\
Read the dialogue between a user and an assistant and predict what the user says next.

{steps}
{_predictions(without)}

Answer in exactly this form:
<think>
{_form(without)}
</think>
{_predict_lines(without)}"""


def left_out_by(prompt: str) -> frozenset[Part]:
    """What our instruction at the beginning of a prompt leaves out; nothing where no instruction of an ablation is."""
    return next((without for without in _ABLATIONS if prompt.startswith(instruction(without))), frozenset())


def sections_of(without: frozenset[Part]) -> tuple[str, ...]:
    """The names of a trace's sections, in their order."""
    parts: dict[Part, tuple[str, ...]] = {
        "tree": (TREE,),
        "category": (CATEGORY,),
        "mining": (MINING, MINING_PATHS),
        "exploration": (EXPLORATION, EXPLORATION_PATHS),
    }
    return tuple(name for part, names in parts.items() if part not in without for name in names)


def _steps(without: frozenset[Part]) -> list[str]:
    origin = "dialogue" if "tree" in without else "tree"
    steps: dict[Part, str] = {
        "tree": (
            "Intent tree. What the user has asked for so far: topics, their attributes, and a short value of each, as "
            'JSON: {"topic": {"attribute": "value"}}.'
        ),
        "category": (
            "Sentence category. Reason, above all from the assistant's last reply, whether the user will make a "
            "Statement (gives information, an opinion or thanks), ask a Question, or give an Instruction (wants "
            "something done)."
        ),
        "mining": (
            f"Mining. How the user may go on with a topic of the {origin}: a new attribute of it, or another value of "
            f"one. Two paths: source (a topic of the {origin}), node (the attribute), leaf (its value)."
        ),
        "exploration": (
            f"Exploration. Which new but related topic the user may turn to. Two paths: source (a topic of the "
            f"{origin}), node (the new topic, not in the {origin}), leaf (an attribute of it)."
        ),
    }
    return [step for part, step in steps.items() if part not in without]


def _predictions(without: frozenset[Part]) -> str:
    count = "four" if len(views_of(without)) == 2 else "two"
    category = "" if "category" in without else " of the predicted category,"
    return (
        f"Then {count} predictions, one for each path in order,{category} written as the user would write them and in "
        "the dialogue's language."
    )


def _form(without: frozenset[Part]) -> str:
    bodies = {
        TREE: '{"topic": {"attribute": "value"}}',
        CATEGORY: f"reasoning\n{THEREFORE.format('Question')}",
        MINING: "reasoning",
        MINING_PATHS: _TWO_PATHS,
        EXPLORATION: "reasoning",
        EXPLORATION_PATHS: _TWO_PATHS,
    }
    return "\n\n".join(f"{name}\n{bodies[name]}" for name in sections_of(without))


def _predict_lines(without: frozenset[Part]) -> str:
    return "\n".join(f"<predict>{view}, path {n}</predict>" for view in views_of(without) for n in (1, 2))
