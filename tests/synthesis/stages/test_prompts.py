"""What each stage's prompt shows, what it must not show, and the order that lets a server cache prefixes."""

import ast
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

import proutt_core.synthesis.stages
from proutt_core.llm import Prompt
from proutt_core.llm.model import call_key
from proutt_core.llm.rules import RulesModel
from proutt_core.methods import prompted
from proutt_core.synthesis.stages import (
    PROMPT_VERSIONS,
    STAGES,
    StageOptions,
    category_label,
    category_reasons,
    insight,
    intent_tree,
    next_path,
    older_prompts,
    revise,
    similarity,
    wrong_path,
)
from proutt_core.synthesis.stages._preamble import preamble
from proutt_core.synthesis.synthesise import NEWEST, synthesise
from proutt_core.traces.instruction import instruction
from proutt_core.types import PARTS, NextPath, Part, Sample, Thresholds
from proutt_core.types import Path as Path_
from tests.example_traces import a_trace
from tests.llm.fakes import ChangedRules
from tests.samples import HOTEL
from tests.synthesis.test_synthesise import BOTH_BEST, scored

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
        assert len(text_of(prompts[stage][0]).split("# Task")[1]) < 450, stage


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
    for file in Path(proutt_core.synthesis.stages.__file__).parent.glob("*.py"):
        if file.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("proutt_core.synthesis.stages"):
                assert node.module in {
                    "proutt_core.synthesis.stages._options",
                    "proutt_core.synthesis.stages._preamble",
                    "proutt_core.synthesis.stages._replies",
                }, file.name


def test_the_wrong_path_prompt_shows_every_path_that_its_answer_depends_on() -> None:
    """The key of a stored reply is made of the messages: what they leave out would be answered for another sample."""

    def text_with(**changes: str) -> str:
        paths = {
            name: Path_(view="mining", source="Hotel", node=changes.get(name, name), leaf="x")
            for name in ("best", "secondary")
        }
        true = NextPath(view="mining", **paths)
        return text_of(
            wrong_path.prompt(
                tree=a_trace().tree, view="mining", true=true, later_utterances=(), options=StageOptions()
            )
        )

    assert len({text_with(), text_with(best="pool"), text_with(secondary="pool")}) == 3


async def test_the_language_is_said_where_it_is_known_and_only_behind_what_is_shared() -> None:
    unknown, chinese = await prompts_of(), await prompts_of(HOTEL.model_copy(update={"language": "zh"}))
    stages = {stage for stage, asked in chinese.items() if all(text_of(p).endswith("Write in Chinese.") for p in asked)}
    assert stages == set(STAGES) - {"category_label", "similarity"}
    assert not any("Write in" in text_of(p) for asked in unknown.values() for p in asked)
    for stage in stages:
        for with_it, without_it in zip(chinese[stage], unknown[stage], strict=True):
            assert text_of(with_it) == f"{text_of(without_it)} Write in Chinese."
            assert with_it.messages[0] == without_it.messages[0]
    rare = await prompts_of(HOTEL.model_copy(update={"language": "wo"}))
    assert text_of(rare["insight"][0]).endswith("Write in the language with the code wo.")


# Texts and versions

# A text that changes needs a higher version: a run stores the versions it was made with, and a worker of other
# versions does not resume it. Raise the stage's VERSION (PREAMBLE_VERSION), then put the new pair here.
PINNED = {
    "intent_tree": (2, "c0e27d1fb489543f"),
    "category_reasons": (2, "25defe3949196af8"),
    "category_label": (2, "e4cd45a458601f37"),
    "insight": (2, "667763b994b98cb5"),
    "similarity": (3, "90a4f434a4196b9e"),
    "next_path": (2, "0ba29496e3b33799"),
    "wrong_path": (2, "3ae568ecf9b82b69"),
    "revise": (2, "fc3cdc6faf66615e"),
    "preamble": (2, "6e2478382374f442"),
    "predict": (1, "3c013ae40ca82ffc"),
}

