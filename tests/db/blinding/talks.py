"""Dialogues of four turns whose every message is told from all others, and the queues that are made of them."""

from collections.abc import Callable, Sequence

from sqlmodel import col, select

from db.datasets import datasets, dialogues
from db.datasets.dialogues import NewDialogue
from db.engine import read, write
from db.pairs.imported import NewPair, append, finish
from db.review.answers import pair_task, save_pair_review, save_tree_review, tree_task
from db.review.queues import claim_next, progress
from db.studies.comparisons import compare_task, save_judgement
from db.studies.studies import create_study, open_study
from db.tables import DialogueRow, Queue, SampleRow
from proutt_core.dialogues.text import text_sha256
from proutt_core.types import Dialogue, Message, Split, StudyDesign, VerbatimPair
from proutt_core.types.studies import Evidence
from tests.db import work
from tests.study_setup import add_method

Talk = tuple[Message, ...]
METHODS = ("alpha-model", "beta-model")


def said(n: int, part: int) -> str:
    return f"Question {n}, part {part}: what about stop {n}-{part}, then?"


def talk(n: int, *, first: int = 0, last: int = 3, system: str = "") -> Talk:
    """Turns `first` to `last` of the conversation `n`. User messages are at 0, 2, 4, 6."""
    turns = [
        message
        for part in range(first, last + 1)
        for message in (
            Message(role="user", content=said(n, part)),
            Message(
                role="assistant", content=f"Answer {n}-{part}: it closes at {part} o'clock\nand the {n}th is free."
            ),
        )
    ]
    return (*([Message(role="system", content=system)] if system else []), *turns)


def in_other_letters(messages: Talk) -> Talk:
    return tuple(Message(role=m.role, content=f" {m.content.upper()} ".replace(" ", "  ")) for m in messages)


def stored(
    name: str, *talks: Talk, cuts: Sequence[int], split: Split = "train", groups: Sequence[str] = ()
) -> list[int]:
    """A dataset of these, each cut at `cuts`; the ids of the samples, dialogue by dialogue."""
    dataset_id = datasets.create(name=name, public_title="Chats", source="", settings={})
    dialogues.append(dataset_id, [_new(n, said, cuts, split, groups) for n, said in enumerate(talks)])
    datasets.finish(dataset_id, format="openai", report={})
    with read() as session:
        found = session.exec(
            select(SampleRow.id)
            .join(DialogueRow, col(DialogueRow.id) == SampleRow.dialogue_id)
            .where(DialogueRow.dataset_id == dataset_id)
            .order_by(col(DialogueRow.id), col(SampleRow.target_index))
        ).all()
        return [number for number in found if number is not None]


def _new(n: int, messages: Talk, cuts: Sequence[int], split: Split, groups: Sequence[str]) -> NewDialogue:
    group = groups[n] if groups else f"g{n}"
    dialogue = Dialogue(external_id=f"d{n}", group=group, messages=messages, split=split, language="en")
    return NewDialogue(dialogue, text_sha256(messages), "", tuple((cut, ()) for cut in cuts))


def run_of(sample_ids: Sequence[int], *, kind: str = "pair", name: str = "run-1") -> str:
    """A finished run of these samples, its queues open; the queue of the kind."""
    job_id = work.finished_run(sample_ids, name=name)
    work.open_queues(job_id)
    return work.queue_of(kind=kind, job_id=job_id)


def imported(*pairs: VerbatimPair, name: str = "released") -> str:
    dataset_id = datasets.create(name=name, public_title="Released", source="", settings={}, kind="pairs")
    rows = [
        NewPair(source_row=n, verbatim=pair, chosen=None, rejected=None, split="train", group_key=f"g{n}")
        for n, pair in enumerate(pairs)
    ]
    append(dataset_id, rows)
    finish(dataset_id, format="proutt", report={})
    with read() as session:
        return session.exec(select(Queue.public_id).where(Queue.dataset_id == dataset_id)).one()


def prompt_of(messages: Talk) -> str:
    lines = "\n".join(f"{m.role.capitalize()}: {m.content}" for m in messages)
    return f"Predict what the user says next.\n[user-assistant conversation history]:\n```\n{lines}\n```"


def drafted(name: str, dataset: str, *, cases: int, people: int = 2, evidence: Evidence = "context") -> None:
    """A study of the dataset's test split, predicted by both methods."""
    for method in METHODS:
        add_method(f"{method} for {name}", family=method)
    a, b = (f"{method} for {name}" for method in METHODS)
    create_study(
        StudyDesign(
            name=name,
            public_title="Which fits?",
            dataset=dataset,
            a=a,
            b=b,
            cases=cases,
            people=people,
            evidence=evidence,
        )
    )


def opened(name: str, dataset: str, *, cases: int, people: int = 2, evidence: Evidence = "context") -> str:
    """Such a study, open; the public id of its queue."""
    drafted(name, dataset, cases=cases, people=people, evidence=evidence)
    return open_drafted(name)


def of_another_study(showing: Talk, cut: int, evidence: Evidence = "context") -> Callable[[], str]:
    """Makes the queue of a study of two cases, the first of them `showing`."""

    def make() -> str:
        stored("elsewhere", showing, talk(5, system="x"), cuts=[cut], split="test")
        return opened("other study", "elsewhere", cases=2, evidence=evidence)

    return make


def open_drafted(name: str) -> str:
    number = open_study(name).id
    with read() as session:
        return session.exec(select(Queue.public_id).where(Queue.study_id == number)).one()


def for_several(queue: str, people: int) -> None:
    with write() as session:
        items = session.exec(select(work.QueueItem).join(Queue).where(Queue.public_id == queue))
        for item in items:
            item.people = people
            session.add(item)


def text_of(kind: str, assignment: str, user: int) -> str:
    """All that a person reads of it."""
    task = {"pair": pair_task, "tree": tree_task, "compare": compare_task}[kind](assignment_id=assignment, user_id=user)
    texts = [m.content for m in task.context] + [task.next_utterance or ""]
    if kind == "pair" and task.verbatim is not None:
        texts += [task.verbatim.prompt, task.verbatim.chosen, task.verbatim.rejected]
    return "\n".join(texts)


def answered(kind: str, assignment: str, user: int) -> None:
    if kind == "pair":
        save_pair_review(assignment_id=assignment, user_id=user, answer="approve")
    elif kind == "tree":
        save_tree_review(assignment_id=assignment, user_id=user, answer="correct")
    else:
        save_judgement(assignment_id=assignment, user_id=user, side="tie")


def all_given(queue: str, user: int, *, most: int | None = None) -> list[str]:
    """The texts of everything that this person is given of the queue, until nothing is left; its count told so. Or of
    so many things of it."""
    told = progress(queue_public_id=queue, user_id=user)
    texts: list[str] = []
    while len(texts) != most and (claim := claim_next(queue_public_id=queue, user_id=user)) is not None:
        texts.append(text_of(claim.kind, claim.assignment_id, user))
        answered(claim.kind, claim.assignment_id, user)
    assert len(texts) in (told.available, most)
    assert told.total == told.done + told.available
    return texts
