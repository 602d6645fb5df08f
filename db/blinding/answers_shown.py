"""Which queue items show whoever is given them what the user of a case really said next: `answer_shown`.

Noted when a study opens, for every item there is; and when items are added, for the cases of the studies that are open.
A pair or a tree shows a case's answer where it stands on

- a dialogue of the case's dialogue group, in the same dataset: any cut of it, for what was said there tells it too;
- a dialogue of the same text, in any dataset;
- a dialogue, or an imported pair, that holds the case's last messages and then its answer in the same words: the same
  conversation under another name, at another length, with another system prompt or other spaces.

A comparison shows it only as far as it goes: up to its own cut, with the true next utterance where its study's protocol
shows that. Else the studies of one design, which share their cases, would bar each other's judges.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.blinding.same_words import Answer, Words, unescaped
from db.columns import row_id
from db.tables import (
    AnswerShown,
    DialogueRow,
    PreferencePair,
    Queue,
    QueueItem,
    SampleRow,
    Study,
    StudyCase,
    SynthesisItem,
)

LOOKED_UP_AT_ONCE = 500


@dataclass(frozen=True)
class _Cut:
    """Where a case or an item of a queue stands: a dialogue, cut before its message `target`."""

    dialogue: int
    group: tuple[int, str]
    text_sha256: str
    target: int


@dataclass(frozen=True)
class _Case:
    id: int
    cut: _Cut


@dataclass(frozen=True)
class _Item:
    """`shown_to` is how many messages of the dialogue it shows; None: all of them, as pairs and trees do."""

    id: int
    cut: _Cut
    case: int | None
    shown_to: int | None


def note_opened_study(session: Session, study_id: int) -> None:
    """For every queue item there is, inside the caller's transaction, in which the study opens; and what its own
    comparisons show of the other open studies."""
    _one_at_a_time(session)
    _note(session, _cases(session, col(Study.id) == study_id))
    others = _cases(session, col(Study.state) == "open", col(Study.id) != study_id)
    _note(session, others, col(StudyCase.study_id) == study_id)


def note_new_items(session: Session, *, queue_id: int, first_position: int) -> None:
    """For the items that the caller's transaction has just added to the queue."""
    _one_at_a_time(session)
    cases = _cases(session, col(Study.state) == "open")
    _note(session, cases, col(QueueItem.queue_id) == queue_id, col(QueueItem.position) >= first_position)


def _one_at_a_time(session: Session) -> None:
    """A study that opens while items are added: each would miss what the other has not committed. (On SQLite there is
    one writer in any case.)"""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(sa.text("LOCK TABLE answer_shown IN SHARE ROW EXCLUSIVE MODE"))


def _note(session: Session, cases: Sequence[_Case], *which_items: sa.ColumnElement[bool]) -> None:
    if not cases:
        return
    items = list(_items(session, *which_items))
    answers = _answers(session, cases)
    shown = {*_alike(items, cases), *_told(session, items, answers), *_told_in_imported(session, answers, *which_items)}
    if shown:
        rows = [{"case_id": case, "queue_item_id": item} for case, item in sorted(shown)]
        session.connection().execute(sa.insert(AnswerShown), rows)


def _alike(items: Iterable[_Item], cases: Iterable[_Case]) -> Iterator[tuple[int, int]]:
    """(case, item) of one group, or of one text."""
    by_group, by_text = defaultdict[Any, list[_Case]](list), defaultdict[str, list[_Case]](list)
    for case in cases:
        by_group[case.cut.group].append(case)
        by_text[case.cut.text_sha256].append(case)
    for item in items:
        if item.shown_to is None:
            alike = [*by_group.get(item.cut.group, ()), *by_text.get(item.cut.text_sha256, ())]
        else:
            same_text = by_text.get(item.cut.text_sha256, ())
            alike = [case for case in same_text if case.id != item.case and case.cut.target < item.shown_to]
        yield from ((case.id, item.id) for case in alike)


