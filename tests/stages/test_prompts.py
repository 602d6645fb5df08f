"""What each stage's prompt shows, what it must not show, and the order that lets a server cache prefixes."""

import ast
from pathlib import Path

import pytest

import proutt_core.stages
from proutt_core.llm import Prompt
from proutt_core.stages import STAGES, wrong_path
from proutt_core.synthesis import synthesise
from proutt_core.types import NextPath, Sample, Thresholds
from proutt_core.types import Path as Path_
from tests.llm.fakes import ChangedRules
from tests.samples import HOTEL
from tests.test_synthesis import BOTH_BEST, scored
from tests.traces import a_trace

pytestmark = pytest.mark.anyio

MARKER = "Can we swim in the courtyard pool there?"
SEES_NEXT = {"category_label", "similarity", "next_path"}
SEES_CONTEXT = {"intent_tree", "category_reasons", "insight", "similarity", "next_path", "revise"}
SEES_TREE = {"insight", "next_path", "wrong_path", "revise"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def prompts_of(sample: Sample = HOTEL) -> dict[str, list[Prompt]]:
    model = ChangedRules(similarity=scored(BOTH_BEST))
    outcome = await synthesise(model, sample, thresholds=Thresholds(), seed=0)
    assert outcome.failure is None
    return dict(model.prompts)


def text_of(prompt: Prompt) -> str:
    return prompt.messages[-1].content


async def test_only_three_stages_ever_see_the_next_utterance() -> None:
    assert HOTEL.next_utterance == MARKER
    prompts = await prompts_of()
    assert set(prompts) == set(STAGES)
    assert {stage for stage, asked in prompts.items() if any(MARKER in text_of(p) for p in asked)} == SEES_NEXT
    for stage in set(STAGES) - SEES_NEXT:
        assert all(MARKER not in repr(dict(p.values)) for p in prompts[stage])


async def test_each_stage_reads_what_the_design_says() -> None:
    prompts = await prompts_of()
    user = HOTEL.context[0].content
    assert {stage for stage, asked in prompts.items() if user in text_of(asked[0])} == SEES_CONTEXT
    assert {stage for stage, asked in prompts.items() if "# Intent tree" in text_of(asked[0])} == SEES_TREE
    assert HOTEL.context[-1].content in text_of(prompts["category_label"][0])


async def test_prompts_of_one_dialogue_share_preamble_dialogue_and_tree() -> None:
    prompts = await prompts_of()
    assert len({p.messages[0] for asked in prompts.values() for p in asked}) == 1
    with_context = [text_of(p) for stage in SEES_CONTEXT for p in prompts[stage]]
    dialogue = text_of(prompts["intent_tree"][0]).split("# Task")[0]
    assert all(text.startswith(dialogue) for text in with_context)
    both = [text_of(p) for stage in SEES_CONTEXT & SEES_TREE for p in prompts[stage]]
    shared = text_of(prompts["insight"][0]).split("# Task")[0]
    assert len(shared) > len(dialogue) and all(text.startswith(shared) for text in both)


async def test_tasks_are_short() -> None:
    prompts = await prompts_of()
    for stage in ("intent_tree", "category_reasons", "insight"):
        assert len(text_of(prompts[stage][0]).split("# Task")[1]) < 400, stage


async def test_later_utterances_reach_the_wrong_path_and_nothing_else() -> None:
    prompts = await prompts_of()
    for later in HOTEL.later_utterances:
        assert {stage for stage, asked in prompts.items() if any(later in text_of(p) for p in asked)} == {"wrong_path"}


async def test_braces_in_a_dialogue_are_text() -> None:
    context = tuple(m.model_copy(update={"content": m.content + " {view} {0} {"}) for m in HOTEL.context)
    sample = HOTEL.model_copy(
        update={"context": context, "next_utterance": "{category} {} }", "later_utterances": ("{x}",)}
    )
    prompts = await prompts_of(sample)
    assert "{category} {} }" in text_of(prompts["similarity"][0])
    assert "{x}" in text_of(prompts["wrong_path"][0])


def test_stages_never_import_each_other() -> None:
    for file in Path(proutt_core.stages.__file__).parent.glob("*.py"):
        if file.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("proutt_core.stages"):
                assert node.module in {"proutt_core.stages._preamble", "proutt_core.stages._replies"}, file.name


def test_the_wrong_path_prompt_shows_every_path_that_its_answer_depends_on() -> None:
    """The key of a stored reply is made of the messages: what they leave out would be answered for another sample."""

    def asked(**changes: str) -> str:
        paths = {
            name: Path_(view="mining", source="Hotel", node=changes.get(name, name), leaf="x")
            for name in ("best", "secondary")
        }
        true = NextPath(view="mining", **paths)
        return text_of(wrong_path.prompt(tree=a_trace().tree, view="mining", true=true, later_utterances=()))

    assert len({asked(), asked(best="pool"), asked(secondary="pool")}) == 3
