"""An estimate as it is printed."""

from typing import Any

from proutt_core.runs.bill import shown_money
from proutt_core.runs.forecast import Forecast
from proutt_core.runs.pace import duration


def estimate_json(found: Forecast) -> dict[str, Any]:
    """`cost` holds low, likely and high, or is null where no price is known."""
    money = found.money
    return {
        "items": found.items,
        "llm_calls": found.calls,
        "prompt_tokens": found.prompt_tokens,
        "cached_tokens": found.cached_tokens,
        "completion_tokens": found.completion_tokens,
        "cost": None if money is None else {"low": money.low, "likely": money.likely, "high": money.high},
        "currency": found.currency or None,
        "seconds": round(found.seconds, 1),
        "reviewing_hours": round(found.reviewing_hours, 2),
        "stages": {
            stage.stage: {
                "llm_calls": round(stage.calls, 1),
                "prompt_tokens": round(stage.prompt_tokens),
                "completion_tokens": round(stage.completion_tokens),
            }
            for stage in found.stages
        },
        "assumptions": list(found.assumptions),
    }


def estimate_words(found: Forecast, *, concurrency: int) -> str:
    money = found.money
    if money is None:
        cost = f"unknown: {found.price_note}"
    elif not found.currency:
        cost = "nothing: the model runs on this machine"
    else:
        low, high = shown_money(money.low, ""), shown_money(money.high, "")
        cost = f"{shown_money(money.likely, found.currency)} (between {low} and {high})"
    time = duration(found.seconds)
    lines = [
        f"an estimate; nothing was started. {found.items} items to make",
        f"  calls: {found.calls}",
        f"  tokens: {found.prompt_tokens} of prompts ({found.cached_tokens} cached),"
        f" {found.completion_tokens} of replies",
        f"  cost: {cost}",
        f"  time: {time.n} {time.unit} at {concurrency} calls at a time",
        f"  reviewing: {found.reviewing_hours:.1f} hours of people's work",
        "it rests on this:",
        *(f"  - {assumption}" for assumption in found.assumptions),
    ]
    return "\n".join(lines)
