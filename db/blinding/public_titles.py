"""Titles that annotators see, checked against every name that would tell them what they compare."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.blinding.likeness import names, names_a_part
from db.stored_settings import model_names
from db.tables import Dataset, Job, Method, Queue
from proutt_core.errors import InputError
from proutt_core.types.names import require_line


def check_public_title(session: Session, title: str) -> None:
    """Refuse a title that annotators would see and that names a method, its family, its model or a run, or a part by
    which a method, family or model is recognised."""
    if not title.strip():
        raise InputError("the title shown to annotators is empty")
    require_line(title, what="the title shown to annotators")
    name = _name_in(title, coined=_names(session) | _models_of_runs(session), runs=_names_of_runs(session))
    if name is not None:
        raise InputError(
            f'the title "{title}" would tell annotators about "{name}"; '
            "choose one without the name of a method, family, model or run, and without a part of such a name"
        )


def check_titles_in_view(session: Session) -> None:
    """When a study opens: refuse while the title of an open queue names a method, family or model made since."""
    coined = _names(session)
    rows = session.exec(
        select(Queue.public_title, Dataset.name)
        .join(Job, col(Job.id) == Queue.job_id, isouter=True)
        .join(Dataset, col(Dataset.id) == sa.func.coalesce(Job.dataset_id, Queue.dataset_id))
        .where(Queue.state == "open")
        .order_by(col(Queue.id))
    )
    for title, dataset in rows:
        name = _name_in(title, coined=coined)
        if name is not None:
            raise InputError(
                f'the title "{title}", under which annotators see dataset "{dataset}", would tell them about "{name}"; '
                f'change it with `python -m proutt_core title --dataset "{dataset}" NEW_TITLE`'
            )


def _names(session: Session) -> set[str]:
    coined: set[str] = set()
    for method in session.exec(select(Method)).all():
        coined |= {method.name, method.family, *model_names(method.settings)}
    return coined


def _models_of_runs(session: Session) -> set[str]:
    """That made their pairs."""
    settings = session.exec(select(Job.settings).where(Job.kind == "synthesis"))
    return {name for of_run in settings for name in model_names(of_run)}


def _names_of_runs(session: Session) -> set[str]:
    return set(session.exec(select(Job.name).where(Job.kind == "synthesis")))


def _name_in(title: str, *, coined: set[str], runs: Collection[str] = ()) -> str | None:
    """Runs count by their whole names: they are mostly called by words of the dialogues that titles share."""
    whole = (name for name in sorted(coined | set(runs)) if names(title, name))
    part = (name for name in sorted(coined) if names_a_part(title, name))
    return next(whole, None) or next(part, None)
