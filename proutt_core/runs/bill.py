"""What calls cost: the tokens that the server counted, times the price of a million of them.

    bill = make_bill(usage_of_the_job, price)
    bill.total.money, bill.currency, bill.at_least

Prompt tokens that the server had cached are charged at the cached price, the others at the full one. Without a price
the cost is unknown: None, never 0. Calls that the server answered without counting are counted here: what is known is
then the least that was paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

MILLION = 1_000_000


class Tokens(Protocol):
    """Of some calls, by the server's own count; `cached_tokens` are part of `prompt_tokens`."""

    @property
    def prompt_tokens(self) -> int: ...
    @property
    def cached_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...


class Usage(Tokens, Protocol):
    """What the calls of one stage came to; `db.jobs.usage.StageUsage` is one."""

    @property
    def stage(self) -> str: ...
    @property
    def calls(self) -> int: ...
    @property
    def cached_calls(self) -> int: ...
    @property
    def unmetered_calls(self) -> int: ...
    @property
    def calls_without_schema(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class Rates(Protocol):
    """Money a million tokens; `db.jobs.prices.Price` is one."""

    @property
    def currency(self) -> str: ...
    @property
    def prompt(self) -> float: ...
    @property
    def cached(self) -> float: ...
    @property
    def completion(self) -> float: ...
    @property
    def since(self) -> date | None: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True)
class Free:
    """Models on this machine: nobody is paid, so there is no currency either."""

    currency: str = ""
    prompt: float = 0.0
    cached: float = 0.0
    completion: float = 0.0
    since: date | None = None
    source: str = ""


FREE = Free()


@dataclass(frozen=True)
class StageCost:
    """`calls` were made, `cached_calls` were answered by the call log. `money` None: no price is known."""

    stage: str
    calls: int = 0
    cached_calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0  # part of prompt_tokens
    completion_tokens: int = 0
    unmetered_calls: int = 0
    calls_without_schema: int = 0  # the server refused it, and nothing held the model to it
    seconds: float = 0.0  # of waiting for answers, added up over calls that ran beside each other
    money: float | None = None


@dataclass(frozen=True)
class Bill:
    """`note` says in words why the cost is unknown, or only the least that was paid. `since` and `source` are the day
    of the price and where it was read; None and empty where nothing is paid or no price is known."""

    stages: tuple[StageCost, ...]
    total: StageCost
    currency: str = ""
    since: date | None = None
    source: str = ""
    at_least: bool = False  # some calls were answered without usage: more was paid than is known
    note: str = ""


def without_schema(bill: Bill) -> str:
    """Says so where replies were asked for without their schema, by stage; "" where none was."""
    lost = [stage for stage in bill.stages if stage.calls_without_schema]
    if not lost:
        return ""
    stages = ", ".join(f"{stage.stage} {stage.calls_without_schema} of {stage.calls}" for stage in lost)
    return f"asked for without the schema, which the server refused: {stages} calls; models check says what it takes"


def money_for(tokens: Tokens, rates: Rates) -> float:
    """In the currency of the rates."""
    full = max(0, tokens.prompt_tokens - tokens.cached_tokens)
    paid = full * rates.prompt + tokens.cached_tokens * rates.cached + tokens.completion_tokens * rates.completion
    return paid / MILLION


def make_bill(usage: Iterable[Usage], rates: Rates | None, *, unknown: str = "") -> Bill:
    """By stage, in the order given, and in all. `unknown` is what to say where there are no rates."""
    by_stage: dict[str, list[Usage]] = {}
    for row in usage:
        by_stage.setdefault(row.stage, []).append(row)
    stages = tuple(_sum(stage, rows, rates) for stage, rows in by_stage.items())
    total = _sum("", [row for rows in by_stage.values() for row in rows], rates)
    at_least = rates is not None and bool(rates.currency) and total.unmetered_calls > 0
    return Bill(
        stages=stages,
        total=total,
        currency="" if rates is None else rates.currency,
        since=None if rates is None else rates.since,
        source="" if rates is None else rates.source,
        at_least=at_least,
        note=unknown if rates is None else _missing(total) if at_least else "",
    )


def shown_money(money: float | None, currency: str) -> str:
    """For people: two decimals, more where that would show nothing. Unknown is a word, not a number."""
    if money is None:
        return "unknown"
    digits = 2 if money == 0 or money >= 0.995 else 4
    return f"{money:.{digits}f} {currency}".rstrip()


def _sum(stage: str, rows: list[Usage], rates: Rates | None) -> StageCost:
    return StageCost(
        stage=stage,
        calls=sum(row.calls for row in rows),
        cached_calls=sum(row.cached_calls for row in rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        cached_tokens=sum(row.cached_tokens for row in rows),
        completion_tokens=sum(row.completion_tokens for row in rows),
        unmetered_calls=sum(row.unmetered_calls for row in rows),
        calls_without_schema=sum(row.calls_without_schema for row in rows),
        seconds=sum(row.seconds for row in rows),
        money=None if rates is None else sum(money_for(row, rates) for row in rows),
    )


def _missing(total: StageCost) -> str:
    return f"at least: the server sent no usage with {total.unmetered_calls} of {total.calls} calls"
