"""How many tokens an answer cost, as its server counted them, under whatever names."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from proutt_core.llm.openai.retry import UnusableReply
from proutt_core.types.calls import Usage

# No model reads or writes as many for one reply. A bill adds up many replies, and no column may overflow by one.
MOST_TOKENS = 10_000_000

_PROMPT = (
    *("prompt_tokens", "input_tokens", "promptTokens", "inputTokens", "promptTokenCount", "prompt_eval_count"),
    *("tokens_evaluated", "prompt_n"),
)
_COMPLETION = (
    *("completion_tokens", "output_tokens", "completionTokens", "outputTokens", "candidatesTokenCount", "eval_count"),
    *("tokens_predicted", "predicted_n", "generated_tokens"),
)
_TOTAL = ("total_tokens", "totalTokens", "totalTokenCount")
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cachedContentTokenCount", "cachedTokens")
_THOUGHTS = ("reasoning_tokens", "thoughtsTokenCount", "thinking_tokens", "reasoningTokens")
_DETAILS = (
    *("prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details"),
    *("promptTokensDetails", "completionTokensDetails"),
)
# Anthropic's count of the prompt leaves out what it read from or wrote to its cache.
_READ_FROM_CACHE, _WRITTEN_TO_CACHE = "cache_read_input_tokens", "cache_creation_input_tokens"


def read_usage(usage: object) -> Usage:
    """What is no count is none. Raises UnusableReply for a count beyond what a reply can cost.

    Where a server counts thoughts apart (xAI, Gemini), they are added: they are billed like the rest of what it wrote.
    """
    if not isinstance(usage, Mapping):
        return Usage()
    levels = [usage, *(details for name in _DETAILS if isinstance(details := usage.get(name), Mapping))]
    prompt, completion = _count(levels[:1], _PROMPT), _count(levels[:1], _COMPLETION)
    cached, total = _count(levels, _CACHED), _count(levels[:1], _TOTAL)
    beside = _count(levels[:1], (_READ_FROM_CACHE,))
    if beside is not None and "input_tokens" in usage and prompt is not None:
        cached = beside
        prompt += beside + (_count(levels[:1], (_WRITTEN_TO_CACHE,)) or 0)
    if prompt is None and total is not None and completion is not None:
        prompt = max(total - completion, 0)
    completion = _with_thoughts(completion, thoughts=_count(levels, _THOUGHTS), prompt=prompt, total=total)
    if cached is not None and prompt is not None:
        cached = min(cached, prompt)
    return Usage(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)


def _with_thoughts(
    completion: int | None, *, thoughts: int | None, prompt: int | None, total: int | None
) -> int | None:
    """Everything that the model wrote. A total says it where there is one: it is more than the parts where thoughts
    are counted apart."""
    if prompt is not None and total is not None and total > prompt:
        return max(completion or 0, total - prompt)
    if completion is None:
        return thoughts
    # Thoughts that are part of the completion cannot be more than it.
    return completion + thoughts if thoughts is not None and thoughts > completion else completion


def _count(levels: list[Mapping[str, Any]], names: tuple[str, ...]) -> int | None:
    return next((count for value in _values(levels, names) if (count := _whole(value)) is not None), None)


def _values(levels: list[Mapping[str, Any]], names: tuple[str, ...]) -> Iterator[Any]:
    return (level[name] for level in levels for name in names if name in level)


def _whole(value: object) -> int | None:
    if isinstance(value, str) and len(value) < 4000 and value.strip().isdecimal():
        value = int(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and math.isnan(value))
    ):
        return None
    if value > MOST_TOKENS:
        raise UnusableReply(f"it counts more than {MOST_TOKENS:,} tokens for one reply")
    return int(value) if value >= 0 and value == int(value) else None
