"""Which queue items show whoever is given them what the user of a case really said next: `answer_shown`.

Noted when a study opens, for every item there is; and when items are added, for the cases of the studies that are open.
An item shows a case's answer where it stands on

- a dialogue of the case's dialogue group, in the same dataset: any cut of it, for what was said there tells it too;
- a dialogue of the same text, in any dataset;
- a dialogue (or imported prompt) that opens alike and holds the case's last message and then its answer: the same
  conversation as another source, at another length or without its group, tells it.

Comparisons of another study on the same dialogue show it only where they go further, or where that study's protocol
shows the true next utterance; else the studies of one design, which share their cases, would bar each other's judges.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.columns import row_id
from db.tables import (
    AnswerShown,
    DialogueRow,
    PreferencePair,
    QueueItem,
    SampleRow,
    Study,
    StudyCase,
    SynthesisItem,
)

LOOKED_UP_AT_ONCE = 500


@dataclass(frozen=True)
class _Place:
    """Where an item or a case stands. `prompt` is that of an imported pair, which has no dialogue."""

    id: int
    dialogue: int | None
    group: tuple[int, str] | None
    text_sha256: str
    opening: str
    target: int  # position of the true next utterance
    study: int | None = None
    shows_next: bool = True
    prompt: str = ""


def note_opened_study(session: Session, study_id: int) -> None:
    """For every queue item there is, inside the caller's transaction, in which the study opens; and what its own
    comparisons show of the other open studies."""
    _note(session, _cases(session, col(Study.id) == study_id), _items(session))
    others = _cases(session, col(Study.state) == "open", col(Study.id) != study_id)
    _note(session, others, _items(session, col(StudyCase.study_id) == study_id))


def note_new_items(session: Session, *, queue_id: int, first_position: int) -> None:
    """For the items that the caller's transaction has just added to the queue."""
    cases = _cases(session, col(Study.state) == "open")
    if cases:
        new = sa.and_(col(QueueItem.queue_id) == queue_id, col(QueueItem.position) >= first_position)
        _note(session, cases, _items(session, new))


def _note(session: Session, cases: Sequence[_Place], items: Iterable[_Place]) -> None:
    by_group, by_text, by_opening = (defaultdict[object, list[_Place]](list) for _ in range(3))
    for case in cases:
        by_group[case.group].append(case)
        by_text[case.text_sha256].append(case)
        by_opening[case.opening].append(case)
    shown: set[tuple[int, int]] = set()
    perhaps: dict[int, tuple[_Place, list[_Place]]] = {}
    for item in items:
        same = [*by_group.get(item.group, ()), *by_text.get(item.text_sha256, ())] if item.dialogue else []
        shown |= {(case.id, item.id) for case in same if _shows(item, case)}
        # Of what came before openings were kept the opening is unknown: then every case may be meant.
        alike = [*by_opening.get(item.opening, ()), *by_opening.get("", ())] if item.opening else cases
        others = [case for case in alike if (case.id, item.id) not in shown and case.study != item.study]
        if others and item.study is None:
            perhaps[item.id] = (item, others)
    shown |= set(_told(session, perhaps.values()))
    if shown:
        rows = [{"case_id": case, "queue_item_id": item} for case, item in sorted(shown)]
        known = {tuple(row) for row in session.exec(select(AnswerShown.case_id, AnswerShown.queue_item_id))}
        fresh = [row for row in rows if (row["case_id"], row["queue_item_id"]) not in known]
        if fresh:
            session.connection().execute(sa.insert(AnswerShown), fresh)


def _shows(item: _Place, case: _Place) -> bool:
    if item.study is None:
        return True
    if item.study == case.study or (item.dialogue != case.dialogue and item.text_sha256 != case.text_sha256):
        return False
    return item.target > case.target or (item.shows_next and item.target == case.target)


def _told(session: Session, perhaps: Iterable[tuple[_Place, list[_Place]]]) -> Iterator[tuple[int, int]]:
    """Of items that open like a case, those whose text holds the case's last message and, after it, the answer."""
    perhaps = list(perhaps)
    wanted = {case.id: case for _, cases in perhaps for case in cases}
    said = dict(_messages(session, {case.dialogue for case in wanted.values() if case.dialogue is not None}))
    needles = {
        case.id: tuple(_plain(text) for text in said[case.dialogue][case.target - 1 : case.target + 1])
        for case in wanted.values()
        if case.dialogue is not None
    }
    dialogues = {item.dialogue for item, _ in perhaps if item.dialogue is not None}
    texts = {number: _plain("\n".join(messages)) for number, messages in _messages(session, dialogues)}
    for item, cases in perhaps:
        text = _plain(item.prompt) if item.dialogue is None else texts[item.dialogue]
        for case in cases:
            before, answer = needles[case.id]
            at = text.find(before)
            if at >= 0 and text.find(answer, at + len(before)) >= 0:
                yield case.id, item.id


def _messages(session: Session, dialogues: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    numbers = sorted(dialogues)
    for start in range(0, len(numbers), LOOKED_UP_AT_ONCE):
        some = col(DialogueRow.id).in_(numbers[start : start + LOOKED_UP_AT_ONCE])
        for number, messages in session.exec(select(DialogueRow.id, DialogueRow.messages).where(some)):
            yield row_id(number), [message["content"] for message in messages]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


_DIALOGUE = (
    col(DialogueRow.id),
    col(DialogueRow.dataset_id),
    col(DialogueRow.group_key),
    col(DialogueRow.text_sha256),
    col(DialogueRow.opening_sha256),
    col(SampleRow.target_index),
)


def _cases(session: Session, *where: sa.ColumnElement[bool]) -> list[_Place]:
    rows = session.execute(
        sa.select(col(StudyCase.id), col(StudyCase.study_id), *_DIALOGUE)
        .join(SampleRow, col(SampleRow.id) == StudyCase.sample_id)
        .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
        .join(Study, col(Study.id) == StudyCase.study_id)
        .where(*where)
    )
    return [
        _Place(number, dialogue, (dataset, group), text, opening, target, study=study)
        for number, study, dialogue, dataset, group, text, opening, target in rows
    ]


def _items(session: Session, *where: sa.ColumnElement[bool]) -> Iterator[_Place]:
    """Of pairs and trees of a run, of comparisons, of imported pairs."""
    of_pair, of_item = aliased(SynthesisItem), aliased(SynthesisItem)
    sample = sa.func.coalesce(of_pair.sample_id, of_item.sample_id, StudyCase.sample_id)
    rows = session.execute(
        sa.select(col(QueueItem.id), col(StudyCase.study_id), sa.type_coerce(Study.protocol, sa.JSON), *_DIALOGUE)
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
    for number, study, protocol, dialogue, dataset, group, text, opening, target in rows:
        shows_next = study is None or (protocol or {}).get("evidence") == "context_and_next"
        yield _Place(number, dialogue, (dataset, group), text, opening, target, study, shows_next)
    imported = session.execute(
        sa.select(col(QueueItem.id), col(PreferencePair.opening_sha256), col(PreferencePair.verbatim))
        .join(PreferencePair, col(PreferencePair.id) == QueueItem.pair_id)
        .join(StudyCase, col(StudyCase.id) == QueueItem.case_id, isouter=True)
        .where(col(PreferencePair.item_id).is_(None), *where)
    )
    for number, opening, verbatim in imported:
        yield _Place(number, None, None, "", opening, 0, prompt=(verbatim or {}).get("prompt", ""))
