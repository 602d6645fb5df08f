"""Studies: making one with a frozen protocol, opening, closing, unblinding."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from db.accounts.events import record
from db.blinding.answers_shown import note_opened_study, what_is_told
from db.blinding.eligibility import NoJudge, no_judge, standing
from db.blinding.public_titles import check_public_title, check_titles_in_view
from db.columns import now, row_id
from db.datasets.uses import hold_texts
from db.engine import read, write
from db.review.places import lock_all_queues
from db.studies.draw import DrawnCase, draw_cases
from db.studies.results import progress
from db.studies.rows import dataset_named, info, method_named, queue_of, study_named
from db.tables import Queue, QueueItem, QueueMember, Study, StudyCase, User
from proutt_core.errors import ConflictError, InputError
from proutt_core.types import StudyDesign, StudyInfo
from proutt_core.types.names import require_name
from proutt_core.types.numbers import require_count, require_seed

EVERYONE = "everyone who may judge when it opens"

_WHY_NOT: dict[NoJudge, str] = {
    "roles": "has neither the role annotator nor reviewer",
    "knew": "is a researcher or admin, who can see which method is which; a person may have a second account",
    "edited": "edited pairs of the run behind one of the two methods",
}


@dataclass(frozen=True)
class PossibleJudge:
    """An active account, and why it may not judge in a study of two methods (empty: it may)."""

    name: str
    why_not: str


def create_study(design: StudyDesign, *, user_id: int | None = None) -> StudyInfo:
    """Draw the cases, freeze the protocol and make the closed queue; nobody is given a case before `open_study`.

    Raises InputError for unknown names, people who may not judge, or a title that gives a method away; ConflictError
    when the name is taken, a prediction is missing, or the test split has fewer samples than cases.
    """
    with write() as session:
        study = freeze(session, design)
        detail = {"protocol_sha256": study.protocol_sha256}
        record(session, user_id=user_id, kind="study.create", subject=design.name, detail=detail)
        session.flush()
        return info(session, study)


def freeze(session: Session, design: StudyDesign, *, draft: Study | None = None) -> Study:
    """A study as the design says, with its cases and its closed queue: a new one, or a draft that has lost them.
    Raises what `create_study` does."""
    _check(design)
    same_name = session.exec(select(Study).where(Study.name == design.name)).first()
    if same_name not in (None, draft):
        raise _name_taken_error(design.name)
    dataset = dataset_named(session, design.dataset)
    a, b = method_named(session, design.a), method_named(session, design.b)
    hold_texts(session, row_id(dataset.id))
    check_public_title(session, design.public_title)
    drawn = draw_cases(session, dataset, a, b, cases=design.cases, seed=design.seed)
    protocol = _protocol(design, samples=[sample.key for sample in drawn])
    columns: dict[str, Any] = {
        "name": design.name,
        "public_title": design.public_title,
        "dataset_id": dataset.id,
        "method_a_id": a.id,
        "method_b_id": b.id,
        "protocol": protocol,
        "protocol_sha256": _sha256(protocol),
        "frozen_at": now(),
    }
    study = Study(**columns) if draft is None else draft.sqlmodel_update(columns)
    try:
        with session.begin_nested():
            session.add(study)
    except IntegrityError as exc:  # somebody else took the name at the same moment
        raise _name_taken_error(design.name) from exc
    queue = _add_queue(session, study, drawn, people=design.people)
    _set_members(session, study, queue)
    return study


def _check(design: StudyDesign) -> None:
    if not design.name.strip():
        raise InputError("the study has no name")
    if design.cases < 1 or design.people < 1:
        raise InputError(f"a study needs at least 1 case and 1 person a case; got {design.cases} and {design.people}")
    require_name(design.name, of="a study")
    require_count(design.cases, "the cases of a study")
    require_count(design.people, "the people for each case")
    require_seed(design.seed)
    if design.a == design.b:
        raise InputError(f'a study compares two methods; both are "{design.a}"')


def _protocol(design: StudyDesign, *, samples: Sequence[Any]) -> dict[str, Any]:
    return {
        "template": "paper-check",
        "dataset": design.dataset,
        "methods": {"a": design.a, "b": design.b},
        "public_title": design.public_title,
        "cases": design.cases,
        "people": design.people,
        "members": sorted(member.casefold() for member in design.members) or EVERYONE,
        "seed": design.seed,
        "evidence": design.evidence,
        "primary": "exact sign test on decisive cases; a case's verdict is the strict majority of its people",
        "samples": list(samples),
    }


def _name_taken_error(name: str) -> ConflictError:
    return ConflictError(f'a study named "{name}" exists already; choose another name')


def _add_queue(session: Session, study: Study, drawn: list[DrawnCase], *, people: int) -> Queue:
    queue = Queue(kind="compare", public_title=study.public_title, study_id=study.id, state="draft")
    session.add(queue)
    rows = [
        StudyCase(
            study_id=row_id(study.id),
            sample_id=case.sample_id,
            position=position,
            prediction_a_id=case.prediction_a,
            prediction_b_id=case.prediction_b,
        )
        for position, case in enumerate(drawn)
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(
        QueueItem(queue_id=row_id(queue.id), position=row.position, case_id=row.id, people=people) for row in rows
    )
    return queue


def _set_members(session: Session, study: Study, queue: Queue) -> None:
    """Make the queue's members those the protocol names, or now everyone who may judge.

    Raises InputError where the protocol names somebody who does not exist or may not judge.
    """
    users = {user.name: row_id(user.id) for user in session.exec(select(User).where(col(User.active))).all()}
    named = study.protocol["members"]
    names: list[str] = sorted(users) if named == EVERYONE else named
    unknown = [name for name in names if name not in users]
    if unknown:
        raise InputError(f"no active account is named {', '.join(unknown)}")
    methods = (study.method_a_id, study.method_b_id)
    why_not = {
        name: no_judge(session, person=standing(session, users[name]), moment=study.frozen_at, methods=methods)
        for name in names
    }
    if named != EVERYONE:
        for name, why in why_not.items():
            if why is not None:
                raise InputError(f"{name} may not judge in this study: {name} {_WHY_NOT[why]}")
    session.exec(delete(QueueMember).where(col(QueueMember.queue_id) == queue.id))
    session.add_all(
        QueueMember(queue_id=row_id(queue.id), user_id=users[name]) for name, why in why_not.items() if why is None
    )
    session.flush()


def possible_judges(*, a: str, b: str) -> list[PossibleJudge]:
    """Every active account, by name, and whether it may judge a study of these two methods made now."""
    with read() as session:
        methods = (row_id(method_named(session, a).id), row_id(method_named(session, b).id))
        users = session.exec(select(User).where(col(User.active)).order_by(User.name)).all()
        people = [(user.name, standing(session, row_id(user.id))) for user in users]
        reasons = [(name, no_judge(session, person=p, moment=now(), methods=methods)) for name, p in people]
        return [PossibleJudge(name=name, why_not="" if why is None else _WHY_NOT[why]) for name, why in reasons]


def open_study(name: str, *, user_id: int | None = None) -> StudyInfo:
    """Let its people judge. Raises ConflictError unless it is a draft and has as many people as each case wants."""
    with read() as session:
        told = what_is_told(session, row_id(study_named(session, name).id))
    with write() as session:
        study = study_named(session, name, lock=True)
        require_state(study, "draft", "opened")
        check_public_title(session, study.public_title)
        check_titles_in_view(session)
        # What somebody is being given at this moment shows the answer of a case perhaps.
        lock_all_queues(session)
        queue = queue_of(session, study)
        _set_members(session, study, queue)
        members = len(session.exec(select(QueueMember.id).where(QueueMember.queue_id == queue.id)).all())
        people = int(study.protocol["people"])
        if members < people:
            raise ConflictError(
                f'study "{name}" wants {people} people a case, and {members} may judge; '
                "make more annotator accounts, or create a study with fewer people"
            )
        study.state, study.opened_at, study.opened_by, queue.state = "open", now(), user_id, "open"
        session.flush()
        note_opened_study(session, row_id(study.id), told)
        record(session, user_id=user_id, kind="study.open", subject=name)
        return info(session, study)


def close_study(name: str, *, user_id: int | None = None, departure: str = "") -> StudyInfo:
    """Stop judging. Closing before every answer is in needs `departure`, the reason, which every report will name."""
    with write() as session:
        study = study_named(session, name, lock=True)
        require_state(study, "open", "closed")
        # Locked before counting: an answer that is being saved is either counted here or refused.
        queue = queue_of(session, study, lock=True)
        reached = progress(session, study)
        if reached.answers < reached.answers_wanted:
            if not departure.strip():
                raise ConflictError(
                    f'study "{name}" has {reached.answers} of {reached.answers_wanted} answers; '
                    "closing now departs from the protocol and needs a reason"
                )
            study.departure = (
                f"closed early, with {reached.answers} of {reached.answers_wanted} answers: {departure.strip()}"
            )
        study.state, study.closed_at, study.closed_by, queue.state = "closed", now(), user_id, "closed"
        record(session, user_id=user_id, kind="study.close", subject=name, detail={"departure": study.departure})
        return info(session, study)


def unblind_study(name: str, *, user_id: int | None = None) -> StudyInfo:
    """Show which method is which in results. Only after closing; it cannot be taken back."""
    with write() as session:
        study = study_named(session, name, lock=True)
        require_state(study, "closed", "unblinded")
        if study.unblinded_at is None:
            study.unblinded_at, study.unblinded_by = now(), user_id
            record(session, user_id=user_id, kind="study.unblind", subject=name)
        return info(session, study)


def get_study(name: str) -> StudyInfo:
    with read() as session:
        return info(session, study_named(session, name))


def list_studies() -> list[StudyInfo]:
    """The newest first."""
    with read() as session:
        return [info(session, study) for study in session.exec(select(Study).order_by(col(Study.id).desc())).all()]


def require_state(study: Study, state: Literal["draft", "open", "closed"], done: str) -> None:
    if study.state != state:
        article = "an" if state == "open" else "a"
        raise ConflictError(f'study "{study.name}" is {study.state}; only {article} {state} study can be {done}')


def _sha256(protocol: dict[str, object]) -> str:
    canonical = json.dumps(protocol, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
