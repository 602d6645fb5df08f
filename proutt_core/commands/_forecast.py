"""An estimate as it is printed."""

from typing import Any

from proutt_core.runs.bill import shown_money
from proutt_core.runs.forecast import Forecast
from proutt_core.runs.pace import duration


def estimate_json(forecast: Forecast) -> dict[str, Any]:
    """`cost` holds low, likely and high, or is null where no price is known."""
    money = forecast.money
    return {
        "items": forecast.items,
        "llm_calls": forecast.calls,
        "prompt_tokens": forecast.prompt_tokens,
        "cached_tokens": forecast.cached_tokens,
        "completion_tokens": forecast.completion_tokens,
        "cost": None if money is None else {"low": money.low, "likely": money.likely, "high": money.high},
        "currency": forecast.currency or None,
        "seconds": round(forecast.seconds, 1),
        "reviewing_hours": round(forecast.reviewing_hours, 2),
        "stages": {
            stage.stage: {
                "llm_calls": round(stage.calls, 1),
                "prompt_tokens": round(stage.prompt_tokens),
                "completion_tokens": round(stage.completion_tokens),
            }
            for stage in forecast.stages
        },
        "assumptions": list(forecast.assumptions),
    }


def estimate_words(forecast: Forecast, *, concurrency: int) -> str:
    money = forecast.money
    if money is None:
        cost = f"unknown: {forecast.price_note}"
    elif not forecast.currency:
        cost = "nothing: the model runs on this machine"
    else:
        low, high = shown_money(money.low, ""), shown_money(money.high, "")
        cost = f"{shown_money(money.likely, forecast.currency)} (between {low} and {high})"
    time = duration(forecast.seconds)
    lines = [
        f"an estimate; nothing was started. {forecast.items} items to make",
        f"  calls: {forecast.calls}",
        f"  tokens: {forecast.prompt_tokens} of prompts ({forecast.cached_tokens} cached),"
        f" {forecast.completion_tokens} of replies",
        f"  cost: {cost}",
        f"  time: {time.n} {time.unit} at {concurrency} calls at a time",
        f"  reviewing: {forecast.reviewing_hours:.1f} hours of people's work",
        "it rests on this:",
        *(f"  - {assumption}" for assumption in forecast.assumptions),
    ]
    return "\n".join(lines)
