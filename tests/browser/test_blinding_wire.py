"""Point 6, second half: exchanging the methods a and b changes no byte that the server sends to an annotator.

Two databases hold the same study; in the second a is b and b is a (names, ids, insertion order), and what is on the
left is held equal by writing the assignments beforehand. Everything but the ids of session and run must be the same.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

import db.engine
from db.accounts.users import create_user, find_user
from db.columns import now
from db.engine import write
from db.migrate import migrate
from db.tables import (
    Assignment,
    Dataset,
    DialogueRow,
    Job,
    Method,
    PredictionRow,
    Queue,
    QueueItem,
    QueueMember,
    SampleRow,
    Study,
    StudyCase,
)
from tests.browser.studio import server
from tests.browser.wire import Wire, open_page, sign_in

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CASES = 3
TEXTS = {
    "red-fox-method": ["When does it open?", "Is there parking?", "Can I bring a dog?", "What does it cost?"],
    "blue-whale-method": ["Tell me more.", "Which metro is near?", "Do they take cards?", "Is it crowded?"],
}


def build(url: str, *, methods: Sequence[str], left: str) -> None:
    """A study of methods[0] as a against methods[1] as b; the method named `left` is on the left in every case."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        migrate()
        create_user(name="ann", password=PASSWORD, roles=["annotator"])
        user = find_user("ann")
        assert user is not None
        with write() as session:
            session.add(Dataset(name="d", public_title="Talk", state="ready"))
            session.add_all([Method(name=name, family=name) for name in methods])
            session.add(Job(kind="predict", name="p", state="done"))
            session.flush()
            ids = {m.name: m.id or 0 for m in session.exec(select(Method)).all()}
            study = Study(
                name="s",
                public_title="Weekend talk",
                dataset_id=1,
                method_a_id=ids[methods[0]],
                method_b_id=ids[methods[1]],
                state="open",
                protocol={"evidence": "context", "cases": CASES, "people": 1},
                frozen_at=now() + timedelta(minutes=1),
            )
            session.add(study)
            session.flush()
            queue = Queue(kind="compare", public_title="Weekend talk", study_id=study.id, public_id="queue")
            session.add(queue)
            session.flush()
            session.add(QueueMember(queue_id=queue.id or 0, user_id=user.id))
            for number in range(CASES):
                messages = [
                    {"role": "user", "content": f"A park near stop {number}?"},
                    {"role": "assistant", "content": "The east park."},
                    {"role": "user", "content": "Fine."},
                ]
                dialogue = DialogueRow(
                    dataset_id=1,
                    external_id=f"x{number}",
                    group_key=f"x{number}",
                    split="test",
                    language="en",
                    messages=messages,
                    text_sha256="0",
                    search_text="",
                )
                session.add(dialogue)
                session.flush()
                sample = SampleRow(dialogue_id=dialogue.id or 0, target_index=2)
                session.add(sample)
                session.flush()
                made = {}
                for name in methods:
                    made[name] = PredictionRow(
                        method_id=ids[name],
                        sample_id=sample.id or 0,
                        job_id=1,
                        position=number,
                        state="done",
                        utterances=[f"{text} {number}" for text in TEXTS[name]],
                    )
                    session.add(made[name])
                    session.flush()
                case = StudyCase(
                    study_id=study.id or 0,
                    sample_id=sample.id or 0,
                    position=number,
                    prediction_a_id=made[methods[0]].id or 0,
                    prediction_b_id=made[methods[1]].id or 0,
                )
                session.add(case)
                session.flush()
                item = QueueItem(queue_id=queue.id or 0, position=number, case_id=case.id, people=1, taken=1)
                session.add(item)
                session.flush()
                session.add(
                    Assignment(
                        public_id=f"case-{number}",
                        queue_item_id=item.id or 0,
                        queue_id=queue.id or 0,
                        user_id=user.id,
                        left_is="a" if methods[0] == left else "b",
                        step=3 - number,
                        lease_until=now() + timedelta(hours=9),
                    )
                )
        db.engine.dispose()


def judge_everything(url: str) -> list[bytes]:
    """Sign in, judge every case (left, tie, right), and return all that came."""
    token = sign_in(url, "ann", PASSWORD)
    with open_page(url, token, "compare") as wire:
        wire.run()
        for number, side in enumerate(("left", "tie", "right")):
            wire.run(press=f"verdict-{side}-case-{number}")
        return neutral(wire)


def neutral(wire: Wire) -> list[bytes]:
    """What came, with every UUID (Streamlit's ids of session, run and machine) replaced by its order of appearance."""
    seen: dict[bytes, bytes] = {}

    def numbered(match: re.Match[bytes]) -> bytes:
        return seen.setdefault(match[0], b"uuid-%032d" % len(seen))

    return [UUID.sub(numbered, raw) for raw, _ in wire.frames]


def traffic(folder: Path, *, methods: Sequence[str], left: str) -> list[bytes]:
    folder.mkdir()
    url = f"sqlite:///{folder / 'p.db'}"
    build(url, methods=methods, left=left)
    with server(url, folder) as address:
        return judge_everything(address)


def test_exchanging_the_methods_changes_no_byte(tmp_path: Path) -> None:
    red, blue = TEXTS
    first = traffic(tmp_path / "one", methods=(red, blue), left=red)
    second = traffic(tmp_path / "two", methods=(blue, red), left=red)
    sent = b"".join(first)
    # The study really was on the wire, and so were its verdict buttons; otherwise equality would mean nothing.
    assert b"When does it open? 2" in sent
    assert b"verdict-right-case-2" in sent
    assert first == second
    # Were the sides not held equal, the traffic would differ: the comparison is able to fail.
    other = traffic(tmp_path / "three", methods=(red, blue), left=blue)
    assert other != first
