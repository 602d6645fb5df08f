"""A dataset with a test split, two methods that predicted it, and people: what a study needs, put in directly."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, select

from db.datasets import datasets, dialogues
from db.datasets.dialogues import NewDialogue
from db.engine import write
from db.review.queues import claim_next
from db.studies.comparisons import save_judgement
from db.tables import Assignment, DialogueRow, Job, Method, PredictionRow, Queue, RoleGrant, SampleRow, User
from proutt_core.types import Dialogue, Message, Verdict

DATASET = "chats"
TURNS = ("Hello, I plan a trip.", "Where to?", "To Kyoto in autumn.", "Nice. The leaves are red then.", "Which temple?")


def add_dataset(*, test: int = 6, train: int = 2, name: str = DATASET) -> None:
    """Dialogues d0, d1, …, one sample each; the first `test` of them in the test split."""
    dataset_id = datasets.create(name=name, public_title="Chats", source="", settings={})
    batch = [new_dialogue(n, "test" if n < test else "train") for n in range(test + train)]
    dialogues.append(dataset_id, batch)
    datasets.finish(dataset_id, format="openai", report={})


def new_dialogue(n: int, split: str) -> NewDialogue:
    roles = ("user", "assistant") * len(TURNS)
    messages = tuple(
        Message.model_validate({"role": role, "content": f"{text} ({n})"})
        for role, text in zip(roles, TURNS, strict=False)
    )
    dialogue = Dialogue.model_validate(
        {"external_id": f"d{n}", "group": f"g{n}", "messages": messages, "split": split, "language": "en"}
    )
    return NewDialogue(dialogue=dialogue, text_sha256=f"sha-{n}", search_text="", samples=((4, ()),))


def add_method(name: str, *, model: str = "", family: str = "", predicted: int | None = None) -> None:
    """A method with four predictions for each test sample, or for the first `predicted` of them."""
    with write() as session:
        method = Method(name=name, family=family or name, settings={"model": model} if model else {})
        job = Job(kind="predict", name=name)
        session.add_all([method, job])
        session.flush()
        samples = session.exec(
            select(SampleRow.id, DialogueRow.external_id)
            .join(DialogueRow)
            .where(DialogueRow.split == "test")
            .order_by(DialogueRow.external_id)
        ).all()
        for position, (sample_id, external) in enumerate(samples[:predicted]):
            texts = [f"{name} says {n} of {external}" for n in range(4)]
            session.add(
                PredictionRow(
                    method_id=method.id,
                    sample_id=sample_id,
                    job_id=job.id,
                    position=position,
                    state="done",
                    utterances=texts,
                )
            )


def add_user(name: str, *roles: str) -> int:
    """An account that cannot sign in: hashing a password takes a while."""
    with write() as session:
        user = User(name=name, password_hash="none")
        session.add(user)
        session.flush()
        assert user.id is not None
        session.add_all(RoleGrant(user_id=user.id, role=role) for role in roles or ("annotator",))
        return user.id


def judge_all(study_id: int, user_id: int, verdicts: Iterable[Verdict]) -> None:
    """This person answers the next cases of the study with these methods, whatever side they are on."""
    with write() as session:
        queue = session.exec(select(Queue.public_id).where(Queue.study_id == study_id)).one()
    for verdict in verdicts:
        claim = claim_next(queue_public_id=queue, user_id=user_id)
        assert claim is not None
        with write() as session:
            left_is = _left_is(session, claim.assignment_id)
        side = "tie" if verdict == "tie" else "left" if verdict == left_is else "right"
        outcome = save_judgement(assignment_id=claim.assignment_id, user_id=user_id, side=side)  # type: ignore[arg-type]
        assert outcome == "counted"


def _left_is(session: Session, assignment_id: str) -> str:
    return session.exec(select(Assignment.left_is).where(Assignment.public_id == assignment_id)).one()


def two_methods(*, test: int = 6, names: Sequence[str] = ("alpha-model", "beta-model")) -> None:
    add_dataset(test=test)
    for name in names:
        add_method(name)
