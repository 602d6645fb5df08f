"""Which version of the schema a database has, beside the one that this program is written for."""

from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from proutt_core.errors import SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
SchemaState = Literal["own", "no schema", "older schema", "newer schema"]


def schema_state(connection: Connection) -> SchemaState:
    """Takes no lock."""
    stored, own = stored_revision(connection), own_revision()
    if stored is None:
        return "no schema"
    if stored == own:
        return "own"
    return "older schema" if stored.isdigit() and stored < own else "newer schema"


def require_own_schema(engine: Engine) -> None:
    """Code would leave out what another version's tables hold, without a word. SettingsError says what to do."""
    with engine.connect() as connection:
        state = schema_state(connection)
        if state != "own":
            raise SettingsError(_WORDS[state].format(stored=stored_revision(connection), own=own_revision()))


def own_revision() -> str:
    """The newest migration's."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def stored_revision(connection: Connection) -> str | None:
    """None where the database has no tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return revision


_WORDS: dict[SchemaState, str] = {
    "no schema": "the database has no tables of ProUtt Studio yet: run `python -m proutt_core init`",
    "older schema": (
        "the database has schema {stored}, this version of ProUtt Studio works with {own}: stop the server and the"
        " workers, make a backup, run `python -m proutt_core init`, and start them again"
    ),
    "newer schema": (
        "the database has schema {stored}, this version of ProUtt Studio knows up to {own}: update ProUtt Studio, or"
        " point PROUTT_DATABASE_URL at another database"
    ),
}
