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
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.blinding.same_words import Answer, Words, unescaped
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

READ_AT_ONCE = 500


class _Text(NamedTuple):
    """What an item shows: a dialogue, to before its message `end` or whole, or else an imported pair."""

    dialogue: int | None
    end: int | None
    pair: int | None


@dataclass(frozen=True)
class _Cut:
    """Where a case or an item stands: a dialogue, cut before its message `target`."""

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
    """Of a queue; `cut` is None of imported pairs, `case` of all but comparisons."""

    id: int
    text: _Text
    cut: _Cut | None = None
    case: int | None = None


@dataclass(frozen=True)
class Told:
    """Of these cases, those whose answer a text tells, by text, as far as texts were looked into."""

    cases: frozenset[int] = frozenset()
    by_text: dict[_Text, tuple[int, ...]] = field(default_factory=dict)


def what_is_told(session: Session, study_id: int) -> Told:
    """Of the cases of a study that is about to open. Reading all texts takes a second for some 10,000, so it is done
    before the transaction for which everybody else who writes has to wait."""
    return _look_into(session, _cases(session, col(Study.id) == study_id), list(_items(session)), Told())


def note_opened_study(session: Session, study_id: int, told: Told | None = None) -> None:
    """For every queue item there is, inside the caller's transaction, in which the study opens; and what its own
    comparisons show of the other open studies. `told` is of what was there shortly before."""
    _one_at_a_time(session)
    _note(session, _cases(session, col(Study.id) == study_id), list(_items(session)), told or Told())
    others = _cases(session, col(Study.state) == "open", col(Study.id) != study_id)
    _note(session, others, list(_items(session, col(StudyCase.study_id) == study_id)), Told())


def note_new_items(session: Session, *, queue_id: int, first_position: int) -> None:
    """For the items that the caller's transaction has just added to the queue."""
    _one_at_a_time(session)
    cases = _cases(session, col(Study.state) == "open")
    if cases:
        new = _items(session, col(QueueItem.queue_id) == queue_id, col(QueueItem.position) >= first_position)
        _note(session, cases, list(new), Told())


def _one_at_a_time(session: Session) -> None:
    """A study that opens while items are added: each would miss what the other has not committed. (On SQLite there is
    one writer in any case.)"""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(sa.text("LOCK TABLE answer_shown IN SHARE ROW EXCLUSIVE MODE"))


def _note(session: Session, cases: Sequence[_Case], items: Sequence[_Item], told: Told) -> None:
    by_text = _look_into(session, cases, items, told).by_text
    in_words = ((case, item.id) for item in items for case in by_text[item.text] if case != item.case)
    shown = {*_alike(items, cases), *in_words}
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
        if item.cut is None:
            continue
        alike = by_text.get(item.cut.text_sha256, [])
        if item.case is None:
            alike = [*alike, *by_group.get(item.cut.group, [])]
        else:
            alike = [case for case in alike if case.id != item.case and case.cut.target < (item.text.end or 0)]
        yield from ((case.id, item.id) for case in alike)


def _look_into(session: Session, cases: Sequence[_Case], items: Iterable[_Item], told: Told) -> Told:
    """Whatever the items' texts tell of these cases; what `told` says of others, drawn before, counts for nothing."""
    numbers = frozenset(case.id for case in cases)
    by_text = dict(told.by_text) if told.cases == numbers else {}
    messages = dict(_messages(session, {case.cut.dialogue for case in cases}))
    answers = {case.id: Answer.at(case.cut.target, messages[case.cut.dialogue]) for case in cases}
    for text, words in _words(session, {item.text for item in items} - by_text.keys()):
        by_text[text] = tuple(case for case, answer in answers.items() if answer.told_in(words))
    return Told(numbers, by_text)


def _words(session: Session, texts: Iterable[_Text]) -> Iterator[tuple[_Text, Words]]:
    of_dialogue, of_pair = defaultdict[int, list[_Text]](list), dict[int, _Text]()
    for text in texts:
        if text.dialogue is not None:
            of_dialogue[text.dialogue].append(text)
        elif text.pair is not None:
            of_pair[text.pair] = text
    for dialogue, messages in _messages(session, of_dialogue):
        for text in of_dialogue[dialogue]:
            yield text, Words.of("\n".join(message["content"] for message in messages[: text.end]))
    for pair, verbatim in _read(
        session, select(PreferencePair.id, PreferencePair.verbatim), PreferencePair.id, of_pair
    ):
        made = unescaped(f"{verbatim['chosen']}\n{verbatim['rejected']}")
        yield of_pair[pair], Words.of(f"{verbatim['prompt']}\n{made}")


def _messages(session: Session, dialogues: Iterable[int]) -> Iterator[tuple[int, Any]]:
    return _read(session, select(DialogueRow.id, DialogueRow.messages), DialogueRow.id, dialogues)


def _read(session: Session, rows: Any, key: Any, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
    ordered = sorted(numbers)
    for start in range(0, len(ordered), READ_AT_ONCE):
        yield from session.exec(rows.where(col(key).in_(ordered[start : start + READ_AT_ONCE])))


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
    """Of pairs and trees of a run, of comparisons, and of imported pairs."""
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
        end = None if case is None else cut.target + shows_next
        yield _Item(number, _Text(cut.dialogue, end, None), cut, case)
    # By their queues: asked for by what their pairs lack, SQLite would go through all items for each of them.
    imported = session.execute(
        sa.select(col(QueueItem.id), col(QueueItem.pair_id))
        .join(Queue, col(Queue.id) == QueueItem.queue_id)
        .join(StudyCase, col(StudyCase.id) == QueueItem.case_id, isouter=True)
        .where(col(Queue.dataset_id).is_not(None), *where)
    )
    for number, pair in imported:
        yield _Item(number, _Text(None, None, pair))
