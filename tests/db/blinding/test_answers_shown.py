"""A hidden answer stays hidden, and whoever read it is not given the case; nobody else lacks anything: all the ways.

The study has two cases: the conversation 0, cut at message 4, and the unrelated conversation 1. Beside it is a queue of
two things: one shows the answer of the first case, the other shows the answer of none.
"""

import json
from collections.abc import Callable

import pytest
from sqlmodel import select

from db.engine import read, write
from db.studies.studies import close_study
from proutt_core.types import VerbatimPair
from proutt_core.types.studies import Evidence
from tests.db import work
from tests.db.blinding.talks import (
    all_given,
    for_several,
    imported,
    in_other_letters,
    of_another_study,
    opened,
    prompt_of,
    run_of,
    said,
    stored,
    talk,
)

pytestmark = pytest.mark.usefixtures("sqlite")

ANSWER = said(0, 2)


@pytest.fixture(autouse=True)
def cases(sqlite: str) -> list[int]:
    """The samples that the study judges."""
    return stored("chats", talk(0), talk(1), cuts=[4], split="test")


def of_two(name: str, showing: tuple[work.Message, ...], *, cut: int = 4, kind: str = "pair") -> str:
    return run_of(stored(name, showing, talk(5), cuts=[cut]), kind=kind)


def the_very_samples() -> str:
    with read() as session:
        first = session.exec(select(work.SampleRow.id).order_by(work.SampleRow.id)).first()
    return run_of([first or 0, *stored("others", talk(5), cuts=[4])])


def another_cut(*, kind: str, cut: int) -> Callable[[], str]:
    def make() -> str:
        with write() as session:
            dialogue = session.exec(select(work.DialogueRow.id).order_by(work.DialogueRow.id)).first()
            sample = work.SampleRow(dialogue_id=dialogue or 0, target_index=cut)
            session.add(sample)
            session.flush()
            number = sample.id or 0
        return run_of([number, *stored("others", talk(5), cuts=[4])], kind=kind)

    return make


def pair_of(showing: VerbatimPair) -> Callable[[], str]:
    other = VerbatimPair(prompt=prompt_of(talk(5)), chosen="c", rejected="r")
    return lambda: imported(showing, other)


CONTEXT = talk(0)[:4]
IN_JSON = json.dumps({"predictions": [{"text": ANSWER}, {"text": 'Nothing\n"else"?'}]})
REVIEWS: dict[str, Callable[[], str]] = {
    "the very sample": the_very_samples,
    "an earlier cut": another_cut(kind="pair", cut=2),
    "a later cut": another_cut(kind="pair", cut=6),
    "a tree of an earlier cut": another_cut(kind="tree", cut=2),
    "a copy": lambda: of_two("copy", talk(0)),
    "a tree of a copy": lambda: of_two("copy", talk(0), kind="tree"),
    "an earlier cut of a copy": lambda: of_two("copy", talk(0), cut=2),
    "a copy in other letters": lambda: of_two("copy", in_other_letters(talk(0))),
    "a copy with a system prompt": lambda: of_two("copy", talk(0, system="Be brief."), cut=3),
    "a longer state": lambda: of_two("longer", talk(0, last=7)),
    "a shorter state": lambda: of_two("shorter", talk(0, last=2)),
    "a state that lost its beginning": lambda: of_two("window", talk(0, first=1), cut=2),
    "a longer state in other letters": lambda: of_two("longer", in_other_letters(talk(0, last=5)), cut=2),
    "an imported prompt": pair_of(VerbatimPair(prompt=prompt_of(talk(0)), chosen="c", rejected="r")),
    "an imported prompt in other letters": pair_of(
        VerbatimPair(prompt=prompt_of(in_other_letters(talk(0))), chosen="c")
    ),
    "an imported answer": pair_of(VerbatimPair(prompt=prompt_of(CONTEXT), chosen=ANSWER)),
    "an imported answer in JSON": pair_of(VerbatimPair(prompt=prompt_of(CONTEXT), chosen="c", rejected=IN_JSON)),
}
COMPARISONS: dict[str, Callable[[], str]] = {
    "a study that shows the answer": of_another_study(talk(0), 4, "context_and_next"),
    "a study of a later cut": of_another_study(talk(0), 6),
    "a study of a longer state": of_another_study(talk(0, last=5), 8),
    "a study of a copy in other letters": of_another_study(in_other_letters(talk(0)), 6),
    "a study of a state that lost its beginning": of_another_study(talk(0, first=1), 4),
}


@pytest.mark.parametrize("way", REVIEWS)
def test_a_judge_is_not_given_what_shows_the_answer_and_others_are(way: str) -> None:
    queue = REVIEWS[way]()
    judges = [work.person(name, "reviewer") for name in ("ann", "ben")]
    opened("study", "chats", cases=2)
    other = work.person("cat", "reviewer")  # came later
    for_several(queue, 2)
    (text,) = all_given(queue, judges[0])
    assert said(5, 0).casefold() in text.casefold()
    assert len(all_given(queue, other)) == 2
    close_study("study", departure="enough")
    assert len(all_given(queue, judges[0])) == 1


@pytest.mark.parametrize("way", REVIEWS)
def test_what_is_made_after_the_opening_is_hidden_as_well(way: str) -> None:
    judge = work.person("ann", "reviewer")
    opened("study", "chats", cases=2, people=1)
    other = work.person("ben", "reviewer")
    queue = REVIEWS[way]()
    for_several(queue, 2)
    assert len(all_given(queue, judge)) == 1
    assert len(all_given(queue, other)) == 2


@pytest.mark.parametrize("way", [*REVIEWS, *COMPARISONS])
def test_whoever_read_the_answer_is_not_given_the_case_and_others_are(way: str) -> None:
    early, late = work.person("early", "reviewer"), work.person("late", "reviewer")
    queue = (REVIEWS | COMPARISONS)[way]()
    for_several(queue, 2)
    assert len(all_given(queue, early)) == 2
    study = opened("study", "chats", cases=2)
    (text,) = all_given(study, early)
    assert said(1, 1) in text
    assert len(all_given(study, late)) == 2


@pytest.mark.parametrize("way", COMPARISONS)
def test_it_does_not_matter_which_study_opened_first(way: str) -> None:
    early, late = work.person("early", "reviewer"), work.person("late", "reviewer")
    study = opened("study", "chats", cases=2)
    queue = COMPARISONS[way]()
    assert len(all_given(queue, early)) == 2
    assert len(all_given(study, early)) == 1
    # The other way round nobody learns anything: the case was judged before its answer was read.
    assert len(all_given(study, late)) == 2
    assert len(all_given(queue, late)) == 2


@pytest.mark.parametrize(
    ("showing", "cut", "evidence"),
    [
        (talk(0), 4, "context"),
        (talk(0), 2, "context_and_next"),
        (in_other_letters(talk(0)), 4, "context"),
        (talk(0, first=1), 2, "context"),
        (talk(3), 4, "context_and_next"),
    ],
)
def test_comparisons_that_do_not_reach_the_answer_keep_nobody_from_the_case(
    showing: tuple[work.Message, ...], cut: int, evidence: Evidence
) -> None:
    judge = work.person("ann", "annotator")
    work.person("ben", "annotator")
    queue = of_another_study(showing, cut, evidence)()
    assert len(all_given(queue, judge)) == 2
    assert len(all_given(opened("study", "chats", cases=2), judge)) == 2
