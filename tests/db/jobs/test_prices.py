"""The price table, on both databases."""

from dataclasses import replace
from datetime import date

import pytest

from db.accounts import events
from db.jobs.prices import Price, add_missing, list_prices, price_for, remove_price, set_price
from proutt_core.errors import InputError
from proutt_core.jobs.bills import load_starting_prices
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.providers.price_list import STARTING_PRICES

JANUARY = Price(
    address="http://a/v1",
    model="m",
    since=date(2026, 1, 1),
    currency="USD",
    prompt=1.0,
    cached=0.1,
    completion=2.0,
    source="a page",
)
MAY = replace(JANUARY, since=date(2026, 5, 1), prompt=3.0)


def test_the_newest_price_that_is_not_after_the_day(database: str) -> None:
    set_price(MAY)
    set_price(JANUARY)
    prices = {day: price_for("http://a/v1", "m", on=date(2026, *day)) for day in ((1, 1), (4, 30), (5, 1), (12, 31))}
    assert prices == {(1, 1): JANUARY, (4, 30): JANUARY, (5, 1): MAY, (12, 31): MAY}
    assert price_for("http://a/v1", "m", on=date(2025, 12, 31)) is None


def test_address_and_name_must_be_exactly_these(database: str) -> None:
    set_price(JANUARY)
    assert price_for("http://a/v1/", "m", on=date(2026, 6, 1)) is None
    assert price_for("http://a/v1", "M", on=date(2026, 6, 1)) is None
    assert price_for("http://b/v1", "m", on=date(2026, 6, 1)) is None


def test_a_price_of_the_same_day_is_replaced_and_the_change_is_noted(database: str) -> None:
    set_price(JANUARY)
    set_price(replace(JANUARY, prompt=9.0))
    assert list_prices() == [replace(JANUARY, prompt=9.0)]
    kinds = [event.kind for event in events.recent()]
    assert kinds == ["price.set", "price.set"]


def test_a_price_can_be_taken_away(database: str) -> None:
    set_price(JANUARY)
    set_price(MAY)
    assert remove_price(address="http://a/v1", model="m", since=MAY.since)
    assert not remove_price(address="http://a/v1", model="m", since=MAY.since)
    assert list_prices() == [JANUARY]


def test_bundled_rows_fill_gaps_and_never_replace_what_people_set(database: str) -> None:
    mine = replace(JANUARY, prompt=7.0)
    set_price(mine)
    assert add_missing([JANUARY, MAY]) == 1
    assert list_prices() == [MAY, mine]
    assert add_missing([JANUARY, MAY]) == 0


def test_the_starting_prices_load_once(database: str) -> None:
    assert load_starting_prices() == len(STARTING_PRICES) > 5
    assert load_starting_prices() == 0
    assert len(list_prices()) == len(STARTING_PRICES)


def test_every_starting_price_is_of_a_presets_model_with_its_date_and_source() -> None:
    models = {(preset.base_url, model) for preset in PRESETS.values() for model in preset.models}
    for row in STARTING_PRICES:
        price = Price(**row)
        assert (price.address, price.model) in models
        assert price.source
        assert price.cached <= price.prompt <= price.completion


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"currency": "dollars"}, "three capital letters"),
        ({"currency": "usd"}, "three capital letters"),
        ({"prompt": -1.0}, "prompt price"),
        ({"cached": float("nan")}, "cached price"),
        ({"completion": float("inf")}, "completion price"),
        ({"model": " "}, "model's name"),
        ({"address": ""}, "address"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(JANUARY, **change)  # type: ignore[arg-type]
