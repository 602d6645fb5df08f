"""Titles that annotators see, checked against every name that would tell them what they compare."""

import re
import unicodedata

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.stored_settings import model_names
from db.tables import Dataset, Job, Method, Queue
from proutt_core.errors import InputError
from proutt_core.types.names import require_line

# Shorter names count only as whole words: a method named "a" must not forbid every title.
SHORT = 4


def check_public_title(session: Session, title: str) -> None:
    """Refuse a title that annotators would see and that names a method, its family, its model or a run."""
    if not title.strip():
        raise InputError("the title shown to annotators is empty")
    require_line(title, what="the title shown to annotators")
    name = _name_in(title, _names(session) | _names_of_runs(session))
    if name is not None:
        raise InputError(
            f'the title "{title}" would tell annotators about "{name}"; '
            "choose one without the name of a method, family, model or run"
        )


def check_titles_in_view(session: Session) -> None:
    """When a study opens: refuse while the title of an open queue names a method, family or model made since."""
    names = _names(session)
    rows = session.exec(
        select(Queue.public_title, Dataset.name)
        .join(Job, col(Job.id) == Queue.job_id, isouter=True)
        .join(Dataset, col(Dataset.id) == sa.func.coalesce(Job.dataset_id, Queue.dataset_id))
        .where(Queue.state == "open")
        .order_by(col(Queue.id))
    )
    for title, dataset in rows:
        name = _name_in(title, names)
        if name is not None:
            raise InputError(
                f'the title "{title}", under which annotators see dataset "{dataset}", would tell them about "{name}"; '
                f'change it with `python -m proutt_core title --dataset "{dataset}" NEW_TITLE`'
            )


def _names(session: Session) -> set[str]:
    names: set[str] = set()
    for method in session.exec(select(Method)).all():
        names |= {method.name, method.family, *model_names(method.settings)}
    return names


def _names_of_runs(session: Session) -> set[str]:
    """And of the models that made their pairs."""
    names: set[str] = set()
    for name, settings in session.exec(select(Job.name, Job.settings).where(Job.kind == "synthesis")):
        names |= {name, *model_names(settings)}
    return names


def _name_in(title: str, names: set[str]) -> str | None:
    return next((name for name in sorted(names) if _tells(title, name)), None)


def _tells(title: str, name: str) -> bool:
    compact = _compact(name)
    if not compact:
        return False
    if len(compact) < SHORT and compact.isascii():
        return compact in re.findall(r"\w+", _plain(title))
    return compact in _compact(title)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _compact(text: str) -> str:
    """Letters and digits only, so that "rules without tree" is found in "rules-without-tree" and the other way."""
    return "".join(character for character in _plain(text) if character.isalnum())
