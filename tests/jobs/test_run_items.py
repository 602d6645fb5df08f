"""Starting runs: generations of the call log, parts left out, what is frozen and what is not."""

import pytest

from db.engine import write
from db.jobs import jobs
from db.jobs.jobs import JobInfo
from db.tables import Job
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.actions.synthesis import PILOT
from proutt_core.errors import ConflictError, InputError
from proutt_core.jobs.bills import address_and_model, bill_of
from proutt_core.llm.providers.model_ref import ModelRef
from tests.fake_server import FakeServer
from tests.jobs.project import DATASET, import_talks, queue_run, rows_of_run, run_here

ADDRESS = "http://127.0.0.1:1/v1"


def start(run: str, *, model: str = "fake", address: str = ADDRESS, **more: object) -> JobInfo:
    started = queue_run(run=run, model=model, base_url=address, **more)
    return jobs.required(started.job_id)


def generation(job: JobInfo) -> int | None:
    return job.settings.get("generation")


def test_the_settings_of_a_plain_run_are_those_of_step_1(sqlite: str) -> None:
    import_talks(1)
    assert set(start("r").settings) == {
        "model",
        "model_name",
        "address",
        "base_url",
        "parameters",
        "prompts",
        "seed",
        "split",
        "tau_high",
        "tau_low",
    }


def test_fresh_opens_the_next_generation_and_later_runs_share_the_newest(sqlite: str) -> None:
    import_talks(1)
    assert generation(start("plain")) is None
    assert generation(start("first", fresh=True)) == 1
    assert generation(start("shares")) == 1
    assert generation(start("second", fresh=True)) == 2
    assert generation(start("shares too")) == 2
    # each keeps its own when it is resumed, with the flag repeated or not
    assert [generation(start(run)) for run in ("plain", "first", "shares", "second")] == [None, 1, 1, 2]
    assert generation(start("first", fresh=True)) == 1


def test_generations_are_counted_by_address_and_model(sqlite: str) -> None:
    import_talks(1)
    start("a", fresh=True)
    assert generation(start("b", model="other")) is None
    assert generation(start("c", address="http://127.0.0.1:2/v1")) is None
    assert generation(start("d", model="other", fresh=True)) == 1


@pytest.mark.parametrize("run", ["plain", "shares"])
def test_a_run_cannot_become_fresh_afterwards(sqlite: str, run: str) -> None:
    import_talks(1)
    start("plain")
    start("first", fresh=True)
    start("shares")
    with pytest.raises(ConflictError, match=f'the run "{run}" was not started with --fresh .* choose another name'):
        start(run, fresh=True)


def test_a_fresh_run_asks_everything_anew_and_the_next_shares_its_replies(database: str) -> None:
    import_talks(3)
    with FakeServer() as server:
        run_here(start("plain", address=server.base_url).id)
        calls = len(server.calls)
        run_here(start("fresh", address=server.base_url, fresh=True).id)
        assert len(server.calls) == 2 * calls
        third = start("third", address=server.base_url)
        run_here(third.id)
        assert len(server.calls) == 2 * calls
    assert bill_of(third.id).total.cached_calls == calls
    assert rows_of_run(third.id) == rows_of_run(jobs.required(third.id - 1).id)


def test_parts_left_out_are_frozen_in_one_order(sqlite: str) -> None:
    import_talks(1)
    job = start("r", without=("mining", "category"))
    assert job.settings["without"] == ["category", "mining"]
    assert start("r", without=("category", "mining")).id == job.id
    with pytest.raises(ConflictError, match="without is"):
        start("r")


def test_an_unknown_part_is_refused(sqlite: str) -> None:
    import_talks(1)
    with pytest.raises(InputError, match=r"cannot leave out leaf; the parts are tree, "):
        start("r", without=("leaf",))


def test_limits_are_no_settings_and_stay_until_others_are_given(sqlite: str) -> None:
    import_talks(1)
    job = start("r", max_calls=5)
    assert (job.max_calls, job.max_cost) == (5, None)
    job = start("r", max_cost=2.5)
    assert (job.max_calls, job.max_cost) == (5, 2.5)
    assert (start("r").max_calls, start("r", max_calls=9).max_calls) == (5, 9)
    jobs.set_limits(job.id, max_calls=None, max_cost=None)
    assert (jobs.required(job.id).max_calls, jobs.required(job.id).max_cost) == (None, None)


def test_a_pilot_is_the_beginning_of_the_whole_run(sqlite: str) -> None:
    import_talks(PILOT + 4)
    with FakeServer() as server:
        pilot = start("r", address=server.base_url, limit=PILOT)
        run_here(pilot.id, concurrency=8)
        rows = rows_of_run(pilot.id)
        assert len(rows) == PILOT
        run_here(start("r", address=server.base_url).id, concurrency=8)
    assert rows_of_run(pilot.id)[:PILOT] == rows
    assert len(rows_of_run(pilot.id)) == PILOT + 4


def test_who_a_job_asks_is_known_without_its_key(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import_talks(2, split="0/0/100")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "k")
    method = prompted_method(name="m", model=ModelRef("zhipu/glm-4.6"))
    started = start_prediction(dataset=DATASET, method=method)
    monkeypatch.delenv("ZHIPUAI_API_KEY")
    expected = ("https://open.bigmodel.cn/api/paas/v4", "glm-4.6")
    assert address_and_model(jobs.required(started.job_id)) == expected
    bill = bill_of(started.job_id)
    assert bill.note.startswith("no price is known for glm-4.6 at https://open.bigmodel.cn")


def test_a_run_of_step_1_is_not_gone_on_with_and_the_reason_is_told(sqlite: str) -> None:
    import_talks(1)
    job = start("old")
    with write() as session:
        row = session.get_one(Job, job.id)
        row.settings = row.settings | {"prompts": dict.fromkeys(row.settings["prompts"], 1)}
    with pytest.raises(ConflictError, match=r'the run "old" was made with other versions of the prompts .* a new run'):
        start("old")


def test_a_part_left_out_later_is_told_in_words(sqlite: str) -> None:
    import_talks(1)
    start("r")
    with pytest.raises(ConflictError, match=r"without is not set there and \['tree'\] here"):
        start("r", without=("tree",))
