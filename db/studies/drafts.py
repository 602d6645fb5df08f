"""Draft studies: they may be changed and deleted, for nobody was given a case yet. A study that was opened may not."""

from sqlmodel import Session, col, delete

from db.accounts.events import record
from db.engine import read, write
from db.studies.rows import info, queue_of, study_named
from db.studies.studies import EVERYONE, freeze, require_state
from db.tables import Method, Queue, QueueItem, QueueMember, Study, StudyCase
from proutt_core.types import StudyDesign, StudyInfo
from proutt_core.types.differences import difference_texts


def design_of(name: str) -> StudyDesign:
    """What a study was asked to be. InputError where there is none of the name."""
    with read() as session:
        study = study_named(session, name)
        protocol = study.protocol
        return StudyDesign(
            name=study.name,
            public_title=study.public_title,
            dataset=protocol["dataset"],
            a=session.get_one(Method, study.method_a_id).name,
            b=session.get_one(Method, study.method_b_id).name,
            cases=protocol["cases"],
            people=protocol["people"],
            members=() if protocol["members"] == EVERYONE else tuple(protocol["members"]),
            seed=protocol["seed"],
            evidence=protocol["evidence"],
        )


def require_draft(name: str) -> StudyInfo:
    """ConflictError where it was opened."""
    with read() as session:
        study = study_named(session, name)
        require_state(study, "draft", "changed or deleted")
        return info(session, study)


def change_study(name: str, design: StudyDesign, *, user_id: int | None = None) -> StudyInfo:
    """Make a draft what the design says: cases are drawn and the protocol is frozen anew.

    Raises ConflictError where it was opened, and what `create_study` does; it then stays as it was.
    """
    with write() as session:
        study = study_named(session, name, lock=True)
        require_state(study, "draft", "changed")
        earlier = study.protocol
        _clear(session, study)
        freeze(session, design, draft=study)
        differ = difference_texts(earlier | {"samples": None}, study.protocol | {"samples": None})
        detail = {"protocol_sha256": study.protocol_sha256, "differences": differ}
        record(session, user_id=user_id, kind="study.change", subject=name, detail=detail | {"name": design.name})
        session.flush()
        return info(session, study)


def delete_study(name: str, *, user_id: int | None = None) -> None:
    """Delete a draft with its cases; the predictions stay. ConflictError where it was opened."""
    with write() as session:
        study = study_named(session, name, lock=True)
        require_state(study, "draft", "deleted")
        _clear(session, study)
        detail = {"protocol_sha256": study.protocol_sha256}
        record(session, user_id=user_id, kind="study.delete", subject=name, detail=detail)
        session.delete(study)


def _clear(session: Session, study: Study) -> None:
    """Take away its cases and its queue, which nobody was given anything of."""
    queue = queue_of(session, study, lock=True)
    session.exec(delete(QueueItem).where(col(QueueItem.queue_id) == queue.id))
    session.exec(delete(QueueMember).where(col(QueueMember.queue_id) == queue.id))
    session.exec(delete(Queue).where(col(Queue.id) == queue.id))
    session.exec(delete(StudyCase).where(col(StudyCase.study_id) == study.id))
