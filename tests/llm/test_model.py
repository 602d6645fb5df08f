"""ask(), reading replies, and the identity of a call."""

import hashlib
import json
from dataclasses import replace

import pytest
from pydantic import BaseModel, ConfigDict

from proutt_core.errors import ReplyError
from proutt_core.llm import ChatMessage, Completion, Prompt, ReplyType, ask, call_key, parse_reply
from proutt_core.synthesis.stages import next_path
from tests.llm.fakes import ScriptedModel

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    score: float


ANSWER = ReplyType(Answer)


PROMPT = Prompt(stage="test", version=1, messages=(ChatMessage(role="user", content="Q"),), values={"secret": 1})
GOOD = '{"name": "x", "score": 1}'


async def test_a_good_reply_costs_one_call() -> None:
    model = ScriptedModel(test=[GOOD])
    assert await ask(model, PROMPT, ANSWER) == Answer(name="x", score=1.0)
    assert len(model.asked) == 1


async def test_a_bad_reply_is_asked_again_once_with_the_reply_and_the_error() -> None:
    model = ScriptedModel(test=['{"name": "x"}', GOOD])
    assert (await ask(model, PROMPT, ANSWER)).name == "x"
    second = model.asked[1][0]
    assert second.messages[: len(PROMPT.messages)] == PROMPT.messages
    assert second.messages[-2] == ChatMessage(role="assistant", content='{"name": "x"}')
    assert "score: Field required" in second.messages[-1].content
    assert second.values == PROMPT.values and second.stage == "test"


async def test_two_bad_replies_raise_with_the_reason_and_the_last_reply() -> None:
    model = ScriptedModel(test=["no", "still no"])
    with pytest.raises(ReplyError, match=r"^the reply was refused twice: .*Invalid JSON") as caught:
        await ask(model, PROMPT, ANSWER)
    assert caught.value.raw == "still no"
    assert len(model.asked) == 2


async def test_a_cut_reply_says_so_in_the_repair() -> None:
    class Cut(ScriptedModel):
        async def complete(self, *args: object, **kwargs: object) -> Completion:  # type: ignore[override]
            completion = await super().complete(*args, **kwargs)  # type: ignore[arg-type]
            return replace(completion, finish_reason="length")

    model = Cut(test=['{"name": "x', GOOD])
    await ask(model, PROMPT, ANSWER)
    assert "token limit" in model.asked[1][0].messages[-1].content


async def test_an_empty_or_huge_reply_makes_a_repair_that_servers_take() -> None:
    model = ScriptedModel(test=["", GOOD])
    await ask(model, PROMPT, ANSWER)
    assert model.asked[1][0].messages[-2].content == "(empty)"
    model = ScriptedModel(test=["x" * 1_000_000, GOOD])
    await ask(model, PROMPT, ANSWER)
    assert len(model.asked[1][0].messages[-2].content) < 10_000


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"\ufeff{GOOD}",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"<think>\nperhaps {{}}\n</think>\n\n{GOOD}",
        f"the start was in the template</think>{GOOD}",
        f"<think>x</think>\n```json\n{GOOD}\n```",
    ],
)
def test_wrapping_is_not_content(text: str) -> None:
    assert parse_reply(text, ANSWER) == Answer(name="x", score=1.0)


def test_marks_of_wrapping_inside_strings_stay() -> None:
    assert parse_reply('{"name": "a</think>```b", "score": 0}', ANSWER).name == "a</think>```b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "null",
        "[]",
        '"x"',
        GOOD + GOOD,
        f"Here it is: {GOOD}",
        '{"name": "x", "score": "1"}',
        '{"name": 1, "score": 1}',
        '{"name": "x", "score": 1, "more": 2}',
        '{"name": "x", "score": 1',
        '{"name": "\\ud83d", "score": 1}',
        "{'name': 'x', 'score': 1}",
        "<think>never ends " + GOOD,
    ],
)
def test_only_what_the_schema_accepts_counts(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_reply(text, ANSWER)
    assert len(str(caught.value)) <= 600


def test_the_key_holds_all_that_shapes_an_answer_and_nothing_else() -> None:
    model = ScriptedModel()
    key = call_key(model, PROMPT, ANSWER, 0)
    assert key == call_key(ScriptedModel(), PROMPT.model_copy(update={"values": {}}), ANSWER, 0)
    assert len(key) == 64
    named, sited, set_ = ScriptedModel(), ScriptedModel(), ScriptedModel()
    named.name, sited.address, set_.parameters = "other", "http://x", {"temperature": 1}
    said = PROMPT.model_copy(update={"messages": (ChatMessage(role="user", content="R"),)})
    keys = {
        key,
        call_key(named, PROMPT, ANSWER, 0),
        call_key(sited, PROMPT, ANSWER, 0),
        call_key(set_, PROMPT, ANSWER, 0),
        call_key(model, said, ANSWER, 0),
        call_key(model, PROMPT.model_copy(update={"version": 2}), ANSWER, 0),
        call_key(model, PROMPT, None, 0),
        call_key(model, PROMPT, ANSWER, 1),
    }
    assert len(keys) == 8


ODD_TEXTS = ["plain \x00\x1f\x7f", "北京有哪些景点？", "🙂", "half \ud83d", "\ud83d\ude00", '"\\ \u2028 </script>']


@pytest.mark.parametrize("text", ODD_TEXTS)
@pytest.mark.parametrize("schema", [None, ANSWER, next_path.reply_type(("酒店", '"quoted" \x000'), ("mining",))])
def test_the_key_is_that_of_the_whole_written_at_once(text: str, schema: ReplyType[BaseModel] | None) -> None:
    """Replies are stored under it: another way of writing the same would pay for every call again."""
    model = ScriptedModel()
    model.name, model.address = f"name {text}", "http://x/v1"
    model.parameters = {"top_p": 1e-7, "seed": 3, "nested": {"b": [text, None], "a": True}}
    messages = (ChatMessage(role="system", content="S"), ChatMessage(role="user", content=text))
    prompt = Prompt(stage=f"stage {text}", version=2003, messages=messages)
    whole = {
        "address": model.address,
        "name": model.name,
        "parameters": model.parameters,
        "stage": prompt.stage,
        "version": 2003,
        "messages": [["system", "S"], ["user", text]],
        "schema": None if schema is None else schema.json_schema,
        "draw": 4,
    }
    written = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode("ascii")
    assert call_key(model, prompt, schema, 4) == hashlib.sha256(written).hexdigest()
