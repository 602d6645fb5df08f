"""A small project with something on every screen, made in this process: people, runs, methods, studies, judges."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

import db.engine
from db.accounts.users import create_user
from db.engine import read, write
from db.migrate import migrate
from db.studies.drafts import delete_study
from db.studies.studies import close_study, create_study, open_study
from db.tables import StudyCase, SynthesisItem, User
from proutt_core.actions.judging import start as start_judge
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.jobs.kinds.judging import run_judging
from proutt_core.jobs.kinds.prediction import run_prediction
from proutt_core.judge.settings import JudgeRequest
from proutt_core.llm.providers.model_ref import BASELINE
from proutt_core.types import StudyDesign, StudyInfo, Verdict
from proutt_core.types.accounts import AccountRole
from tests.fake_server import Call, FakeServer
from tests.jobs.project import import_talks, queue_run, run_here
from tests.study_setup import judge_all

PASSWORD = "correct horse battery staple"
PEOPLE: dict[str, AccountRole] = {"ann": "annotator", "rev": "reviewer", "res": "researcher", "adm": "admin"}
# Everything that has a name which annotators must not see is named like this.
SECRET = "zq"
DATASET = "zqtalkszq"
RUN, WAITING_RUN, FAILING_RUN = "zqrunzq", "zqwaitingzq", "zqfailingzq"
METHODS = ("zqfirstzq", "zqsecondzq")
OPEN_STUDY, CLOSED_STUDY = "zqopenzq", "zqclosedzq"
MODEL = "zqmodelzq"
CASES = 3
FAR = 7_354_000


def build(folder: Path) -> str:
    """Makes the project and returns its database's address. Two runs in it wait for a worker.

    On a thread of its own: the browser of earlier tests keeps an event loop on this one.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_build, folder).result()


def _build(folder: Path) -> str:
    url = f"sqlite:///{folder / 'p.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        migrate()
        for name, role in PEOPLE.items():
            create_user(name=name, password=PASSWORD, roles=[role])
        import_talks(60, name=DATASET, split="40/0/60")
        _runs()
        _studies()
        db.engine.dispose()
    return url


def _runs() -> None:
    with FakeServer(models=[MODEL], content=_garbage_first()) as fake:
        run_here(queue_run(RUN, dataset=DATASET, limit=6, model=MODEL, base_url=fake.base_url).job_id)
    queue_run(WAITING_RUN, dataset=DATASET, limit=3)
    failing = queue_run(FAILING_RUN, dataset=DATASET, limit=4).job_id
    with write() as session:
        for item in session.exec(select(SynthesisItem).where(SynthesisItem.job_id == failing).limit(2)):
            item.state, item.failed_stage, item.error = "failed", "intent_tree", "zqmodelzq at zqaddresszq said no"
            session.add(item)


def _garbage_first() -> Callable[[Call], str | None]:
    """The first answer to every question names its model and cannot be used; the repair gets the filled schema."""

    def content(call: Call) -> str | None:
        repaired = any(message["role"] == "assistant" for message in call.body["messages"])
        return None if repaired else f"I am {MODEL} and say no."

    return content


def far_ids(url: str) -> None:
    """Gives every row an id that nothing else on a page looks like."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {trigger}")
        for table in SQLModel.metadata.sorted_tables:
            for column in table.columns:
                refers = any(key.column.name == "id" for key in column.foreign_keys)
                if refers or (column.name == "id" and column.primary_key):
                    database.execute(f'update "{table.name}" set {column.name} = {column.name} + {FAR}')
    database.close()


def _studies() -> None:
    for name, without_tree in zip(METHODS, (False, True), strict=True):
        method = prompted_method(name=name, model=BASELINE, without_tree=without_tree)
        run_here(start_prediction(dataset=DATASET, method=method).job_id, work=run_prediction)
    closed = open_study(_study(CLOSED_STUDY, seed=0).name)
    with read() as session:
        people = [session.exec(select(User.id).where(User.name == name)).one() for name in ("ann", "rev")]
    verdicts: list[Verdict] = ["a", "tie", "b"]
    for person in people:
        judge_all(closed.id, person or 0, verdicts)
    run_here(start_judge(JudgeRequest(study=CLOSED_STUDY)).id, work=run_judging)
    close_study(CLOSED_STUDY)
    # Results of a study are withheld while its cases stand in an open one.
    open_study(_apart_from(closed).name)
    start_judge(JudgeRequest(study=OPEN_STUDY))


def _study(name: str, *, seed: int) -> StudyInfo:
    a, b = METHODS
    return create_study(
        StudyDesign(name=name, public_title="Evening talk", dataset=DATASET, a=a, b=b, cases=CASES, people=2, seed=seed)
    )


def _apart_from(other: StudyInfo) -> StudyInfo:
    """A draft whose cases are none of the other's: the first seed that draws such."""
    for seed in range(1, 100):
        draft = _study(OPEN_STUDY, seed=seed)
        with read() as session:
            cases = {
                study: set(session.exec(select(StudyCase.sample_id).where(StudyCase.study_id == study)))
                for study in (other.id, draft.id)
            }
        if not cases[other.id] & cases[draft.id]:
            return draft
        delete_study(OPEN_STUDY)
    raise AssertionError("too few test samples for two studies apart")
