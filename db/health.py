"""Whether the database can be used; what the server needs to know of it at its start, at its end and when asked."""

import logging
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from db.engine import dispose
from db.migrate import is_current
from proutt_core.errors import SettingsError

Health = Literal["ok", "no database", "other schema"]

log = logging.getLogger("proutt.db")


def health() -> Health:
    """Asks the database. `other schema`: it answers, but its tables are not those of this version."""
    try:
        return "ok" if is_current() else "other schema"
    except (SQLAlchemyError, SettingsError):
        log.exception("the database does not answer")
        return "no database"


def close() -> None:
    """The server stops: lets go of every connection, so that SQLite folds its log back into the one file."""
    dispose()
