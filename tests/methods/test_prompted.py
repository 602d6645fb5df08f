"""Predicting with and without the tree: the prompt, the reading, one repair."""

import json

import pytest

from proutt_core.errors import ModelUnavailable, ReplyError
from proutt_core.llm.rules import RulesModel
from proutt_core.methods import predict
from proutt_core.traces.as_text import parse_trace, render_prompt, render_trace
from proutt_core.types import Part
from tests.example_traces import a_trace
from tests.fake_server import FakeServer
from tests.llm.fakes import ScriptedModel
from tests.llm.openai.client import Client
from tests.samples import HOTEL

pytestmark = pytest.mark.anyio

TRACE = render_trace(a_trace())
DIRECT = json.dumps({"first": "a", "second": "b", "third": "c", "fourth": "d"})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_with_the_tree_the_prompt_is_that_of_the_training_rows_and_the_reply_a_trace() -> None:
    model = ScriptedModel(predict=[TRACE])
    predicted = await predict(model, HOTEL.context, without_tree=False)
    assert predicted.utterances == tuple(p.text for p in a_trace().predictions)
    assert predicted.raw == TRACE
    assert (
        predicted.reasoning is not None
        and predicted.reasoning in TRACE
        and "[User Intent Tree]:" in predicted.reasoning
    )
    (prompt, schema), *_ = model.asked
    assert schema is None
    assert [(m.role, m.content) for m in prompt.messages] == [("user", render_prompt(HOTEL.context))]


@pytest.mark.parametrize(
    "reply",
    [f"<think>\nHm, four of them. [Mining View Analysis]: what is that?\n</think>\n\n{TRACE}", TRACE[len("<think>") :]],
    ids=["a reasoning model's own thoughts", "the opening tag in the template"],
)
async def test_a_trace_is_found_behind_other_thoughts_and_without_its_opening_tag(reply: str) -> None:
    model = ScriptedModel(predict=[reply])
    predicted = await predict(model, HOTEL.context, without_tree=False)
    assert len(model.asked) == 1
    assert predicted.utterances == tuple(p.text for p in a_trace().predictions)
    assert predicted.reasoning == TRACE.partition("<think>")[2].partition("</think>")[0].strip()


THOUGHTS, _, SAID = TRACE.removeprefix("<think>").partition("</think>")
APART = {
    "vLLM, SGLang": {"reasoning_content": THOUGHTS, "content": SAID},
    "newer vLLM, OpenRouter": {"reasoning": THOUGHTS, "content": SAID},
    "Ollama": {"thinking": THOUGHTS, "content": SAID},
    "trimmed, as llama.cpp does": {"reasoning_content": THOUGHTS.strip(), "content": SAID.strip()},
    "with its tags left": {"reasoning_content": f"<think>{THOUGHTS}</think>", "content": SAID},
    "in parts": {"content": [{"type": "thinking", "thinking": THOUGHTS}, {"type": "text", "text": SAID}]},
    "all taken for thoughts": {"reasoning_content": TRACE, "content": None},
    "all but the opening tag taken for thoughts": {"reasoning_content": TRACE.removeprefix("<think>"), "content": ""},
    "split at the last tag": {"reasoning_content": f"Hm.</think>\n<think>{THOUGHTS}", "content": SAID},
    "own thoughts apart": {"reasoning_content": "Hm, [Mining Paths]:", "content": TRACE},
    "not taken apart": {"content": TRACE},
}


@pytest.mark.parametrize("message", APART.values(), ids=APART)
def test_a_trace_that_a_server_took_apart_is_put_together(message: dict[str, object]) -> None:
    with FakeServer(extra=message) as server:
        predicted = Client(server).run(lambda model: predict(model, HOTEL.context, without_tree=False))
    assert len(server.calls) == 1
    assert predicted.utterances == tuple(p.text for p in a_trace().predictions)
    assert predicted.reasoning == THOUGHTS.strip()
    assert parse_trace(predicted.raw) == a_trace()


