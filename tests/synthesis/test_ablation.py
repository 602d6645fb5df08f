"""Every ablation: what is asked, what the prompts say, what the pair lacks, and that it travels through text whole."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from proutt_core.errors import InputError
from proutt_core.export import write_export
from proutt_core.llm import Prompt
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.rules import RulesModel
from proutt_core.runs.request import RunRequest
from proutt_core.synthesis.gates import GATES, not_applicable
from proutt_core.synthesis.stages import STAGES
from proutt_core.synthesis.synthesise import Outcome, synthesise
from proutt_core.traces.ablation import parts_left_out, views_of
from proutt_core.traces.as_text import parse_trace, render_prompt, render_trace
from proutt_core.traces.instruction import instruction
from proutt_core.types import PARTS, IntentTree, Part, SynthesisedPair, Thresholds, Trace, VerbatimPair
from tests.example_traces import a_trace
from tests.export.trl import read_with_trl
from tests.fake_server import FakeServer
from tests.llm.fakes import Change, ChangedRules
from tests.samples import HOTEL, bundled_samples

pytestmark = pytest.mark.anyio

Without = frozenset[Part]
ONE = [frozenset({part}) for part in PARTS]
# All that are meaningful: every subset but those without any view.
ALL: list[Without] = [
    frozenset(parts)
    for size in range(len(PARTS) + 1)
    for parts in itertools.combinations(PARTS, size)
    if not {"mining", "exploration"} <= set(parts)
]
NAMES = [" ".join(sorted(without)) or "nothing" for without in ALL]

# What no prompt may say where the part was left out. (None of it stands in the dialogue HOTEL.)
SAYS: dict[Part, tuple[str, ...]] = {
    "tree": ("tree",),
    "category": ("category", "statement", "wants something done"),
    "mining": ("mining",),
    "exploration": ("exploration",),
    "revision": ("revis", "rewrit"),
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def scored(top: float) -> Change:
    """The first prediction of each view gets `top`, the others 0: both views are perturbed."""

    def change(prompt: Prompt, text: str) -> str:
        ids = [prediction.id for prediction in prompt.values["predictions"]]
        return json.dumps({i: {"reason": "", "score": top if i.endswith("1") else 0.0} for i in ids})

    return change


async def outcome_of(model: RulesModel, without: Without, seed: int = 0) -> Outcome:
    return await synthesise(model, HOTEL, thresholds=Thresholds(), seed=seed, without=without)


async def pair_of(without: Without, *, top: float = 0.5) -> tuple[SynthesisedPair, ChangedRules]:
    model = ChangedRules(similarity=scored(top))
    outcome = await outcome_of(model, without)
    assert outcome.pair is not None, outcome.failure
    return outcome.pair, model


def test_what_leaves_nothing_to_predict_with_and_what_is_no_part_is_refused() -> None:
    with pytest.raises(InputError, match="mining and exploration cannot both"):
        parts_left_out(["mining", "tree", "exploration"])
    with pytest.raises(InputError, match="cannot leave out topics, views; the parts are tree, category"):
        parts_left_out(["views", "tree", "topics"])
    assert parts_left_out(["tree", "tree"]) == {"tree"} and parts_left_out([]) == frozenset()
    assert views_of(frozenset({"mining", "tree"})) == ("exploration",)


async def test_the_core_refuses_it_too() -> None:
    both: Without = frozenset({"mining", "exploration"})
    with pytest.raises(InputError, match="cannot both"):
        await outcome_of(RulesModel(), both)
    with pytest.raises(InputError, match="cannot both"):
        RunRequest(dataset="d", run="r", without=both)


@pytest.mark.parametrize(
    ("without", "gone", "calls"),
    [
        # A whole middle item where both views hold the top score: 6, chosen's revision, 2 × (wrong path, revision).
        (set(), set(), 11),
        ({"tree"}, {"intent_tree"}, 10),
        ({"category"}, {"category_label", "category_reasons"}, 9),
        ({"mining"}, set(), 9),  # one wrong path and one revision less
        ({"exploration"}, set(), 9),
        ({"revision"}, {"next_path", "wrong_path", "revise"}, 5),
        ({"tree", "category", "mining", "revision"}, set(STAGES) - {"insight", "similarity"}, 2),
    ],
)
async def test_stages_that_are_not_needed_are_not_asked(without: set[Part], gone: set[str], calls: int) -> None:
    _, model = await pair_of(frozenset(without))
    assert set(model.prompts) == set(STAGES) - gone
    assert sum(len(asked) for asked in model.prompts.values()) == calls


@pytest.mark.parametrize("without", ALL, ids=NAMES)
async def test_no_prompt_speaks_of_what_was_left_out(without: Without) -> None:
    _, model = await pair_of(without)
    texts = [m.content.casefold() for asked in model.prompts.values() for p in asked for m in p.messages]
    texts += [instruction(without - {"revision"}).casefold()]
    for part in without:
        mentions = [(word, text) for word in SAYS[part] for text in texts if word in text]
        assert not mentions, mentions[0]
    for text in texts:
        assert "\n\n\n" not in text and "# Intent tree\n\n" not in text and "  " not in text


async def test_the_words_that_must_be_gone_are_said_in_a_whole_run() -> None:
    """Or the test above would pass whatever the prompts say."""
    _, model = await pair_of(frozenset())
    everything = " ".join(m.content for asked in model.prompts.values() for p in asked for m in p.messages).casefold()
    assert all(word in everything for words in SAYS.values() for word in words if word != "revis")


async def test_leaving_revision_out_asks_the_rest_in_the_very_same_words() -> None:
    """So that after a whole run the log answers every call of it."""
    _, whole = await pair_of(frozenset())
    _, rest = await pair_of(frozenset({"revision"}))
    for stage, prompts in rest.prompts.items():
        assert [p.messages for p in prompts] == [p.messages for p in whole.prompts[stage]]


@pytest.mark.parametrize("top", [0.9, 0.5, 0.1], ids=["high", "mid", "low"])
@pytest.mark.parametrize("without", ALL, ids=NAMES)
async def test_the_pair_lacks_what_was_left_out_and_nothing_else(without: Without, top: float) -> None:
    pair, _ = await pair_of(without, top=top)
    sides = [pair.chosen] if pair.rejected is None else [pair.chosen, pair.rejected]
    assert len(sides) == (1 if "revision" in without else 2)
    assert pair.without == tuple(sorted(without))
    for trace in sides:
        assert trace.left_out == without - {"revision"}
        assert len(trace.predictions) == 2 * len(views_of(without))
        assert parse_trace(render_trace(trace), without=trace.left_out) == trace
    assert set(pair.perturbed) == (set() if top == 0.1 or "revision" in without else set(views_of(without)))
    assert SynthesisedPair.model_validate_json(pair.model_dump_json()) == pair


@pytest.mark.parametrize("without", ONE, ids=[" ".join(w) for w in ONE])
async def test_branches_revise_what_they_revise_in_a_whole_run(without: Without) -> None:
    chosen, rejected = {}, {}
    for branch, top in (("high", 0.9), ("mid", 0.5), ("low", 0.1)):
        model = ChangedRules(similarity=scored(top))
        outcome = await outcome_of(model, without)
        assert outcome.pair is not None and outcome.results.insight is not None
        assert outcome.pair.branch == branch
        views = outcome.results.insight.views
        chosen[branch] = outcome.pair.chosen.views == views
        rejected[branch] = outcome.pair.rejected and outcome.pair.rejected.views == views
    if "revision" in without:
        assert chosen == dict.fromkeys(chosen, True) and rejected == dict.fromkeys(chosen)
    else:
        assert chosen == {"high": True, "mid": False, "low": False}
        assert rejected == {"high": False, "mid": False, "low": True}


async def test_without_a_tree_sources_are_named_freely_and_the_wrong_path_reads_the_dialogue() -> None:
    def unheard(prompt: Prompt, text: str) -> str:
        changed = json.loads(text)
        changed["mining"]["predictions"][0]["source"] = "Swimming"
        return json.dumps(changed)

    model = ChangedRules(insight=unheard, similarity=scored(0.5))
    pair = (await outcome_of(model, frozenset({"tree"}))).pair
    assert pair is not None and pair.rejected is not None
    assert "unknown_path" not in [failure.gate for failure in pair.gates_failed]
    first_message = HOTEL.context[0].content
    assert all(first_message in p.messages[1].content for p in model.prompts["wrong_path"])
    assert (await outcome_of(ChangedRules(insight=unheard), frozenset())).failure is not None  # with one it is refused


async def test_with_one_view_it_is_the_true_one() -> None:
    for remaining, gone in (("mining", "exploration"), ("exploration", "mining")):
        model = ChangedRules(similarity=scored(0.5))
        outcome = await outcome_of(model, frozenset({gone}))  # type: ignore[arg-type]
        true = outcome.results.next_path
        assert true is not None and true.view == true.best.view == true.secondary.view == remaining
        assert '"view"' not in model.prompts["next_path"][0].messages[1].content


def test_gates_that_cannot_be_judged_are_named() -> None:
    assert not_applicable(frozenset()) == ()
    assert not_applicable(frozenset({"tree", "category"})) == ("unknown_path",)
    assert not_applicable(frozenset({"revision"})) == ("same_traces", "best_prediction_kept")
    assert {*not_applicable(frozenset(PARTS))} < {*GATES}


@pytest.mark.parametrize("without", ALL, ids=NAMES)
async def test_rules_answer_every_ablation_of_the_bundled_dialogues(without: Without) -> None:
    for sample in list(bundled_samples())[::40]:
        outcome = await synthesise(RulesModel(), sample, thresholds=Thresholds(), seed=0, without=without)
        assert outcome.pair is not None, outcome.failure
        again = await synthesise(RulesModel(), sample, thresholds=Thresholds(), seed=0, without=without)
        assert again == outcome


@pytest.mark.parametrize(
    "without", [*ONE, frozenset({"tree", "category", "mining"})], ids=lambda w: " ".join(sorted(w))
)
async def test_a_real_server_answers_every_ablation(without: Without) -> None:
    with FakeServer() as server:
        model = OpenAICompatible(name="fake", base_url=server.base_url)
        samples = list(bundled_samples())[:4]
        outcomes = [
            await synthesise(model, sample, thresholds=Thresholds(), seed=0, without=without) for sample in samples
        ]
        await model.aclose()
        assert {call.format for call in server.calls} == {"json_schema"}
    assert all(outcome.pair is not None for outcome in outcomes), [o.failure for o in outcomes]


def test_trl_reads_the_rows_of_ablations(tmp_path: Path) -> None:
    for n, without in enumerate(w for w in ONE if "revision" not in w):
        chosen, rejected = (ablated(a_trace(marker), without) for marker in ("", " later"))
        text = {
            "prompt": render_prompt(HOTEL.context, without=without),
            "chosen": render_trace(chosen),
            "rejected": render_trace(rejected),
        }
        path = tmp_path / f"{n}.jsonl"
        write_export(path, [VerbatimPair(**text)], kind="preference", format="trl")
        ((row, templated),) = read_with_trl(path, cache=tmp_path / "cache")
        assert parse_trace(row["chosen"][0]["content"], without=without) == chosen
        assert text["prompt"] in templated["prompt"] and text["rejected"].splitlines()[-1] in templated["rejected"]


def ablated(trace: Trace, without: Without) -> Trace:
    gone: list[str] = [*(without - {"revision"}), *(["category_reasoning"] if "category" in without else [])]
    return trace.model_copy(update=dict.fromkeys(gone))


# What values refuse: nothing is missing in silence.


def pair(chosen: Trace, rejected: Trace | None, *without: Part) -> SynthesisedPair:
    return SynthesisedPair(
        chosen=chosen, rejected=rejected, branch="mid", top_similarity=0.5, perturbed=(), without=without
    )


def test_a_pair_may_lack_only_what_its_run_left_out() -> None:
    whole, treeless = a_trace(), ablated(a_trace(), frozenset({"tree"}))
    assert pair(whole, whole) and pair(treeless, treeless, "tree") and pair(whole, None, "revision")
    for wrong in (
        lambda: pair(treeless, treeless),
        lambda: pair(whole, treeless, "tree"),
        lambda: pair(whole, whole, "tree"),
        lambda: pair(whole, None),
        lambda: pair(whole, whole, "revision"),
        lambda: pair(pathless(whole), pathless(whole)),
    ):
        with pytest.raises(ValidationError, match="lacks"):
            wrong()


def pathless(trace: Trace) -> Trace:
    views = {
        view.view: view.model_copy(
            update={"predictions": tuple(p.model_copy(update={"path": None}) for p in view.predictions)}
        )
        for view in trace.views
    }
    return trace.model_copy(update=views)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mining": None, "exploration": None}, "neither a mining nor an exploration"),
        ({"category": None}, "come together"),
        ({"category_reasoning": None}, "come together"),
        ({"mining": a_trace().exploration}, "holds the other view"),
        ({"mining": pathless(a_trace()).mining}, "some predictions have a path"),
    ],
)
def test_half_a_part_is_no_part(change: dict[str, Any], named: str) -> None:
    fields = {name: getattr(a_trace(), name) for name in Trace.model_fields}
    with pytest.raises(ValidationError, match=named):
        Trace(**fields | change)


def test_a_section_that_was_not_asked_for_is_refused() -> None:
    text = render_trace(a_trace())
    with pytest.raises(InputError, match=r"User Intent Tree.* was not asked for"):
        parse_trace(text, without=frozenset({"tree"}))
    with pytest.raises(InputError, match=r"Mining View Analysis.* was not asked for"):
        parse_trace(text, without=frozenset({"mining"}))
    treeless = render_trace(ablated(a_trace(), frozenset({"tree"})))
    with pytest.raises(InputError, match=r"no section .User Intent Tree"):
        parse_trace(treeless)


def test_traces_stored_before_there_were_ablations_are_read() -> None:
    data = a_trace().model_dump(mode="json")
    assert Trace.model_validate(data) == a_trace()
    assert isinstance(Trace.model_validate(data).tree, IntentTree)
