"""Several inference servers behind one address: all are used, and the run outlives the death of one."""

import threading

import pytest

from db.jobs import items, jobs
from tests.balancer import Balancer
from tests.fake_server import FakeServer
from tests.jobs.project import import_talks, queue_run, rows_of_run, run_here
from tests.jobs.test_process import wait_for

TALKS = 24


def start(address: str, run: str) -> int:
    return queue_run(run=run, model="fake", base_url=address, concurrency=8).job_id


def test_two_servers_behind_one_address_share_a_run_and_one_dies(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proutt_core.llm.openai.retry.Backoff.wait_s", lambda *_args, **_named: 0.05)
    import_talks(TALKS)
    with FakeServer() as alone:
        run_here(expected := start(alone.base_url, "undisturbed"), concurrency=8)
    with FakeServer(latency_s=0.05) as kept:
        lost = FakeServer(latency_s=0.05)
        lost.__enter__()
        with Balancer([kept.base_url, lost.base_url]) as balancer:
            job_id = start(balancer.base_url, "balanced")
            working = threading.Thread(target=run_here, args=(job_id,), kwargs={"concurrency": 8})
            working.start()
            wait_for(lambda: items.counts(job_id).done >= 3)
            lost.__exit__(None, None, None)
            working.join(timeout=60)
            assert not working.is_alive()
    assert kept.calls and lost.calls
    assert items.counts(job_id).finished == TALKS
    assert jobs.required(job_id).state == "done"
    assert rows_of_run(job_id) == rows_of_run(expected)