def test_thoughts_that_are_no_trace_are_not_made_one() -> None:
    with FakeServer(extra={"reasoning_content": "Hm, four of them.", "content": SAID}) as server:
        client = Client(server)
        with pytest.raises(ReplyError, match="trace: no </think>"):
            client.run(lambda model: predict(model, HOTEL.context, without_tree=False))


async def test_without_the_tree_it_asks_for_four_utterances_only() -> None:
    model = ScriptedModel(predict_direct=[f"```json\n{DIRECT}\n```"])
    predicted = await predict(model, HOTEL.context, without_tree=True)
    assert predicted.utterances == ("a", "b", "c", "d") and predicted.reasoning is None
    prompt, schema = model.asked[0]
    assert schema is not None and HOTEL.context[0].content in prompt.messages[-1].content
    assert not any("tree" in m.content.lower() for m in prompt.messages)


@pytest.mark.parametrize(
    ("stage", "bad", "good", "named"),
    [
        ("predict", TRACE.replace("[Mining Paths]:", ""), TRACE, "Mining Paths"),
        ("predict", "I think the user will ask something.", TRACE, "</think>"),
        ("predict_direct", '{"first": "a"}', DIRECT, "second"),
    ],
)
async def test_an_unreadable_reply_is_asked_again_once(stage: str, bad: str, good: str, named: str) -> None:
    without_tree = stage == "predict_direct"
    model = ScriptedModel(**{stage: [bad, good]})
    assert (await predict(model, HOTEL.context, without_tree=without_tree)).raw == good
    assert named in model.asked[1][0].messages[-1].content
    failing = ScriptedModel(**{stage: [bad, bad]})
    with pytest.raises(ReplyError, match=f"^the reply was refused twice: .*{named}") as caught:
        await predict(failing, HOTEL.context, without_tree=without_tree)
    assert caught.value.raw == bad and len(failing.asked) == 2


async def test_a_server_that_is_down_is_not_asked_again() -> None:
    model = ScriptedModel(predict=[ModelUnavailable("503")])
    with pytest.raises(ModelUnavailable):
        await predict(model, HOTEL.context, without_tree=False)
    assert len(model.asked) == 1


ABLATED: frozenset[Part] = frozenset({"tree", "mining"})


async def test_an_ablations_method_is_told_its_own_form_and_predicts_two() -> None:
    rest = a_trace().model_copy(update={"tree": None, "mining": None})
    model = ScriptedModel(predict=[TRACE, render_trace(rest)])  # the whole trace was not asked for
    predicted = await predict(model, HOTEL.context, without_tree=False, without=ABLATED)
    assert predicted.utterances == tuple(p.text for p in a_trace().exploration.predictions)
    assert len(model.asked) == 2 and "not asked for" in model.asked[1][0].messages[-1].content
    text = model.asked[0][0].messages[0].content
    assert text == render_prompt(HOTEL.context, without=ABLATED) and "mining" not in text.casefold()


@pytest.mark.parametrize("part", ["tree", "category", "mining", "exploration"])
async def test_rules_predict_without_each_part(part: Part) -> None:
    predicted = await predict(RulesModel(), HOTEL.context, without_tree=False, without=frozenset({part}))
    assert len(set(predicted.utterances)) == (2 if part in ("mining", "exploration") else 4)
    whole = await predict(RulesModel(), HOTEL.context, without_tree=False)
    assert set(predicted.utterances) <= set(whole.utterances)


@pytest.mark.parametrize("echoed", ["…", "...", "<…>"])
async def test_the_placeholder_of_a_form_is_no_prediction_in_either_way_of_asking(echoed: str) -> None:
    said = a_trace().predictions[0].text
    bad = TRACE.replace(f"<predict>{said}</predict>", f"<predict>{echoed}</predict>")
    assert bad != TRACE
    for stage, first, second in (
        ("predict", bad, TRACE),
        ("predict_direct", DIRECT.replace('"a"', f'"{echoed}"'), DIRECT),
    ):
        model = ScriptedModel(**{stage: [first, second]})
        await predict(model, HOTEL.context, without_tree=stage == "predict_direct")
        assert "write a text in place of the …" in model.asked[1][0].messages[-1].content
