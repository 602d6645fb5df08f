"""What models cost: dated rows that people may add to, by the address asked and the model's name there."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.engine import read, write
from db.tables import ModelPrice
from proutt_core.errors import InputError


@dataclass(frozen=True)
class Price:
    """From `since` on, until a newer row: money a million tokens. `prompt` is of those the server had not cached."""

    address: str  # base URL, without a trailing slash
    model: str  # as it is asked for there
    since: date
    currency: str  # ISO 4217
    prompt: float
    cached: float
    completion: float
    source: str = ""  # where this was read

    def __post_init__(self) -> None:
        """InputError where a row would make no sense; nothing of it is stored then."""
        if not self.address.strip() or not self.model.strip():
            raise InputError("a price needs the address of the server and the model's name there")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise InputError(f"the currency is three capital letters, such as USD or CNY; got {self.currency!r}")
        for name in ("prompt", "cached", "completion"):
            if not 0 <= getattr(self, name) < 1e6:  # also refuses NaN
                raise InputError(f"the {name} price must be 0 or more, a million tokens; got {getattr(self, name)}")


def list_prices() -> list[Price]:
    """Every row, by address and model, newest first."""
    order = (col(ModelPrice.address), col(ModelPrice.model), col(ModelPrice.since).desc())
    with read() as session:
        return [_price(row) for row in session.exec(select(ModelPrice).order_by(*order))]


def price_for(address: str, model: str, *, on: date) -> Price | None:
    """The newest row of exactly this address and model that is not after that day."""
    with read() as session:
        row = session.exec(
            select(ModelPrice)
            .where(ModelPrice.address == address, ModelPrice.model == model, col(ModelPrice.since) <= on)
            .order_by(col(ModelPrice.since).desc())
            .limit(1)
        ).first()
        return None if row is None else _price(row)


def set_price(price: Price, *, user_id: int | None = None) -> None:
    """Add the row, or replace the one of the same address, model and day."""
    with write() as session:
        row = _row(session, price.address, price.model, price.since)
        if row is None:
            session.add(ModelPrice(**asdict(price)))
        else:
            row.sqlmodel_update(asdict(price))
        detail = {"currency": price.currency, "since": price.since.isoformat()}
        detail |= {"prompt": str(price.prompt), "cached": str(price.cached), "completion": str(price.completion)}
        record(session, user_id=user_id, kind="price.set", subject=f"{price.model} at {price.address}", detail=detail)


def remove_price(*, address: str, model: str, since: date, user_id: int | None = None) -> bool:
    """Whether there was such a row."""
    with write() as session:
        row = _row(session, address, model, since)
        if row is None:
            return False
        session.delete(row)
        detail = {"since": since.isoformat()}
        record(session, user_id=user_id, kind="price.remove", subject=f"{model} at {address}", detail=detail)
        return True


def add_missing(prices: Iterable[Price]) -> int:
    """Add the rows whose address, model and day the table has nothing of; what people set stays. Returns how many."""
    with write() as session:
        rows = session.exec(select(ModelPrice.address, ModelPrice.model, col(ModelPrice.since)))
        known = {tuple(row) for row in rows}
        new = [asdict(price) for price in prices if (price.address, price.model, price.since) not in known]
        if new:
            session.connection().execute(sa.insert(ModelPrice), new)
        return len(new)


def _row(session: Session, address: str, model: str, since: date) -> ModelPrice | None:
    return session.exec(
        select(ModelPrice)
        .where(ModelPrice.address == address, ModelPrice.model == model, ModelPrice.since == since)
        .with_for_update()
    ).one_or_none()


def _price(row: ModelPrice) -> Price:
    return Price(
        address=row.address,
        model=row.model,
        since=row.since,
        currency=row.currency,
        prompt=row.prompt,
        cached=row.cached,
        completion=row.completion,
        source=row.source,
    )
