"""Claims under a lease, on both databases: each item to one holder at a time, and only the holder's result counts."""

import threading
import time
from collections import Counter

import pytest

from db.datasets import datasets
from db.engine import write
from db.jobs import items, jobs
from db.jobs.items import ItemClaim
from db.synthesis import runs as synthesis
from proutt_core.errors import ConflictError
from tests.jobs.project import DATASET, import_talks

SETTINGS = {"split": "train", "seed": 0, "model": "rules"}
LEASE_S = 60.0


def start(limit: int | None = None, **changed: object) -> synthesis.Started:
    dataset_id = datasets.required(DATASET).id
    return synthesis.start_run(name="r", dataset_id=dataset_id, settings={**SETTINGS, **changed}, limit=limit)


def claim(job_id: int, n: int = 1, lease_s: float = LEASE_S) -> list[ItemClaim]:
    return items.claim(job_id=job_id, n=n, lease_s=lease_s)


def finish(held: ItemClaim) -> bool:
    with write() as session:
        return items.save(session, held)


def test_many_claimers_never_get_the_same_item(database: str) -> None:
    import_talks(40)
    job_id = start().job_id
    claimed: list[int] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while held := claim(job_id, n=3):
                claimed.extend(c.id for c in held)
                assert all(finish(c) for c in held)
        except BaseException as exc:
            errors.append(exc)
            raise

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert Counter(claimed) == Counter(set(claimed))
    assert len(claimed) == 40
    assert items.counts(job_id) == items.ItemCounts(done=40)


def test_items_come_in_the_order_of_the_run(database: str) -> None:
    import_talks(6)
    job_id = start().job_id
    assert [c.position for c in claim(job_id, n=4)] == [0, 1, 2, 3]
    assert [c.position for c in claim(job_id, n=4)] == [4, 5]
    assert claim(job_id, n=4) == []


def test_an_expired_lease_frees_the_item_and_the_late_result_is_dropped(database: str) -> None:
    import_talks(1)
    job_id = start().job_id
    (late,) = claim(job_id, lease_s=0.05)
    time.sleep(0.1)
    (holder,) = claim(job_id)
    assert (holder.id, holder.attempt) == (late.id, 2)
    assert not finish(late)
    assert items.counts(job_id).running == 1
    assert finish(holder)
    assert not finish(late)
    assert items.counts(job_id).done == 1


def test_an_expired_lease_that_nobody_took_still_counts(database: str) -> None:
    import_talks(1)
    (late,) = claim(start().job_id, lease_s=0.01)
    time.sleep(0.05)
    assert finish(late)


def test_renewing_keeps_an_item_and_tells_which_were_lost(database: str) -> None:
    import_talks(2)
    job_id = start().job_id
    first, second = claim(job_id, n=2, lease_s=0.3)
    assert items.renew([first], lease_s=LEASE_S) == {first.id}
    time.sleep(0.35)
    assert [c.id for c in claim(job_id, n=2)] == [second.id]
    assert items.renew([first, second], lease_s=LEASE_S) == {first.id}


def test_released_items_are_free_at_once_and_the_attempt_does_not_count(database: str) -> None:
    import_talks(1)
    job_id = start().job_id
    held = claim(job_id)
    items.release(held)
    (again,) = claim(job_id)
    assert again.attempt == 1
    items.release(held)  # the old claim releases nothing of the new holder's
    assert items.counts(job_id).running == 1


@pytest.mark.parametrize("stop", [jobs.pause, jobs.cancel])
def test_a_stopped_job_gives_out_nothing(database: str, stop: object) -> None:
    import_talks(2)
    job_id = start().job_id
    stop(job_id)  # type: ignore[operator]
    assert claim(job_id) == []
    jobs.resume(job_id)
    assert len(claim(job_id)) == 1


def test_a_job_is_complete_only_when_nothing_waits_or_runs(database: str) -> None:
    import_talks(2)
    job_id = start().job_id
    first, second = claim(job_id, n=2)
    assert not items.finish_if_complete(job_id)
    finish(first)
    assert not items.finish_if_complete(job_id)
    with write() as session:
        items.save_failure(session, second, stage="insight", error="no reply")
    assert items.finish_if_complete(job_id)
    assert jobs.required(job_id).state == "done"
    assert [(f.stage, f.reason) for f in items.failures(job_id)] == [("insight", "no reply")]


def test_failed_items_can_be_freed_for_another_try(database: str) -> None:
    import_talks(2)
    job_id = start().job_id
    first, second = claim(job_id, n=2)
    finish(first)
    with write() as session:
        items.save_failure(session, second, stage="insight", error="no reply")
    items.finish_if_complete(job_id)
    assert items.retry_failed(job_id) == 1
    assert jobs.required(job_id).state == "queued"
    assert [c.id for c in claim(job_id, n=2)] == [second.id]


def test_a_limit_is_a_prefix_of_one_order(database: str) -> None:
    import_talks(12)
    five = start(limit=5)
    assert (five.resumed, five.added) == (0, 5)
    first = [c.sample_id for c in claim(five.job_id, n=20)]
    ten = start(limit=10)
    assert (ten.job_id, ten.added) == (five.job_id, 5)
    assert start(limit=10).added == 0
    assert start(limit=3).added == 0
    assert start().added == 2
    rest = [c.sample_id for c in claim(five.job_id, n=20)]
    other = synthesis.start_run(name="other", dataset_id=datasets.required(DATASET).id, settings=SETTINGS)
    assert [c.sample_id for c in claim(other.job_id, n=20)] == first + rest


def test_other_seeds_give_other_orders(database: str) -> None:
    import_talks(12)
    dataset_id = datasets.required(DATASET).id
    orders = []
    for seed in (0, 1):
        made = synthesis.start_run(name=f"s{seed}", dataset_id=dataset_id, settings={**SETTINGS, "seed": seed})
        orders.append([c.sample_id for c in claim(made.job_id, n=20)])
    assert sorted(orders[0]) == sorted(orders[1])  # type: ignore[type-var]
    assert orders[0] != orders[1]


def test_a_done_run_goes_on_when_it_is_extended(database: str) -> None:
    import_talks(3)
    job_id = start(limit=1).job_id
    finish(claim(job_id)[0])
    assert items.finish_if_complete(job_id)
    more = start(limit=2)
    assert (more.resumed, more.added) == (1, 1)
    assert jobs.required(job_id).state == "queued"


def test_the_same_name_with_other_settings_is_refused_naming_them(database: str) -> None:
    import_talks(2)
    start()
    with pytest.raises(ConflictError, match="seed is 0 there and 7 here") as refused:
        start(seed=7)
    assert "model" not in str(refused.value)


def test_the_same_name_on_another_dataset_is_refused_naming_it(database: str) -> None:
    import_talks(2)
    start()
    import_talks(2, name="other")
    with pytest.raises(ConflictError, match="dataset is 'talks' there and 'other' here"):
        synthesis.start_run(name="r", dataset_id=datasets.required("other").id, settings=SETTINGS)
