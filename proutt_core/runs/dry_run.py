"""What a run would ask: the real prompts of real samples, answered by the text rules, so that nothing is sent.

    lengths = measure(samples, thresholds, seed=0)
    lengths.prompt_tokens["insight"]              a prompt of this stage, on average
    lengths.calls["revise"]["low"]                calls of it in an item of the low branch

Tokens are rough, from characters. The dialogues in the prompts are real; trees and reasonings in them are those of the
rules, which are about as long as a language model's.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from proutt_core.llm.model import Prompt
from proutt_core.llm.openai.client import described
from proutt_core.llm.rules import RulesModel
from proutt_core.llm.schema import ReplyType
from proutt_core.synthesis.synthesise import synthesise
from proutt_core.text import cjk_characters
from proutt_core.types import Branch, Part, Sample, Thresholds
from proutt_core.types.calls import Completion

BRANCHES: tuple[Branch, ...] = ("high", "mid", "low")
# A token of present vocabularies holds about one and a half Chinese or Japanese characters, or four of the others.
CJK_TOKENS = 0.65
OTHER_TOKENS = 0.25
# So many samples are led through all three branches; the others through the middle one, which has every stage.
BRANCHED = 10
_INTO: dict[Branch, Thresholds] = {
    "high": Thresholds(tau_high=0.0, tau_low=0.0),
    "mid": Thresholds(tau_high=1.0, tau_low=0.0),
    "low": Thresholds(tau_high=1.0, tau_low=1.0),
}


def rough_tokens(text: str) -> float:
    cjk = cjk_characters(text)
    return cjk * CJK_TOKENS + (len(text) - cjk) * OTHER_TOKENS


@dataclass(frozen=True)
class Lengths:
    """By stage; `shared_tokens` are those of the prompt's beginning that an earlier call of the item began with too (in
    an item's first call: the preamble), so that a server with a prefix cache might have them."""

    prompt_tokens: Mapping[str, float]
    shared_tokens: Mapping[str, float]
    calls: Mapping[str, Mapping[Branch, float]]
    samples: int


@dataclass
class CountedRules:
    """Satisfies `Model`: the rules, and the stage and text of every prompt they were sent."""

    with_schema: bool
    name: str = RulesModel().name
    address: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prompts: list[tuple[str, str]] = field(default_factory=list)

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        text = "\n".join(message.content for message in prompt.messages)
        if self.with_schema and schema is not None:
            text += described(schema.json_schema)
        self.prompts.append((prompt.stage, text))
        return await RulesModel().complete(prompt, schema=schema, draw=draw)


def measure(
    samples: Sequence[Sample], *, seed: int = 0, without: frozenset[Part] = frozenset(), with_schema: bool = False
) -> Lengths:
    """`with_schema`: where the server is not given the schema itself, our client describes it in the prompt."""
    tally = _Tally(with_schema)
    asyncio.run(tally.ask_all(samples, seed, without))
    return tally.lengths(len(samples))


class _Tally:
    def __init__(self, with_schema: bool) -> None:
        self._with_schema = with_schema
        self._prompts: Counter[str] = Counter()
        self._tokens: defaultdict[str, float] = defaultdict(float)
        self._shared: defaultdict[str, float] = defaultdict(float)
        self._items: Counter[Branch] = Counter()
        self._calls: dict[Branch, Counter[str]] = {branch: Counter() for branch in BRANCHES}

    async def ask_all(self, samples: Sequence[Sample], seed: int, without: frozenset[Part]) -> None:
        for number, sample in enumerate(samples):
            for branch in BRANCHES if number < BRANCHED else ("mid",):
                model = CountedRules(self._with_schema)
                outcome = await synthesise(model, sample, thresholds=_INTO[branch], seed=seed, without=without)
                self._add(model.prompts, branch if outcome.pair is None else outcome.pair.branch)

    def _add(self, prompts: list[tuple[str, str]], branch: Branch) -> None:
        self._items[branch] += 1
        self._calls[branch].update(stage for stage, _ in prompts)
        for number, (stage, text) in enumerate(prompts):
            self._prompts[stage] += 1
            self._tokens[stage] += rough_tokens(text)
            if number:
                shared = max(_shared_length(text, earlier) for _, earlier in prompts[:number])
            else:  # with other items' calls: what all calls of an item share
                shared = min((_shared_length(text, later) for _, later in prompts[1:]), default=0)
            self._shared[stage] += rough_tokens(text[:shared])

    def lengths(self, samples: int) -> Lengths:
        return Lengths(
            prompt_tokens={stage: self._tokens[stage] / n for stage, n in self._prompts.items()},
            shared_tokens={stage: self._shared[stage] / n for stage, n in self._prompts.items()},
            calls={
                stage: {b: self._calls[b][stage] / self._items[b] for b in BRANCHES if self._items[b]}
                for stage in self._prompts
            },
            samples=samples,
        )


def _shared_length(a: str, b: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low
