"""Rows that stand for finished work, written straight into the tables: people, dialogues, a run, a study."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from db.blinding.answers_shown import note_opened_study
from db.columns import now
from db.engine import read, write
from db.review.filling import open_run_queues
from db.tables import (
    Assignment,
    Dataset,
    DialogueRow,
    Job,
    Method,
    PredictionRow,
    PreferencePair,
    Queue,
    QueueItem,
    QueueMember,
    RoleGrant,
    SampleRow,
    Study,
    StudyCase,
    SynthesisItem,
    User,
)
from proutt_core.types import (
    Attribute,
    IntentTree,
    Message,
    NextPath,
    Path,
    Prediction,
    SimilarityScore,
    StageResults,
    Topic,
    Trace,
    View,
    ViewReasoning,
)


def context(n: int = 0, *, dataset: str = "dialogues") -> tuple[Message, ...]:
    """Of the sample `n` of a dataset; no two are the same conversation."""
    return (
        Message(role="user", content=f"I am planning a weekend in Kyoto. What should I not miss? ({dataset} {n})"),
        Message(role="assistant", content="Tofuku-ji for the maples, and an evening at Kiyomizu-dera."),
    )


CONTEXT = context()
NEXT = "Is Tofuku-ji crowded on a Sunday?"

TREE = IntentTree(
    topics=(
        Topic(
            topic="Trip",
            attributes=(
                Attribute(attribute="Destination", value="Kyoto"),
                Attribute(attribute="Time", value="weekend"),
            ),
        ),
        Topic(topic="Temples", attributes=(Attribute(attribute="Must-see", value="Tofuku-ji"),)),
    )
)


def view(name: View, *, ids: tuple[str, str], node: str, leaf: str, texts: tuple[str, str]) -> ViewReasoning:
    path = Path(view=name, source="Temples", node=node, leaf=leaf)
    return ViewReasoning(
        view=name,
        reasoning=f"The user asked about temples, so the next question is about {node}: {leaf}.",
        predictions=(
            Prediction(id=ids[0], text=texts[0], path=path),
            Prediction(id=ids[1], text=texts[1], path=path),
        ),
    )


def trace(mining_texts: tuple[str, str] = ("When do the maples turn?", "Is it crowded on Sundays?")) -> Trace:
    return Trace(
        tree=TREE,
        category="Question",
        category_reasoning="The user has asked questions so far.",
        mining=view("mining", ids=("m1", "m2"), node="Must-see", leaf="crowds", texts=mining_texts),
        exploration=view(
            "exploration",
            ids=("e1", "e2"),
            node="Food",
            leaf="lunch nearby",
            texts=("Where can we eat nearby?", "Is there a good tea house?"),
        ),
    )


def stage_results() -> StageResults:
    chosen = trace()
    path = chosen.mining.predictions[0].path
    scores = tuple(
        SimilarityScore(id=prediction.id, score=score, reason="shared words")
        for prediction, score in zip(chosen.predictions, (0.4, 0.6, 0.1, 0.0), strict=True)
    )
    return StageResults(
        tree=TREE,
        category="Question",
        similarity=scores,
        next_path=NextPath(view="mining", best=path, secondary=path),
    )


def person(name: str, *roles: str) -> int:
    with write() as session:
        user = User(name=name, password_hash="x")
        session.add(user)
        session.flush()
        assert user.id is not None
        session.add_all(RoleGrant(user_id=user.id, role=role) for role in roles)
        return user.id


def give_role(user_id: int, role: str, *, granted: datetime | None = None, revoked: datetime | None = None) -> None:
    with write() as session:
        session.add(RoleGrant(user_id=user_id, role=role, granted_at=granted or now(), revoked_at=revoked))


def samples(count: int, *, split: str = "train", name: str = "dialogues") -> list[int]:
    with write() as session:
        dataset = Dataset(name=name, public_title="Dialogues", state="ready")
        session.add(dataset)
        session.flush()
        made = [_sample(session, dataset, n, split) for n in range(count)]
        session.flush()
        return [row.id for row in made if row.id is not None]


def _sample(session: Session, dataset: Dataset, n: int, split: str) -> SampleRow:
    external_id = f"d{n:04}"
    messages = [*context(n, dataset=dataset.name), Message(role="user", content=NEXT)]
    dialogue = DialogueRow(
        dataset_id=dataset.id or 0,
        external_id=external_id,
        group_key=external_id,
        split=split,
        language="en",
        messages=[m.model_dump(mode="json") for m in messages],
        text_sha256=f"{dataset.name}-{external_id}",
        search_text="",
    )
    session.add(dialogue)
    session.flush()
    row = SampleRow(dialogue_id=dialogue.id or 0, target_index=2)
    session.add(row)
    return row


def finished_run(sample_ids: Sequence[int], *, name: str = "run-1", model: str = "rules") -> int:
    """A run whose items are all done, each with its pair; its queues are not opened yet."""
    with write() as session:
        settings = {
            "seed": 0,
            "split": "train",
            "model": model,
            "model_name": f"{model}-1",
            "address": "",
            "base_url": None,
            "parameters": {},
            "prompts": {},
            "tau_high": 0.8,
            "tau_low": 0.3,
        }
        job = Job(kind="synthesis", name=name, settings=settings, state="done")
        session.add(job)
        session.flush()
        assert job.id is not None
        for position, sample_id in enumerate(sample_ids):
            add_item(session, job_id=job.id, sample_id=sample_id, position=position)
        return job.id


def add_item(session: Session, *, job_id: int, sample_id: int, position: int) -> None:
    item = SynthesisItem(
        job_id=job_id,
        sample_id=sample_id,
        position=position,
        state="done",
        branch="mid",
        top_similarity=0.6,
        results=stage_results().model_dump(mode="json"),
    )
    session.add(item)
    session.flush()
    session.add(
        PreferencePair(
            job_id=job_id,
            item_id=item.id,
            chosen=trace().model_dump(mode="json"),
            rejected=trace(("When do the maples turn?", "Which temple is quiet?")).model_dump(mode="json"),
            split="train",
            group_key=f"g{position}",
            branch="mid",
            perturbed=["mining"],
        )
    )


def open_queues(job_id: int, title: str = "First look") -> None:
    with write() as session:
        open_run_queues(session, job_id=job_id, title=title)


def queue_of(*, kind: str, job_id: int) -> str:
    with read() as session:
        return session.exec(select(Queue.public_id).where(Queue.kind == kind, Queue.job_id == job_id)).one()


def study(
    sample_ids: Sequence[int],
    *,
    members: Sequence[int] = (),
    everyone: bool = False,
    people: int = 1,
    name: str = "study-1",
    frozen_at: datetime | None = None,
    evidence: str = "context",
    runs: tuple[str | None, str | None] = (None, None),
    marker: str = "method",
) -> str:
    """An open study over these samples; returns the public id of its queue."""
    with write() as session:
        a, b = (
            Method(
                name=f"{marker}-{side}-{name}", family=f"{marker}-family-{side}", settings={"run": run} if run else {}
            )
            for side, run in zip("ab", runs, strict=True)
        )
        dataset_id = session.exec(
            select(DialogueRow.dataset_id).join(SampleRow, col(SampleRow.dialogue_id) == DialogueRow.id).limit(1)
        ).one()
        job = Job(kind="predict", name=f"predict-{name}", state="done")
        session.add_all([a, b, job])
        session.flush()
        row = Study(
            name=name,
            public_title="Weekend talk",
            dataset_id=dataset_id,
            method_a_id=a.id or 0,
            method_b_id=b.id or 0,
            state="open",
            protocol={"evidence": evidence},
            frozen_at=frozen_at or now() - timedelta(hours=1),
        )
        session.add(row)
        session.flush()
        queue = Queue(kind="compare", public_title="Weekend talk", study_id=row.id, everyone=everyone)
        session.add(queue)
        session.flush()
        for position, sample_id in enumerate(sample_ids):
            _add_case(session, row, queue, sample_id=sample_id, position=position, people=people, job=job)
        session.add_all(QueueMember(queue_id=queue.id or 0, user_id=member) for member in members)
        session.flush()
        note_opened_study(session, row.id or 0)
        return queue.public_id


def _add_case(
    session: Session, row: Study, queue: Queue, *, sample_id: int, position: int, people: int, job: Job
) -> None:
    predictions = [
        PredictionRow(
            method_id=method_id,
            sample_id=sample_id,
            job_id=job.id or 0,
            position=position,
            state="done",
            utterances=[f"{side}{n} of case {position}" for n in range(1, 5)],
        )
        for side, method_id in (("A", row.method_a_id), ("B", row.method_b_id))
    ]
    session.add_all(predictions)
    session.flush()
    case = StudyCase(
        study_id=row.id or 0,
        sample_id=sample_id,
        position=position,
        prediction_a_id=predictions[0].id or 0,
        prediction_b_id=predictions[1].id or 0,
    )
    session.add(case)
    session.flush()
    session.add(QueueItem(queue_id=queue.id or 0, position=position, case_id=case.id, people=people))


def expire(assignment_id: str) -> None:
    """As if the lease had run out a second ago."""
    with write() as session:
        row = session.exec(select(Assignment).where(Assignment.public_id == assignment_id)).one()
        row.lease_until = now() - timedelta(seconds=1)
        session.add(row)


def set_queue_state(public_id: str, state: str) -> None:
    with write() as session:
        queue = session.exec(select(Queue).where(Queue.public_id == public_id)).one()
        queue.state = state
        session.add(queue)
