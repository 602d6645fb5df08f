"""Fields that several tables declare alike."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime, now

# Before any table is declared.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def time(default: bool = True) -> Any:
    if default:
        return Field(default_factory=now, sa_type=UtcDateTime, nullable=False)
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


def json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_type=Json, nullable=False)


def defaulted(value: Any, server_default: str) -> Any:
    """A column that a later migration added: the database itself gives `server_default` to the rows there were."""
    return Field(default=value, nullable=False, sa_column_kwargs={"server_default": sa.text(server_default)})


def maybe_json() -> Any:
    return Field(default=None, sa_type=Json, nullable=True)
