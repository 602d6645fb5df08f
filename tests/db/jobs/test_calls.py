"""The call log: only a valid, first answer of a key answers later calls; every attempt is kept."""

import threading
import time
from dataclasses import replace

from sqlmodel import col, select

from db.datasets import datasets
from db.engine import read, write
from db.jobs import calls, items
from db.jobs.items import ItemClaim
from db.synthesis import runs as synthesis
from db.tables import LlmCall
from proutt_core.types.calls import Call, Completion
from tests.calls import CALL, answered
from tests.jobs.project import DATASET, import_talks


def insert(call: Call) -> int:
    with write() as session:
        return calls.store(session, [call])[0]


def reply(key: str = "k", *, generation: int = 0) -> Completion | None:
    return calls.load_many([key], generation=generation).get(key, (0, None))[1]


def claimed() -> ItemClaim:
    import_talks(1)
    made = synthesis.start_run(
        name="r", dataset_id=datasets.required(DATASET).id, settings={"split": "train", "seed": 0}
    )
    return items.claim(job_id=made.job_id, n=1, lease_s=60)[0]


def superseded() -> list[bool]:
    with read() as session:
        return list(session.exec(select(LlmCall.superseded).order_by(col(LlmCall.id))))


def test_an_unknown_key_has_no_reply(database: str) -> None:
    assert reply() is None


def test_only_a_valid_reply_answers(database: str) -> None:
    insert(replace(CALL, problem="not JSON"))
    assert reply() is None
    insert(CALL)
    assert reply() == CALL.answer


def test_a_second_valid_answer_is_kept_as_superseded(database: str) -> None:
    claim = claimed()
    both = [CALL, answered(CALL, text="second")]
    with write() as session:
        for call in both:
            (call_id,) = calls.store(session, [call])
            calls.link(session, [(call_id, claim, call)])
    assert calls.of_item(kind="synthesis", item_id=claim.id) == both
    assert superseded() == [False, True]
    assert reply() == CALL.answer


def test_generations_do_not_answer_for_each_other(database: str) -> None:
    insert(CALL)
    fresh = answered(replace(CALL, generation=1), text="fresh")
    insert(fresh)
    assert (reply(), reply(generation=1)) == (CALL.answer, fresh.answer)


def test_what_served_an_item(database: str) -> None:
    claim = claimed()
    with write() as session:
        for key, from_cache in (("a", False), ("b", False), ("a", True)):
            call = replace(CALL, key=key + str(from_cache), from_cache=from_cache)
            (call_id,) = calls.store(session, [call])
            calls.link(session, [(call_id, claim, call)])
    served = calls.of_item(kind="synthesis", item_id=claim.id)
    assert [call.from_cache for call in served] == [False, False, True]
    assert served[0].messages == CALL.messages


def test_many_are_stored_and_found_at_once_in_order(database: str) -> None:
    new = [answered(replace(CALL, key=f"k{n}", problem=None if n % 3 else "no"), text=f"r{n}") for n in range(1200)]
    with write() as session:
        ids = calls.store(session, new)
    assert ids == sorted(ids)
    replies = calls.load_many([f"k{n}" for n in range(1300)])
    assert {key: (call_id, answer.text) for key, (call_id, answer) in replies.items()} == {
        f"k{n}": (ids[n], f"r{n}") for n in range(1200) if n % 3
    }


def test_of_several_valid_answers_stored_at_once_the_first_counts(database: str) -> None:
    with write() as session:
        new = [CALL, answered(CALL, text="second"), replace(CALL, generation=1)]
        first, second, other = calls.store(session, new)
        calls.store(session, [answered(CALL, text="third")])
    assert first < second < other
    assert calls.load_many(["k"]) == {"k": (first, CALL.answer)}
    assert calls.load_many(["k"], generation=1) == {"k": (other, CALL.answer)}
    assert superseded() == [False, True, False, True]


def test_two_processes_that_answer_the_same_question_at_once_both_keep_their_answer(database: str) -> None:
    """On PostgreSQL both look before either has written; on SQLite the second waits for the first."""
    ready = threading.Barrier(2)
    failed: list[BaseException] = []

    def process(text: str) -> None:
        try:
            ready.wait()
            with write() as session:
                calls.store(session, [answered(replace(CALL, key=f"k{n}"), text=text) for n in range(40)])
                time.sleep(0.2)
        except BaseException as exc:
            failed.append(exc)
            raise

    threads = [threading.Thread(target=process, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert (len(superseded()), sum(superseded())) == (80, 40)
    assert len(calls.load_many([f"k{n}" for n in range(40)])) == 40
