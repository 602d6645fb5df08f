"""Finding a study's rows, and the value researchers see of one. For use inside a transaction of the caller."""

from sqlmodel import Session, col, select

from db.tables import Dataset, Method, Queue, QueueMember, Study, User
from proutt_core.errors import InputError
from proutt_core.types import StudyInfo


def study_named(session: Session, name: str, *, lock: bool = False) -> Study:
    statement = select(Study).where(Study.name == name)
    study = session.exec(statement.with_for_update() if lock else statement).first()
    if study is None:
        names = ", ".join(session.exec(select(Study.name).order_by(Study.name)).all()) or "none yet"
        raise InputError(f'no study is named "{name}"; there are: {names}')
    return study


def queue_of(session: Session, study: Study, *, lock: bool = False) -> Queue:
    """The study's queue. Every claim and save of an answer takes the same lock (db/review/places.py)."""
    statement = select(Queue).where(Queue.study_id == study.id)
    return session.exec(statement.with_for_update(key_share=True) if lock else statement).one()


def dataset_named(session: Session, name: str) -> Dataset:
    dataset = session.exec(select(Dataset).where(Dataset.name == name, Dataset.state == "ready")).first()
    if dataset is None:
        names = session.exec(select(Dataset.name).where(Dataset.state == "ready").order_by(Dataset.name)).all()
        raise InputError(f'no dataset is named "{name}"; there are: {", ".join(names) or "none yet"}')
    return dataset


def method_named(session: Session, name: str) -> Method:
    method = session.exec(select(Method).where(Method.name == name)).first()
    if method is None:
        names = session.exec(select(Method.name).order_by(Method.name)).all()
        raise InputError(f'no method is named "{name}"; there are: {", ".join(names) or "none yet; run `predict`"}')
    return method


def info(session: Session, study: Study) -> StudyInfo:
    a, b = session.get_one(Method, study.method_a_id), session.get_one(Method, study.method_b_id)
    members = session.exec(
        select(User.name)
        .join(QueueMember, col(QueueMember.user_id) == User.id)
        .where(QueueMember.queue_id == queue_of(session, study).id)
        .order_by(User.name)
    ).all()
    protocol = study.protocol
    return StudyInfo.model_validate(
        {
            "id": study.id,
            "public_id": study.public_id,
            "name": study.name,
            "public_title": study.public_title,
            "dataset": protocol["dataset"],
            "a": a.name,
            "b": b.name,
            "state": study.state,
            "cases": protocol["cases"],
            "people": protocol["people"],
            "members": tuple(members),
            "evidence": protocol["evidence"],
            "seed": protocol["seed"],
            "protocol_sha256": study.protocol_sha256,
            "departure": study.departure,
            "unblinded": study.unblinded_at is not None,
        }
    )
