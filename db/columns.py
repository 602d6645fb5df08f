"""Column types and defaults all tables share."""

import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    return datetime.now(UTC)


def random_id() -> str:
    """What a browser may see: says nothing of order or kind. Hexadecimal, because Streamlit refuses "__" in keys."""
    return secrets.token_hex(12)


def row_id(value: int | None) -> int:
    """A stored row's id, which the models call optional because a new row has none."""
    if value is None:
        raise RuntimeError("a row has no id: it was not flushed")
    return value


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases; SQLite itself would drop the zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """The database itself refuses any other value."""
    listed = ", ".join(f"'{v}'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


Json: Any = sa.JSON