def _told(session: Session, items: Iterable[_Item], answers: dict[int, Answer]) -> Iterator[tuple[int, int]]:
    """(case, item) where the item's dialogue, as far as it shows it, holds the case's answer in words."""
    by_dialogue = defaultdict[int, list[_Item]](list)
    for item in items:
        by_dialogue[item.cut.dialogue].append(item)
    for dialogue, messages in _messages(session, by_dialogue):
        told: dict[int | None, list[int]] = {}
        for item in by_dialogue[dialogue]:
            if item.shown_to not in told:
                text = Words.of("\n".join(message["content"] for message in messages[: item.shown_to]))
                told[item.shown_to] = [case for case, answer in answers.items() if answer.told_in(text)]
            yield from ((case, item.id) for case in told[item.shown_to] if case != item.case)


def _told_in_imported(
    session: Session, answers: dict[int, Answer], *which_items: sa.ColumnElement[bool]
) -> Iterator[tuple[int, int]]:
    """(case, item) of imported pairs, which have no dialogue: their prompts, and what was made of them."""
    rows = session.execute(
        sa.select(col(QueueItem.id), col(PreferencePair.verbatim))
        .join(Queue, col(Queue.id) == QueueItem.queue_id)
        .join(PreferencePair, col(PreferencePair.id) == QueueItem.pair_id)
        .join(StudyCase, col(StudyCase.id) == QueueItem.case_id, isouter=True)
        .where(col(Queue.dataset_id).is_not(None), *which_items)
        .execution_options(yield_per=LOOKED_UP_AT_ONCE)
    )
    for item, verbatim in rows:
        made = unescaped(f"{verbatim['chosen']}\n{verbatim['rejected']}")
        text = Words.of(f"{verbatim['prompt']}\n{made}")
        yield from ((case, item) for case, answer in answers.items() if answer.told_in(text))


def _answers(session: Session, cases: Sequence[_Case]) -> dict[int, Answer]:
    messages = dict(_messages(session, {case.cut.dialogue for case in cases}))
    return {case.id: Answer.at(case.cut.target, messages[case.cut.dialogue]) for case in cases}


def _messages(session: Session, dialogues: Iterable[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    numbers = sorted(dialogues)
    for start in range(0, len(numbers), LOOKED_UP_AT_ONCE):
        some = col(DialogueRow.id).in_(numbers[start : start + LOOKED_UP_AT_ONCE])
        for number, messages in session.exec(select(DialogueRow.id, DialogueRow.messages).where(some)):
            yield row_id(number), list(messages)


_CUT = (
    col(DialogueRow.id),
    col(DialogueRow.dataset_id),
    col(DialogueRow.group_key),
    col(DialogueRow.text_sha256),
    col(SampleRow.target_index),
)


def _cut(dialogue: int, dataset: int, group: str, text_sha256: str, target: int) -> _Cut:
    return _Cut(dialogue, (dataset, group), text_sha256, target)


def _cases(session: Session, *where: sa.ColumnElement[bool]) -> list[_Case]:
    rows = session.execute(
        sa.select(col(StudyCase.id), *_CUT)
        .join(SampleRow, col(SampleRow.id) == StudyCase.sample_id)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .join(Study, col(Study.id) == StudyCase.study_id)
        .where(*where)
    )
    return [_Case(number, _cut(*cut)) for number, *cut in rows]


def _items(session: Session, *where: sa.ColumnElement[bool]) -> Iterator[_Item]:
    """Of pairs and trees of a run, and of comparisons."""
    of_pair, of_item = aliased(SynthesisItem), aliased(SynthesisItem)
    sample = sa.func.coalesce(of_pair.sample_id, of_item.sample_id, StudyCase.sample_id)
    rows = session.execute(
        sa.select(col(QueueItem.id), col(StudyCase.id), sa.type_coerce(Study.protocol, sa.JSON), *_CUT)
        .select_from(QueueItem)
        .join(PreferencePair, col(PreferencePair.id) == QueueItem.pair_id, isouter=True)
        .join(of_pair, col(of_pair.id) == PreferencePair.item_id, isouter=True)
        .join(of_item, col(of_item.id) == QueueItem.item_id, isouter=True)
        .join(StudyCase, col(StudyCase.id) == QueueItem.case_id, isouter=True)
        .join(Study, col(Study.id) == StudyCase.study_id, isouter=True)
        .join(SampleRow, col(SampleRow.id) == sample)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .where(*where)
    )
    for number, case, protocol, *found in rows:
        cut = _cut(*found)
        shows_next = case is not None and protocol.get("evidence") == "context_and_next"
        yield _Item(number, cut, case, None if case is None else cut.target + shows_next)
