"""From files to judges: nobody who judges a case reads, before or meanwhile, what its user really said next."""

import json
from pathlib import Path
from typing import Literal

import pytest
from sqlmodel import select

from db.datasets.dialogues import read_samples
from db.engine import read
from db.review.queues import titles
from db.studies.studies import create_study, open_study
from db.tables import StudyCase
from proutt_core.actions.importing import import_now
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.dialogues import ImportSettings, parse_shares
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.jobs.kinds.prediction import run_prediction
from proutt_core.llm.providers.model_ref import BASELINE
from proutt_core.types import StudyDesign
from tests.db.blinding.talks import all_given
from tests.jobs.project import queue_run, run_here
from tests.study_setup import add_user

pytestmark = pytest.mark.usefixtures("sqlite")

TALKS, CASES = 20, 6


def said(n: int, part: int) -> str:
    return f"Question {n} part {part}: what about stop {part}?"


def write_talks(path: Path) -> str:
    rows = []
    for n in range(TALKS):
        turns = [(said(n, part), f"Answer {n} {part}.") for part in range(4)]
        messages = []
        for question, answer in turns:
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        rows.append({"id": f"t{n}", "messages": messages})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def import_talks(path: str, dataset: str, *, split: str, turn: Literal["all", "random"] = "random") -> None:
    settings = ImportSettings(shares=parse_shares(split), turn=turn)
    import_now(ImportRequest(paths=(path,), dataset=dataset, public_title=dataset.title(), settings=settings))


@pytest.mark.parametrize("turn", ["all", "random"])
def test_no_judge_reads_the_answer_of_a_case(turn: Literal["all", "random"], tmp_path: Path) -> None:
    path = write_talks(tmp_path / "t.jsonl")
    import_talks(path, "talks", split="30/0/70", turn=turn)
    import_talks(path, "copy", split="100/0/0")
    for dataset in ("talks", "copy"):
        run_here(queue_run(f"of {dataset}", dataset=dataset, split="all").job_id)
    for name, without_tree in (("first", False), ("second", True)):
        method = prompted_method(name=name, model=BASELINE, without_tree=without_tree)
        run_here(start_prediction(dataset="talks", method=method).job_id, work=run_prediction)
    early, late = add_user("early", "reviewer"), add_user("late", "reviewer")
    read_before = "\n".join(all_given(titles(kind="pair", user_id=early)[0][0], early, most=12))

    create_study(
        StudyDesign(name="s", public_title="Which?", dataset="talks", a="first", b="second", cases=CASES, people=2)
    )
    open_study("s")
    answers = answers_of_cases()
    assert len(answers) == CASES
    queues = [queue for kind in ("pair", "tree") for queue, _ in titles(kind=kind, user_id=late)]
    read_meanwhile = "\n".join(text for queue in queues for text in all_given(queue, late))
    assert len(queues) == 4 and not [answer for answer in answers if answer in read_meanwhile]
    ((study, _),) = titles(kind="compare", user_id=late)
    judged = {user: all_given(study, user) for user in (early, late)}
    # Every cut of a dialogue is shown from its beginning.
    had_read = [answer for answer in answers if said(int(answer.split()[1]), 0) in read_before]
    assert len(judged[late]) == CASES > len(judged[early]) == CASES - len(had_read)
    for texts in judged.values():
        assert not [answer for answer in answers if answer in "\n".join(texts)]


def answers_of_cases() -> set[str]:
    with read() as session:
        samples = session.exec(select(StudyCase.sample_id)).all()
        return {stored.sample.next_utterance for stored in read_samples(session, samples).values()}