PARTS_LEFT_OUT: list[frozenset[Part]] = [frozenset(), *(frozenset({part}) for part in PARTS)]


# Of the versions in which runs that began with them still ask.
PINNED_OLDER = {"similarity": (2, "b220dcfc088bca27")}


def texts_of_stages(older_prompts: Mapping[str, int] = NEWEST) -> dict[str, list[Prompt]]:
    """Each stage's prompts for one fixed item, whole and for every ablation in which the stage is asked."""
    trace, context = a_trace(), HOTEL.context
    prompts: dict[str, list[Prompt]] = {stage: [] for stage in STAGES}
    for without in PARTS_LEFT_OUT:
        tree = None if "tree" in without else trace.tree
        category = None if "category" in without else trace.category
        view = trace.exploration if "mining" in without else trace.mining
        paths = view.predictions[0].path, view.predictions[1].path
        true = NextPath(view=view.view, best=paths[0], secondary=paths[1])
        options = StageOptions(without=without, older_prompts=older_prompts)
        basis = {"context": context, "options": options}
        with_tree = {**basis, "tree": tree}
        target = {"next_utterance": HOTEL.next_utterance}
        if "tree" not in without:
            prompts["intent_tree"].append(intent_tree.prompt(**basis))
        if "category" not in without:
            prompts["category_reasons"].append(category_reasons.prompt(**basis))
            prompts["category_label"].append(category_label.prompt(last_assistant="Yes.", **target, options=options))
        prompts["insight"].append(insight.prompt(**with_tree, category=category))
        prompts["similarity"].append(similarity.prompt(**basis, **target, predictions=view.predictions))
        if "revision" not in without:
            prompts["next_path"].append(next_path.prompt(**with_tree, **target))
            prompts["revise"].append(revise.prompt(**with_tree, category=category, view=view, paths=paths))
            wrong = {"tree": tree, "view": view.view, "true": true, "options": options}
            prompts["wrong_path"] += [
                wrong_path.prompt(**wrong, later_utterances=later, context=context if tree is None else None)
                for later in ((), HOTEL.later_utterances)
            ]
    return prompts


def digest(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def test_a_prompt_does_not_change_without_its_version() -> None:
    pins = {
        stage: (PROMPT_VERSIONS[stage], digest([text_of(prompt) for prompt in prompts]))
        for stage, prompts in texts_of_stages().items()
    }
    pins["preamble"] = (PROMPT_VERSIONS["preamble"], digest([preamble(without) for without in PARTS_LEFT_OUT]))
    pins["predict"] = (prompted.VERSION, digest([prompted.DIRECT, *map(instruction, PARTS_LEFT_OUT)]))
    assert pins == PINNED


def test_a_run_that_began_with_an_older_version_asks_in_its_words() -> None:
    for stage, (version, pin) in PINNED_OLDER.items():
        prompts = texts_of_stages({stage: version})[stage]
        assert {prompt.version % 1000 for prompt in prompts} == {version}
        assert digest([text_of(prompt) for prompt in prompts]) == pin
    assert older_prompts(PROMPT_VERSIONS) == {}
    assert older_prompts(PROMPT_VERSIONS | {"similarity": 2}) == {"similarity": 2}
    for other in ({"similarity": 1}, {"insight": 1}, {"preamble": 1}, {"another": 1}):
        assert older_prompts(PROMPT_VERSIONS | other) is None
    assert older_prompts({"similarity": 2}) is None


async def test_another_version_never_meets_a_stored_answer() -> None:
    (prompt, *_) = (await prompts_of())["insight"]
    later = prompt.model_copy(update={"version": prompt.version + 1})
    other = prompt.model_copy(
        update={
            "messages": (*prompt.messages[:1], prompt.messages[1].model_copy(update={"content": f"{text_of(prompt)} "}))
        }
    )
    keys = {call_key(RulesModel(), asked, None) for asked in (prompt, later, other)}
    assert len(keys) == 3
