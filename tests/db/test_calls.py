"""The call log: only a valid, first answer of a key answers later calls; every attempt is kept."""

from dataclasses import replace

from db import calls, datasets, items, synthesis
from db.calls import NewCall
from db.engine import write
from db.items import ItemClaim
from tests.worker.project import DATASET, import_talks

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
        return calls.insert(session, call)


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
            call_id = calls.insert(session, replace(CALL, reply=reply))
            calls.link(session, claim, call_id=call_id, stage="insight", attempt=1, from_cache=False)
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


def test_what_a_job_cost(database: str) -> None:
    claim = claimed()
    with write() as session:
        for key, from_cache in (("a", False), ("b", False), ("a", True)):
            call_id = calls.insert(session, replace(CALL, key=key + str(from_cache)))
            calls.link(session, claim, call_id=call_id, stage="insight", attempt=1, from_cache=from_cache)
    assert calls.totals(claim.job_id) == calls.CallTotals(calls=2, cached=1, prompt_tokens=20, completion_tokens=10)
    (first, *_) = calls.of_item(kind="synthesis", item_id=claim.id)
    assert first.request == CALL.request
