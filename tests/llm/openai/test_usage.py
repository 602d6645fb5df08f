"""What an answer cost, in the words of each server."""

from typing import Any

import pytest

from proutt_core.llm.openai.retry import UnusableReply
from proutt_core.llm.openai.usage import MOST_TOKENS, read_usage


def counts(usage: object) -> tuple[int | None, int | None, int | None]:
    read = read_usage(usage)
    return read.prompt_tokens, read.cached_tokens, read.completion_tokens


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}, (10, None, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}, (10, 6, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_cache_hit_tokens": 6}, (10, 6, 4)),  # DeepSeek
        ({"prompt_tokens": 10, "completion_tokens": 4, "cached_tokens": 6}, (10, 6, 4)),  # Moonshot
        ({"input_tokens": 10, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 6}}, (10, 6, 4)),
        # Anthropic leaves what its cache held out of the prompt: 10 + 6 + 3.
        (
            {
                "input_tokens": 10,
                "output_tokens": 4,
                "cache_read_input_tokens": 6,
                "cache_creation_input_tokens": 3,
            },
            (19, 6, 4),
        ),
        ({"promptTokenCount": 10, "candidatesTokenCount": 4, "cachedContentTokenCount": 6}, (10, 6, 4)),
        ({"prompt_eval_count": 10, "eval_count": 4}, (10, None, 4)),
        ({"prompt_tokens": "10", "completion_tokens": 4.0}, (10, None, 4)),
        ({"prompt_tokens": 10, "total_tokens": 14}, (10, None, 4)),
        ({"completion_tokens": 4, "total_tokens": 14}, (10, None, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "cached_tokens": 60}, (10, 10, 4)),  # part of the prompt
    ],
)
def test_counts_are_read_under_any_name(usage: Any, expected: tuple[int | None, int | None, int | None]) -> None:
    assert counts(usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        # xAI: 10 + 4 + 100, Gemini: the total alone tells, Gemini's own form, and no total at all.
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 114,
            "completion_tokens_details": {"reasoning_tokens": 100},
        },
        {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 114},
        {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 100, "totalTokenCount": 114},
        {"prompt_tokens": 10, "completion_tokens": 4, "reasoning_tokens": 100},
    ],
)
def test_thoughts_that_are_counted_apart_are_billed(usage: Any) -> None:
    assert counts(usage) == (10, None, 104)


def test_thoughts_that_are_part_of_the_completion_are_billed_once() -> None:
    details = {"reasoning_tokens": 90}
    usage = {"prompt_tokens": 10, "completion_tokens": 100, "completion_tokens_details": details}
    assert counts(usage) == (10, None, 100)
    assert counts(usage | {"total_tokens": 110}) == (10, None, 100)


@pytest.mark.parametrize("usage", [None, [], "12", 7, {}, {"prompt_tokens": {}}, {"prompt_tokens_details": 3}])
def test_what_is_no_usage_counts_nothing(usage: object) -> None:
    assert counts(usage) == (None, None, None)


@pytest.mark.parametrize("odd", [-1, -(10**30), 1.5, "many", None, True, float("nan"), float("-inf"), [], {}, "-4"])
def test_what_is_no_count_is_none(odd: object) -> None:
    usage = {"prompt_tokens": odd, "completion_tokens": odd, "total_tokens": odd, "cached_tokens": odd}
    assert counts(usage) == (None, None, None)


@pytest.mark.parametrize("count", [MOST_TOKENS + 1, 2**31, 2**63, 10**30, float("inf"), 1e300, "9" * 25])
def test_a_count_beyond_what_a_reply_can_cost_is_not_stored(count: Any) -> None:
    with pytest.raises(UnusableReply, match="it counts more than 10,000,000 tokens"):
        read_usage({"prompt_tokens": 3, "completion_tokens": count})
