"""Results of a closed study wait while another one is open on the same dialogues, on both databases."""

from typing import Any

import pytest
from sqlmodel import col, select

from db.engine import write
from db.studies.results import judge_readings, results_wait_for, votes
from db.studies.studies import close_study, create_study, open_study
from db.tables import Dataset, DialogueRow, SampleRow, Study, StudyCase
from proutt_core.errors import ConflictError
from proutt_core.types import StudyDesign
from tests.study_setup import DATASET, add_dataset, add_method, add_user

pytestmark = pytest.mark.usefixtures("database")

OTHER = "other chats"


@pytest.fixture(autouse=True)
def two_datasets(database: str) -> None:
    """Of the same texts; both methods predicted both."""
    add_dataset(test=6)
    add_dataset(test=6, name=OTHER)
    add_method("alpha-model")
    add_method("beta-model")
    add_user("ann")


def drafted(name: str, **changes: Any) -> None:
    settings: dict[str, Any] = {"dataset": DATASET, "cases": 6, "people": 1} | changes
    create_study(StudyDesign(name=name, public_title="Which fits?", a="alpha-model", b="beta-model", **settings))


def opened(name: str, **changes: Any) -> None:
    drafted(name, **changes)
    open_study(name)


def closed_early(name: str, **changes: Any) -> None:
    opened(name, **changes)
    close_study(name, departure="closed early to look")


def tell_apart(dataset: str, *, texts: bool, groups: bool) -> None:
    """Give the dialogues of this dataset other texts, or other groups."""
    with write() as session:
        rows = session.exec(
            select(DialogueRow).join(Dataset, col(Dataset.id) == DialogueRow.dataset_id).where(Dataset.name == dataset)
        )
        for row in rows:
            row.text_sha256 += "-another" if texts else ""
            row.group_key += "-another" if groups else ""
            session.add(row)


def test_results_wait_while_the_same_cases_are_open_elsewhere() -> None:
    closed_early("second")
    assert votes("second") == []
    opened("check")
    for read_results in (votes, judge_readings):
        with pytest.raises(ConflictError, match=r'withheld until "check" is closed'):
            read_results("second")
    close_study("check", departure="all is said")
    assert votes("second") == [] and results_wait_for("second") == []


def test_every_study_that_is_open_there_is_named() -> None:
    closed_early("second")
    opened("check")
    opened("again")
    assert results_wait_for("second") == ["again", "check"]


def test_the_same_text_in_another_dataset_is_the_same_dialogue() -> None:
    tell_apart(OTHER, texts=False, groups=True)
    closed_early("second", dataset=OTHER)
    opened("check")
    assert results_wait_for("second") == ["check"]


def test_another_text_in_another_dataset_is_not_though_its_groups_are_called_the_same() -> None:
    tell_apart(OTHER, texts=True, groups=False)
    closed_early("second", dataset=OTHER)
    opened("check")
    assert results_wait_for("second") == [] and votes("second") == []


def test_pieces_of_one_conversation_are_the_same_dialogue() -> None:
    opened("check", cases=3)
    closed_early("second", cases=3)
    move_apart("check", "second")
    assert results_wait_for("second") == []
    with write() as session:
        for row in session.exec(select(DialogueRow)):
            row.group_key = "one"
            session.add(row)
    assert results_wait_for("second") == ["check"]


def move_apart(one: str, other: str) -> None:
    """Both drew the same samples; the other study gets those that neither drew."""
    with write() as session:
        used = session.exec(select(StudyCase.sample_id).join(Study).where(Study.name == one)).all()
        free = session.exec(
            select(SampleRow.id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .join(Dataset, col(Dataset.id) == DialogueRow.dataset_id)
            .where(Dataset.name == DATASET, DialogueRow.split == "test", col(SampleRow.id).not_in(used))
        ).all()
        cases = session.exec(select(StudyCase).join(Study).where(Study.name == other)).all()
        for case, sample in zip(cases, free, strict=True):
            case.sample_id = sample or 0
            session.add(case)


def test_drafts_and_closed_studies_keep_nothing_back() -> None:
    closed_early("second")
    closed_early("third")
    create_study(
        StudyDesign(
            name="draft",
            public_title="Which fits?",
            dataset=DATASET,
            a="alpha-model",
            b="beta-model",
            cases=6,
            people=1,
        )
    )
    assert results_wait_for("second") == [] and votes("second") == []
