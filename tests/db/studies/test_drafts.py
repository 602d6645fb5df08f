"""Draft studies on both databases: changed, deleted, and neither once they were opened."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from db.engine import read
from db.studies.drafts import change_study, delete_study, design_of
from db.studies.studies import close_study, create_study, get_study, list_studies, open_study
from db.tables import EventRow, PredictionRow, Queue, QueueItem, QueueMember, Study, StudyCase
from proutt_core.errors import ConflictError, InputError
from proutt_core.types import StudyDesign
from tests.study_setup import DATASET, add_user, two_methods

pytestmark = pytest.mark.usefixtures("database")

DESIGN = StudyDesign(
    name="check", public_title="Which fits?", dataset=DATASET, a="alpha-model", b="beta-model", cases=4, people=1
)


@pytest.fixture
def draft(database: str) -> str:
    two_methods(test=12)
    add_user("ann")
    add_user("bob")
    create_study(DESIGN)
    return DESIGN.name


def counts(*tables: type) -> list[int]:
    with read() as session:
        return [len(session.exec(select(table)).all()) for table in tables]


def test_a_draft_says_what_it_was_asked_to_be(draft: str) -> None:
    assert design_of(draft) == DESIGN
    named = DESIGN.model_copy(update={"name": "named", "members": ("ann",), "evidence": "context_and_next", "seed": 3})
    create_study(named)
    assert design_of("named") == named


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"public_title": "Which suits?"},
        {"cases": 7},
        {"people": 2},
        {"members": ("bob",)},
        {"seed": 9},
        {"a": "beta-model", "b": "alpha-model"},
        {"evidence": "context_and_next"},
        {},
    ],
)
def test_a_changed_draft_is_as_if_it_had_been_made_so(draft: str, changes: dict[str, object]) -> None:
    design = DESIGN.model_copy(update=changes)
    changed = change_study(draft, design)
    assert design_of(design.name) == design
    assert counts(Study, StudyCase, Queue, QueueItem) == [1, design.cases, 1, design.cases]
    delete_study(design.name)
    assert create_study(design).protocol_sha256 == changed.protocol_sha256


def test_a_change_that_cannot_be_leaves_the_draft_as_it_was(draft: str) -> None:
    before = get_study(draft)
    create_study(DESIGN.model_copy(update={"name": "other"}))
    for changes, error in (
        ({"cases": 99}, ConflictError),
        ({"name": "other"}, ConflictError),
        ({"name": "a\x1b"}, InputError),
        ({"public_title": "alpha model"}, InputError),
        ({"b": "nobody"}, InputError),
        ({"members": ("nobody",)}, InputError),
    ):
        with pytest.raises(error):
            change_study(draft, DESIGN.model_copy(update=changes))
        assert get_study(draft) == before
    assert counts(StudyCase, Queue) == [8, 2]


def test_a_changed_draft_opens(draft: str) -> None:
    change_study(draft, DESIGN.model_copy(update={"cases": 2}))
    assert open_study(draft).state == "open"


def test_a_deleted_draft_leaves_its_predictions_and_its_name_free(draft: str) -> None:
    (predictions,) = counts(PredictionRow)
    delete_study(draft)
    assert list_studies() == []
    assert counts(StudyCase, Queue, QueueItem, QueueMember, PredictionRow) == [0, 0, 0, 0, predictions]
    create_study(DESIGN)
    with read() as session:
        of_studies = select(EventRow.kind).where(col(EventRow.kind).startswith("study."))
        kinds = session.exec(of_studies.order_by(col(EventRow.id))).all()
    assert kinds == ["study.create", "study.delete", "study.create"]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("act", [delete_study, lambda name: change_study(name, DESIGN)], ids=["delete", "change"])
def test_a_study_that_was_opened_neither_changes_nor_goes(
    draft: str, act: Callable[[str], object], closed: bool
) -> None:
    open_study(draft)
    if closed:
        close_study(draft, departure="moved house")
    with pytest.raises(ConflictError, match=r"only a draft study can be (?:deleted|changed)"):
        act(draft)
    assert counts(StudyCase) == [4]
