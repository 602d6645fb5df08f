"""Results that must wait: those of a closed study, while another one is open on the same dialogues."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.tables import DialogueRow, SampleRow, Study, StudyCase


def open_on_the_same(session: Session, study: Study) -> list[str]:
    """The names of the other studies that are open and have a case of one of this study's dialogues: of the same
    group, or of the same text in another dataset. What came of the one tells how the other turns out."""
    theirs, its = aliased(DialogueRow), _dialogues_of(study)
    same_group = sa.and_(its.c.dataset_id == theirs.dataset_id, its.c.group_key == theirs.group_key)
    rows = session.exec(
        select(Study.name)
        .join(StudyCase, col(StudyCase.study_id) == Study.id)
        .join(SampleRow, col(SampleRow.id) == StudyCase.sample_id)
        .join(theirs, col(theirs.id) == SampleRow.dialogue_id)
        .join(its, sa.or_(same_group, its.c.text_sha256 == theirs.text_sha256))
        .where(Study.state == "open", Study.id != study.id)
        .order_by(Study.name)
        .distinct()
    )
    return list(rows)


def _dialogues_of(study: Study) -> sa.Subquery:
    return (
        select(DialogueRow.dataset_id, DialogueRow.group_key, DialogueRow.text_sha256)
        .join(SampleRow, col(SampleRow.dialogue_id) == DialogueRow.id)
        .join(StudyCase, col(StudyCase.sample_id) == SampleRow.id)
        .where(StudyCase.study_id == study.id)
        .distinct()
        .subquery()
    )
