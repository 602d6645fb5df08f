"""What a study has gathered: progress while it is open, verdicts once it is closed."""

from collections import Counter

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.blinding.eligibility import facts_of, standing
from db.blinding.unseen import readers_of_cases
from db.blinding.withheld import open_on_the_same
from db.columns import row_id
from db.datasets.dialogues import read_samples
from db.engine import read
from db.review.queues import progress_in
from db.stored_settings import model_of
from db.studies.rows import queue_of, study_named
from db.tables import (
    Assignment,
    Job,
    Judgement,
    JudgeVerdict,
    Method,
    PredictionRow,
    QueueItem,
    QueueMember,
    Study,
    StudyCase,
    User,
)
from proutt_core.errors import ConflictError
from proutt_core.types import AnnotatorProgress, CaseEvidence, CaseVote, JudgeReading, StudyProgress


def study_progress(name: str) -> StudyProgress:
    with read() as session:
        return progress(session, study_named(session, name))


def progress(session: Session, study: Study) -> StudyProgress:
    """Counts of answers and the pooled tie share; nothing by method, so nothing that could end a study early."""
    queue = queue_of(session, study)
    facts = facts_of(queue)
    answers = _last_answers(session, study)
    ties = sum(answer == "tie" for _, _, answer in answers)
    done: dict[int, int] = {}
    for _, user_id, _ in answers:
        done[user_id] = done.get(user_id, 0) + 1
    members = session.exec(
        select(User.id, User.name)
        .join(QueueMember, col(QueueMember.user_id) == User.id)
        .where(QueueMember.queue_id == queue.id)
        .order_by(User.name)
    ).all()
    people = []
    for user_id, user_name in ((row_id(i), n) for i, n in members):
        mine = done.get(user_id, 0)
        left = 0 if study.state == "closed" else progress_in(session, facts, standing(session, user_id)).available
        people.append(AnnotatorProgress(name=user_name, done=mine, total=mine + left))
    return StudyProgress(
        answers=len(answers),
        answers_wanted=int(study.protocol["cases"]) * int(study.protocol["people"]),
        tie_share=ties / len(answers) if answers else None,
        answers_lost=_answers_lost(session, study, answers, people=len(people)),
        people=tuple(people),
    )


def _answers_lost(session: Session, study: Study, answers: list[tuple[int, int, str]], *, people: int) -> int:
    """How many answers nobody is left for; `people` may judge, but none a case whose answer was read before."""
    judged = {(case, user) for case, user, _ in answers}
    barred = Counter(case for case, user in readers_of_cases(session, row_id(study.id)) if (case, user) not in judged)
    expected = int(study.protocol["people"])
    return sum(max(0, expected - (people - count)) for count in barred.values())


def results_wait_for(name: str) -> list[str]:
    """The open studies for whose sake this study's results are withheld."""
    with read() as session:
        return open_on_the_same(session, study_named(session, name))


def votes(name: str) -> list[CaseVote]:
    """Every counted verdict of a closed study, by case and person. Raises ConflictError while it is not closed, or
    another study is open on the same dialogues."""
    with read() as session:
        study = _closed(session, name)
        names = dict(session.exec(select(User.id, User.name)).all())
        return [
            CaseVote.model_validate({"case": position, "voter": names[user_id], "verdict": answer})
            for position, user_id, answer in _last_answers(session, study)
        ]


def judge_readings(name: str) -> list[JudgeReading]:
    """Every finished reading of the study's judge runs. Raises ConflictError as `votes` does."""
    with read() as session:
        study = _closed(session, name)
        rows = session.exec(
            select(StudyCase.position, Job.name, JudgeVerdict)
            .join(JudgeVerdict, col(JudgeVerdict.case_id) == StudyCase.id)
            .join(Job, col(Job.id) == JudgeVerdict.job_id)
            .where(StudyCase.study_id == study.id, col(JudgeVerdict.state).in_(["done", "failed"]))
            .order_by(Job.name, col(StudyCase.position), JudgeVerdict.reading)
        ).all()
        return [
            JudgeReading.model_validate(
                {
                    "case": position,
                    "judge": judge,
                    "reading": row.reading,
                    "verdict": row.verdict,
                    "score_a": row.score_a,
                    "score_b": row.score_b,
                    "reasoning": row.reasoning,
                    "error": row.error,
                }
            )
            for position, judge, row in rows
        ]


def method_models(name: str) -> tuple[str, str]:
    """The models behind the study's methods a and b; "" where a method has none."""
    with read() as session:
        study = study_named(session, name)
        methods = (session.get_one(Method, study.method_a_id), session.get_one(Method, study.method_b_id))
        a, b = (model_of(method.settings) for method in methods)
        return a, b


def case_evidence(case_id: int) -> CaseEvidence:
    """What the protocol lets a judge see of a case."""
    with read() as session:
        case = session.get_one(StudyCase, case_id)
        study = session.get_one(Study, case.study_id)
        sample = read_samples(session, [case.sample_id])[case.sample_id].sample
        shows_next = study.protocol["evidence"] == "context_and_next"
        return CaseEvidence(
            case_id=case_id,
            position=case.position,
            context=sample.context,
            next_utterance=sample.next_utterance if shows_next else None,
            a=tuple(session.get_one(PredictionRow, case.prediction_a_id).utterances),
            b=tuple(session.get_one(PredictionRow, case.prediction_b_id).utterances),
        )


def _last_answers(session: Session, study: Study) -> list[tuple[int, int, str]]:
    """(case position, user, verdict) of every counted answer: the last revision of each done assignment."""
    newest = (
        select(Judgement.assignment_id, func.max(Judgement.revision).label("revision"))
        .group_by(col(Judgement.assignment_id))
        .subquery()
    )
    rows = session.exec(
        select(StudyCase.position, Assignment.user_id, Judgement.answer)
        .join(QueueItem, col(QueueItem.case_id) == StudyCase.id)
        .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id)
        .join(Judgement, col(Judgement.assignment_id) == Assignment.id)
        .join(
            newest,
            (newest.c.assignment_id == col(Judgement.assignment_id)) & (newest.c.revision == col(Judgement.revision)),
        )
        .where(StudyCase.study_id == study.id, Assignment.state == "done", Judgement.answer != "withdrawn")
        .order_by(col(StudyCase.position), col(Assignment.user_id))
    ).all()
    return [(position, user_id, answer) for position, user_id, answer in rows]


def _closed(session: Session, name: str) -> Study:
    study = study_named(session, name)
    if study.state != "closed":
        raise ConflictError(
            f'study "{name}" is {study.state}: verdicts are withheld from everybody until it is closed, '
            "because looking early makes the test wrong"
        )
    if still_open := open_on_the_same(session, study):
        names = ", ".join(f'"{other}"' for other in still_open)
        raise ConflictError(
            f'the results of study "{name}" are withheld until {names} is closed too: people still judge the same '
            "dialogues there, and these results would tell how that comes out"
        )
    return study
