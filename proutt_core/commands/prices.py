"""`prices`: what models cost. `prices set`, `prices remove`: change it."""

import re
from datetime import date
from typing import Annotated, Any

import typer

from db.columns import now
from db.jobs.prices import Price, list_prices, remove_price, set_price
from proutt_core.commands._output import Json, command_output
from proutt_core.errors import InputError
from proutt_core.llm.address import checked_base_url
from proutt_core.llm.providers.presets import preset_named

app = typer.Typer(help="What a million tokens of a model cost, from a day on.", invoke_without_command=True)

Target = Annotated[str, typer.Argument(help="PRESET/MODEL, URL/MODEL, or MODEL with --base-url.")]
BaseUrl = Annotated[str | None, typer.Option(help="The server's address; then the whole of the word is the model.")]
Since = Annotated[str | None, typer.Option(help="YYYY-MM-DD; default: today (UTC).")]

NONE_YET = "no prices yet; `python -m proutt_core init` loads those that are known"
CHECK = (
    "The prices that came with the product were read on the day of their row, some of them at second hand: check them"
    " with your provider before you rely on a cost; `prices set` corrects one."
)
_URL_AND_MODEL = re.compile(r"(https?://.+?/v\d+)/(.+)")


@app.callback()
def list_all(context: typer.Context, as_json: Json = False) -> None:
    """List the prices."""
    if context.invoked_subcommand is not None:
        return
    with command_output(as_json) as output:
        prices = list_prices()
        text = "\n".join([*map(_line, prices), CHECK]) if prices else NONE_YET
        output.result({"prices": [_json(price) for price in prices]}, text=text)


@app.command("set")
def set_(
    target: Target,
    prompt: Annotated[float, typer.Option(help="A million prompt tokens.")],
    completion: Annotated[float, typer.Option(help="A million completion tokens.")],
    currency: Annotated[str, typer.Option(help="Three capital letters, such as USD or CNY.")],
    cached: Annotated[
        float | None, typer.Option(help="A million prompt tokens that the server had cached; default: as --prompt.")
    ] = None,
    since: Since = None,
    base_url: BaseUrl = None,
    source: Annotated[str, typer.Option(help="Where this was read.")] = "set by hand",
    as_json: Json = False,
) -> None:
    """Add a price, or replace the one of that day. Runs are billed at the newest one not after their start day."""
    with command_output(as_json) as output:
        address, model = _parsed(target, base_url)
        price = Price(
            address=address,
            model=model,
            since=_day(since),
            currency=currency,
            prompt=prompt,
            cached=prompt if cached is None else cached,
            completion=completion,
            source=source,
        )
        set_price(price)
        output.result(_json(price), text=_line(price))


@app.command()
def remove(target: Target, since: Since = None, base_url: BaseUrl = None, as_json: Json = False) -> None:
    """Take the price of that day away."""
    with command_output(as_json) as output:
        address, model = _parsed(target, base_url)
        day = _day(since)
        if not remove_price(address=address, model=model, since=day):
            raise InputError(f"there is no price of {model} at {address} since {day}")
        output.result({"removed": 1}, text=f"removed: {model} at {address} since {day}")


def _parsed(target: str, base_url: str | None) -> tuple[str, str]:
    if base_url:
        return checked_base_url(base_url), target
    if target.startswith(("http://", "https://")):
        match = _URL_AND_MODEL.fullmatch(target)
        if match is None:
            raise InputError(f"where {target} ends and the model begins is not clear: give MODEL --base-url URL")
        return checked_base_url(match[1]), match[2]
    name, _, model = target.partition("/")
    if not model:
        raise InputError(f"{target!r} names no model: give PRESET/MODEL, URL/MODEL, or MODEL with --base-url")
    return preset_named(name).base_url, model


def _day(since: str | None) -> date:
    if since is None:
        return now().date()
    try:
        return date.fromisoformat(since)
    except ValueError as exc:
        raise InputError(f"--since is a day such as 2026-01-31; got {since!r}") from exc


def _json(price: Price) -> dict[str, Any]:
    return {
        "address": price.address,
        "model": price.model,
        "since": price.since.isoformat(),
        "currency": price.currency,
        "prompt": price.prompt,
        "cached": price.cached,
        "completion": price.completion,
        "source": price.source,
    }


def _line(price: Price) -> str:
    return (
        f"{price.model} at {price.address}, since {price.since}: {price.prompt:g} {price.currency} prompt,"
        f" {price.cached:g} cached, {price.completion:g} completion, a million tokens ({price.source})"
    )
