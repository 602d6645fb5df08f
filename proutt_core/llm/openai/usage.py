"""Tokens as servers count them, under whatever names."""

from typing import Any

from proutt_core.types.calls import Usage
from proutt_core.types.numbers import LARGEST

_ASKED = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count")
_ANSWERED = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
_DETAILS = ("completion_tokens_details", "output_tokens_details")


def usage_of(usage: object) -> Usage:
    """What is counted; None where a server does not say, or says what no count can be.

    `completion_tokens` holds the thoughts, which are billed like the answer: where a server counts them apart, so that
    only with them its numbers make its total, they are added.
    """
    if not isinstance(usage, dict):
        return Usage()
    asked, answered = _first(usage, _ASKED), _first(usage, _ANSWERED)
    total, thoughts = _count(usage.get("total_tokens", usage.get("totalTokenCount"))), _thoughts(usage)
    if asked is not None and answered is not None and thoughts and total == asked + answered + thoughts:
        answered += thoughts
    return Usage(prompt_tokens=asked, cached_tokens=_cached(usage), completion_tokens=answered)


def _thoughts(usage: dict[str, Any]) -> int | None:
    for name in _DETAILS:
        details = usage.get(name)
        if isinstance(details, dict) and (count := _count(details.get("reasoning_tokens"))):
            return count
    return _first(usage, ("reasoning_tokens", "thoughtsTokenCount"))


def _cached(usage: dict[str, Any]) -> int | None:
    for name in ("prompt_tokens_details", "input_tokens_details"):
        details = usage.get(name)
        if isinstance(details, dict) and (count := _count(details.get("cached_tokens"))) is not None:
            return count
    # DeepSeek's own field, Anthropic's, Moonshot's and Google's.
    names = ("prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens", "cachedContentTokenCount")
    return _first(usage, names)


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((count for name in names if (count := _count(usage.get(name))) is not None), None)


def _count(value: object) -> int | None:
    """A count is a whole number from 0 to what a column holds, also one that is written 12.0 or "12"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None
