"""The table of prices: what a model costs from a day on, read and added to by researchers."""

from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from db.columns import now
from db.jobs import prices
from db.jobs.jobs import JobInfo
from db.jobs.prices import Price
from pages._parts.notices import show_error
from pages._parts.tables import pick
from pages._parts.text import _
from pages._parts.who import acting
from proutt_core.display.visible import visible
from proutt_core.errors import InputError
from proutt_core.jobs.bills import address_and_model, billing_day

TAB = "synthesis_tab"
WANTED = "price-wanted"  # address, model and day of the price that a run lacks
ROWS_SHOWN = 10


def offer_price(job: JobInfo) -> None:
    """Says that no price is known for the job's model, and leads to where one is set."""
    address, model = address_and_model(job)
    st.text(_("No price is known for {model} at {address}.").format(model=visible(model), address=visible(address)))
    st.button(
        _("Set its price"), icon=":material/payments:", key=f"price-of-{job.public_id}", on_click=_lead, args=(job,)
    )


def _lead(job: JobInfo) -> None:
    address, model = address_and_model(job)
    st.session_state[WANTED] = (address, model, billing_day(job))
    st.session_state[TAB] = _("Prices")


def draw_prices() -> None:
    price_list = prices.list_prices()
    st.caption(
        _(
            "A run is billed at the newest price that is not after its start. Money is for a million tokens. Models on"
            " this machine are free unless a price is set."
        )
    )
    table, form = st.columns([1.7, 1], gap="large")
    with table:
        chosen = _table(price_list) if price_list else None
        if not price_list:
            st.text(_("No price is set yet."))
    with form, st.container(border=True):
        _form(_start(chosen))


def _table(price_list: list[Price]) -> Price:
    rows = [
        {
            _("Model"): visible(price.model),
            _("Since"): price.since,
            _("Prompt"): price.prompt,
            _("Cached"): price.cached,
            _("Reply"): price.completion,
            _("Currency"): price.currency,
            _("Address"): visible(price.address),
            _("Source"): visible(price.source),
        }
        for price in price_list
    ]
    look = {_("Address"): st.column_config.TextColumn(width=190), _("Source"): st.column_config.TextColumn(width=190)}
    return pick(price_list, rows, key="prices", height=35 * (min(len(rows), ROWS_SHOWN) + 1) + 2, column_config=look)


def _start(chosen: Price | None) -> Price | None:
    """What the form begins with: the price that a run lacks, or the chosen row as of today."""
    missing_price = st.session_state.get(WANTED)
    if missing_price is None:
        return chosen
    address, model, since = missing_price
    none = Price(address=address, model=model, since=since, currency="USD", prompt=0.0, cached=0.0, completion=0.0)
    return none if chosen is None else replace(none, currency=chosen.currency)


def _form(start: Price | None) -> None:
    """One price: a new day adds a row, the same day replaces it."""
    key = "price" if start is None else f"price-{start.model}-{start.address}-{start.since}"
    st.markdown(f"**{_('Set a price')}**")
    price = _fields(start, key)
    with st.container(horizontal=True):
        st.button(_("Save the price"), type="primary", key="price-save", on_click=_save, args=(price,))
        if start is not None and WANTED not in st.session_state:
            with st.popover(_("Remove this row…"), icon=":material/delete:"):
                st.text(_("Runs that were billed at this price are then billed at an older one, or at none."))
                st.button(_("Remove"), key="price-remove", on_click=_remove, args=(start,))


def _fields(start: Price | None, key: str) -> dict[str, Any]:
    """What is typed, as the values of a `Price`."""
    values: dict[str, Any] = {"currency": "USD", "since": now().date()} if start is None else asdict(start)

    def rate(place: "st.delta_generator.DeltaGenerator", label: str, name: str) -> float:
        return float(place.number_input(label, 0.0, value=values.get(name, 0.0), format="%.4g", key=f"{key}-{name}"))

    def text(place: "st.delta_generator.DeltaGenerator", label: str, name: str, **look: Any) -> str:
        return (place.text_input(label, value=values.get(name, ""), key=f"{key}-{name}", **look) or "").strip()

    whole = st.container()
    model = text(whole, _("Model, as it is asked for"), "model")
    address = text(whole, _("Address"), "address", placeholder="http://127.0.0.1:8000/v1").rstrip("/")
    first, second, third = st.columns(3)
    rates = {
        "prompt": rate(first, _("Prompt"), "prompt"),
        "cached": rate(second, _("Cached"), "cached"),
        "completion": rate(third, _("Reply"), "completion"),
    }
    left, right = st.columns(2)
    currency = text(left, _("Currency"), "currency", max_chars=3).upper()
    since = right.date_input(_("Since"), value=values["since"], key=f"{key}-since")
    source = text(st.container(), _("Source: where this was read"), "source")
    return {"model": model, "address": address, "currency": currency, "since": since, "source": source, **rates}


def _save(price: dict[str, Any]) -> None:
    with show_error():
        who = acting("synthesis")
        if price["since"] is None:
            raise InputError(_("Say from which day on the price holds."))
        prices.set_price(Price(**price), user_id=who.id)
        st.session_state.pop(WANTED, None)


def _remove(price: Price) -> None:
    with show_error():
        who = acting("synthesis")
        prices.remove_price(address=price.address, model=price.model, since=price.since, user_id=who.id)
