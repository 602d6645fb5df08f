"""The call log: only a valid, first answer of a key answers later calls; every attempt is kept."""

import threading
import time
from dataclasses import replace

from sqlmodel import col, select

from db.datasets import datasets
from db.engine import read, write
from db.jobs import calls, items
from db.jobs.calls import NewCall, NewLink
from db.jobs.items import ItemClaim
from db.synthesis import runs as synthesis
from db.tables import LlmCall
from tests.jobs.project import DATASET, import_talks

CALL = NewCall(
    key="k",
    stage="insight",
    valid=True,
    problem=None,
    request={"messages": [["user", "你好 \ud800"]]},
    reply="first",
    address="http://127.0.0.1:1/v1",
    model="m",
    answered_by="m-1",
    prompt_tokens=10,
    cached_tokens=None,
    completion_tokens=5,
    latency_s=0.5,
)


def insert(call: NewCall) -> int:
    with write() as session:
        return calls.store(session, [call])[0]


def claimed() -> ItemClaim:
    import_talks(1)
    made = synthesis.start_run(
        name="r", dataset_id=datasets.required(DATASET).id, settings={"split": "train", "seed": 0}
    )
    return items.claim(job_id=made.job_id, n=1, lease_s=60)[0]


def test_an_unknown_key_has_no_reply(database: str) -> None:
    assert calls.load("k") is None


def test_only_a_valid_reply_answers(database: str) -> None:
    insert(replace(CALL, valid=False, problem="not JSON"))
    assert calls.load("k") is None
    insert(CALL)
    found = calls.load("k")
    assert found is not None
    assert (found.reply, found.answered_by, found.prompt_tokens) == ("first", "m-1", 10)


def test_a_second_valid_answer_is_kept_as_superseded(database: str) -> None:
    claim = claimed()
    with write() as session:
        for reply in ("first", "second"):
            (call_id,) = calls.store(session, [replace(CALL, reply=reply)])
            calls.link(session, [(call_id, NewLink(claim, "insight", attempt=1, from_cache=False))])
    served = calls.of_item(kind="synthesis", item_id=claim.id)
    assert [(s.call.reply, s.call.superseded) for s in served] == [("first", False), ("second", True)]
    found = calls.load("k")
    assert found is not None
    assert found.reply == "first"


def test_generations_do_not_answer_for_each_other(database: str) -> None:
    insert(CALL)
    insert(replace(CALL, generation=1, reply="fresh"))
    old, new = calls.load("k"), calls.load("k", generation=1)
    assert old is not None
    assert new is not None
    assert (old.reply, new.reply) == ("first", "fresh")


def test_text_that_databases_refuse_is_stored(database: str) -> None:
    insert(replace(CALL, valid=False, reply="a\x00b\ud800", problem="bad \x00"))
    insert(replace(CALL, reply="a\x00b"))
    found = calls.load("k")
    assert found is not None
    assert found.reply == "a\ufffdb"


def test_what_served_an_item(database: str) -> None:
    claim = claimed()
    with write() as session:
        for key, from_cache in (("a", False), ("b", False), ("a", True)):
            (call_id,) = calls.store(session, [replace(CALL, key=key + str(from_cache))])
            calls.link(session, [(call_id, NewLink(claim, "insight", attempt=1, from_cache=from_cache))])
    served = calls.of_item(kind="synthesis", item_id=claim.id)
    assert [one.from_cache for one in served] == [False, False, True]
    assert served[0].request == CALL.request


def test_many_are_stored_and_found_at_once_in_order(database: str) -> None:
    new = [replace(CALL, key=f"k{n}", reply=f"r{n}", valid=n % 3 > 0) for n in range(1200)]
    with write() as session:
        ids = calls.store(session, new)
    assert ids == sorted(ids)
    found = calls.load_many([f"k{n}" for n in range(1300)])
    assert {key: (one.id, one.reply) for key, one in found.items()} == {
        f"k{n}": (ids[n], f"r{n}") for n in range(1200) if n % 3
    }


def test_of_several_valid_answers_stored_at_once_the_first_counts(database: str) -> None:
    with write() as session:
        first, second, other = calls.store(session, [CALL, replace(CALL, reply="second"), replace(CALL, generation=1)])
        calls.store(session, [replace(CALL, reply="third")])
    assert first < second < other
    found, fresh = calls.load("k"), calls.load("k", generation=1)
    assert found is not None
    assert fresh is not None
    assert (found.id, found.reply, fresh.id) == (first, "first", other)
    with read() as session:
        assert list(session.exec(select(LlmCall.superseded).order_by(col(LlmCall.id)))) == [False, True, False, True]


def test_two_processes_that_answer_the_same_question_at_once_both_keep_their_answer(database: str) -> None:
    """On PostgreSQL both look before either has written; on SQLite the second waits for the first."""
    ready = threading.Barrier(2)
    failed: list[BaseException] = []

    def process(reply: str) -> None:
        try:
            ready.wait()
            with write() as session:
                calls.store(session, [replace(CALL, key=f"k{n}", reply=reply) for n in range(40)])
                time.sleep(0.2)
        except BaseException as exc:
            failed.append(exc)
            raise

    threads = [threading.Thread(target=process, args=(reply,)) for reply in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with read() as session:
        superseded = list(session.exec(select(LlmCall.superseded)))
    assert (len(superseded), sum(superseded)) == (80, 40)
    assert len(calls.load_many([f"k{n}" for n in range(40)])) == 40
