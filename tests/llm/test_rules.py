"""`rules` answers every stage, always alike, whatever the text."""

import random
import socket
from collections import Counter

import pytest

from proutt_core.errors import SettingsError
from proutt_core.llm import ChatMessage, Prompt
from proutt_core.llm.rules import RulesModel
from proutt_core.llm.rules.answers import ANSWERS
from proutt_core.llm.rules.form import category_of
from proutt_core.llm.rules.phrases import language_of, top_phrases
from proutt_core.methods import predict
from proutt_core.synthesis.stages import STAGES
from proutt_core.synthesis.synthesise import Outcome, synthesise
from proutt_core.traces.as_text import parse_trace
from proutt_core.types import Message, Sample, Thresholds
from tests.samples import HOTEL, bundled_samples, sample_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


WEIRD = [
    "",
    " ",
    "\x00\x01",
    "???",
    "。。。。。。",
    "😀😀😀",
    "a" * 20_000,
    "是" * 20_000,
    "1 2 3 4 5",
    "\u202eabc\u200b",
    "{source} {node}",
    "<script>alert(1)</script>",
    "</think><predict>",
    "ｆｕｌｌ　ｗｉｄｔｈ",
    "ß ﬁ İ",
    "مرحبا كيف حالك",
    "안녕하세요 호텔 예약",
    "的了吗呢",
    "the of and to",
    "…",
    "価格 价格 価格",
    "details price Details PRICE 详情 价格",
]


async def synthesise_with_rules(sample: Sample) -> Outcome:
    return await synthesise(RulesModel(), sample, thresholds=Thresholds(), seed=0)


def test_every_stage_has_a_rule() -> None:
    assert set(ANSWERS) == {*STAGES, "predict", "predict_direct", "judge_pairwise", "judge_pointwise"}


async def test_an_unknown_stage_is_named() -> None:
    prompt = Prompt(stage="poetry", version=1, messages=(ChatMessage(role="user", content="?"),))
    with pytest.raises(SettingsError, match="poetry"):
        await RulesModel().complete(prompt, schema=None)


@pytest.mark.parametrize("seed", range(40))
async def test_weird_texts_still_make_a_pair(seed: int) -> None:
    rng = random.Random(seed)
    texts = [rng.choice(WEIRD) for _ in range(2 * rng.randint(1, 3))]
    sample = sample_of(*texts, next_utterance=rng.choice(WEIRD), later=(rng.choice(WEIRD),))
    outcome = await synthesise_with_rules(sample)
    assert outcome.failure is None and outcome.pair is not None
    for without_tree in (False, True):
        predicted = await predict(RulesModel(), sample.context, without_tree=without_tree)
        assert len(set(predicted.utterances)) == 4


async def test_the_bundled_dialogues_reach_all_branches_and_pass_the_gates() -> None:
    outcomes = [await synthesise_with_rules(sample) for sample in bundled_samples()]
    pairs = [o.pair for o in outcomes if o.pair is not None]
    assert len(pairs) == len(outcomes) > 150
    branches = Counter(p.branch for p in pairs)
    assert min(branches[b] for b in ("high", "mid", "low")) >= 5, branches
    assert sum(1 for p in pairs if not p.gates_failed) / len(pairs) >= 0.95


async def test_it_needs_no_network_and_answers_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("rules opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert await synthesise_with_rules(HOTEL) == await synthesise_with_rules(HOTEL)


async def test_predictions_are_in_the_dialogues_language() -> None:
    chinese = sample_of("我想订酒店。", "推荐北京饭店，价格500元。", next_utterance="好的。")
    for sample, is_chinese in ((chinese, True), (HOTEL, False)):
        outcome = await synthesise_with_rules(sample)
        assert outcome.pair is not None
        texts = [p.text for p in outcome.pair.chosen.predictions + outcome.pair.rejected.predictions]
        assert all(any("\u4e00" <= c <= "\u9fff" for c in text) == is_chinese for text in texts), texts


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("What about the price?", "Question"),
        ("how long does it take", "Question"),
        ("Book a double room then.", "Instruction"),
        ("Please send it to me", "Instruction"),
        ("Thanks, that helps a lot.", "Statement"),
        ("Can you book it for me?", "Question"),
        ("这家酒店的电话是多少？", "Question"),
        ("有地址吗", "Question"),
        ("给我推荐一个景点吧。", "Instruction"),
        ("请帮我预订", "Instruction"),
        ("请问几点开门", "Question"),
        ("好的，谢谢你。", "Statement"),
        ("", "Statement"),
    ],
)
def test_category_from_form(text: str, category: str) -> None:
    assert category_of(text) == category


def test_topics_are_the_frequent_phrases() -> None:
    context = (
        Message(role="user", content="Tell me about the Silk Road."),
        Message(role="assistant", content="The Silk Road linked China to Rome. The Silk Road carried silk."),
    )
    assert top_phrases(context, "en", count=1) == ["Silk Road"]
    chinese = (
        Message(role="user", content="请介绍一下都江堰。"),
        Message(role="assistant", content="都江堰在成都。都江堰是水利工程。"),
    )
    assert top_phrases(chinese, "zh", count=1) == ["都江堰"]


def test_language_by_script() -> None:
    assert language_of("checkin 几点？可以带猫吗") == "zh"
    assert language_of("The word 茶 means tea in Chinese") == "en"
    assert language_of("") == "en"


async def judge(stage: str, **values: object) -> str:
    context = (Message(role="user", content="How much is it?"), Message(role="assistant", content="Ten."))
    messages = (ChatMessage(role="user", content="-"),)
    prompt = Prompt(stage=stage, version=1, messages=messages, values={"context": context, **values})
    return (await RulesModel().complete(prompt, schema=None)).text


NEAR = ["What is the weather?", "x", "y", "z"]
FAR = ["Call me", "x", "y", "z"]


async def test_judging_goes_by_the_best_prediction() -> None:
    utterance = "What's the weather?"
    assert '"first"' in await judge("judge_pairwise", next_utterance=utterance, first=NEAR, second=FAR)
    assert '"second"' in await judge("judge_pairwise", next_utterance=utterance, first=FAR, second=NEAR)
    assert '"tie"' in await judge("judge_pairwise", next_utterance=utterance, first=NEAR, second=NEAR[::-1])
    assert '"score": 1.0' in await judge(
        "judge_pointwise", next_utterance=utterance, predictions=[utterance, "a", "b", "c"]
    )


async def test_without_the_next_utterance_it_judges_by_what_the_user_said_last() -> None:
    predictions = ["How much is it?", "a", "b", "c"]
    assert '"second"' in await judge("judge_pairwise", next_utterance=None, first=FAR, second=predictions)


async def test_its_trace_is_readable() -> None:
    predicted = await predict(RulesModel(), HOTEL.context, without_tree=False)
    assert parse_trace(predicted.raw).tree.topics[0].topic == "Garden Inn"
