"""Methods: anything that predicts next utterances. Immutable: other settings are another method."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.columns import row_id
from db.engine import read, write
from db.tables import Method
from proutt_core.errors import ConflictError
from proutt_core.types.differences import difference_texts
from proutt_core.types.names import require_name


@dataclass(frozen=True)
class MethodInfo:
    id: int
    name: str
    family: str
    seed: int | None
    settings: dict[str, Any]
    created_at: datetime


def ensure(*, name: str, family: str, settings: dict[str, Any], seed: int | None = None) -> MethodInfo:
    """The method of this name, made where there is none. ConflictError naming the settings that differ."""
    with write() as session:
        return ensure_in(session, name=name, family=family, settings=settings, seed=seed)


def ensure_in(
    session: Session, *, name: str, family: str, settings: dict[str, Any], seed: int | None = None
) -> MethodInfo:
    """The same, inside the caller's transaction."""
    method = _named(session, name)
    if method is None:
        require_name(name, of="a method")
        method = Method(name=name, family=family, seed=seed, settings=settings)
        try:
            with session.begin_nested():
                session.add(method)
                session.flush()
        except IntegrityError:  # somebody else made it at the same moment
            method = session.exec(select(Method).where(Method.name == name)).one()
    stored = {**method.settings, "family": method.family, "seed": method.seed}
    differ = difference_texts(stored, {**settings, "family": family, "seed": seed})
    if differ:
        raise ConflictError(f'the method "{name}" has other settings: {"; ".join(differ)}. Choose another name')
    return _info(method)


def find(name: str) -> MethodInfo | None:
    with read() as session:
        row = _named(session, name)
        return None if row is None else _info(row)


def get(method_id: int) -> MethodInfo | None:
    with read() as session:
        row = session.get(Method, method_id)
        return None if row is None else _info(row)


def list_methods() -> list[MethodInfo]:
    """Oldest first."""
    with read() as session:
        return [_info(row) for row in session.exec(select(Method).order_by(col(Method.id)))]


def _named(session: Session, name: str) -> Method | None:
    return session.exec(select(Method).where(Method.name == name)).one_or_none()


def _info(row: Method) -> MethodInfo:
    return MethodInfo(
        id=row_id(row.id),
        name=row.name,
        family=row.family,
        seed=row.seed,
        settings=row.settings,
        created_at=row.created_at,
    )
