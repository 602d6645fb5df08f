"""A run on screen: live figures, why it stands still, failures with their replies, its card, and its prices."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import typer
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from db.engine import read, write
from db.jobs import jobs, prices, usage
from db.jobs.items import counts, failures
from db.jobs.prices import Price
from db.jobs.usage import StageUsage
from db.tables import Assignment, Job, JobUsage, SynthesisItem
from proutt_core.__main__ import app
from proutt_core.commands._work import work_on
from proutt_core.runs.failures import grouped
from proutt_core.runs.request import RunRequest, RunSettings
from proutt_core.types import Message
from proutt_core.types.calls import Call, Completion, Usage
from tests.calls import store_for_item
from tests.db import work
from tests.pages.conftest import Open, words
from tests.pages.test_work import sent

ADDRESS = "https://models.example/v1"
SENT_AT = datetime(2026, 1, 2, 12, 0, 1, tzinfo=UTC)
REFUSED = Call(
    key="k",
    stage="insight",
    version=1,
    draw=0,
    messages=(
        Message(role="system", content="You read dialogues."),
        Message(role="user", content="What did <b>they</b> ask for?"),
    ),
    schema_name="Insight",
    schema='{"type":"object"}',
    model="glm",
    answer=Completion(
        text='{"unexpected": true}',
        usage=Usage(prompt_tokens=1_000, cached_tokens=600, completion_tokens=200),
        model="glm-0925",
        provider="deepinfra",
        address=ADDRESS,
        reasoning="They asked for temples.",
        started_at=SENT_AT,
        latency_s=1.5,
    ),
    problem="topics: Field required",
    asked_at=SENT_AT,
)


@pytest.fixture
def researcher(sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")


def remote_run(
    state: str = "done", *, reason: str = "", count: int = 4, without_schema: int = 0, **limits: object
) -> Job:
    """A run at a server elsewhere that made nine calls and read one from the log."""
    job_id = work.finished_run(work.samples(count), name="night")
    settings = {
        "seed": 7,
        "split": "train",
        "model": "glm",
        "model_name": "glm",
        "base_url": ADDRESS,
        "address": ADDRESS,
        "parameters": {},
        "tau_high": 0.8,
        "tau_low": 0.3,
        "prompts": {"preamble": 1, "insight": 1, "revise": 3},
        "without": ["exploration"],
        "generation": 2,
    }
    with write() as session:
        job = session.get_one(Job, job_id)
        job.sqlmodel_update({"settings": settings, "state": state, "reason": reason, **limits})
        job.started_at = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
        job.finished_at = job.started_at + timedelta(minutes=5) if state == "done" else None
        used = StageUsage(
            stage="insight",
            answered_by="glm-0925",
            provider="deepinfra",
            calls=9,
            valid_calls=8,
            cached_calls=1,
            prompt_tokens=2_000_000,
            cached_tokens=1_000_000,
            completion_tokens=500_000,
            calls_without_schema=without_schema,
        )
        usage.add(session, job_id=job_id, process="p", usages=[used])
    with read() as session:
        return session.get_one(Job, job_id)


def fail_items(job_id: int, *positions: int) -> list[int]:
    with write() as session:
        rows = session.exec(select(SynthesisItem).order_by(col(SynthesisItem.position))).all()
        for n in positions:
            rows[n].sqlmodel_update({"state": "failed", "branch": None, "failed_stage": "insight", "error": f"cut {n}"})
        return [row.id or 0 for row in rows if row.job_id == job_id]


def code(page: AppTest) -> str:
    return "\n".join(str(block.value) for block in page.code)


# --- while it runs and where it stands still --------------------------------------------------------------------------


def test_a_running_run_says_how_far_it_is_and_what_it_cost(open_page: Open, researcher: None) -> None:
    remote_run("running", max_calls=50, max_cost=5.0)
    prices.set_price(Price(ADDRESS, "glm", date(2026, 1, 1), "CNY", prompt=2.0, cached=0.5, completion=1.0))
    said = words(open_page("synthesis.py"))
    assert "9 of 50" in said and "2.00 M" in said and "1.00 M (50 %)" in said and "500 k" in said
    # 1 M uncached at 2, 1 M cached at 0.5, half a million replied at 1: 2 + 0.5 + 0.5.
    assert "3.00 CNY of 5.00 CNY" in said


@pytest.mark.parametrize("state", ["running", "paused", "done"])
def test_a_run_whose_server_refused_schemas_says_so_whatever_its_state(
    open_page: Open, researcher: None, state: str
) -> None:
    job = remote_run(state, without_schema=7)
    lost = "Calls asked for without the schema, which the server refused: insight 7 of 9."
    assert lost in words(open_page("synthesis.py"))
    with write() as session:
        session.get_one(JobUsage, 1).calls_without_schema = 0
    assert job.state == state and "without the schema" not in words(open_page("synthesis.py"))


def test_a_limit_that_was_reached_is_raised_where_the_run_stands(open_page: Open, researcher: None) -> None:
    job = remote_run("paused", reason="reached --max-calls 9", halt="calls", max_calls=9)
    page = open_page("synthesis.py")
    assert "The limit of calls is reached." in words(page)
    assert "--max-calls" not in words(page)  # the command line's words
    assert not [button for button in page.button if button.key == f"resume-{job.public_id}"]  # it would stop at once
    page.number_input(key=f"max-calls-{job.public_id}").set_value(500).run()
    page.button(key=f"limits-{job.public_id}").click().run()
    (now,) = jobs.list_jobs()
    assert (now.state, now.max_calls, now.max_cost) == ("queued", 500, None)


@pytest.mark.parametrize(
    ("state", "halt", "reason", "advice"),
    [
        ("paused", "server", "8 items in a row got no answer", "Look whether the server is up"),
        ("paused", "price", "no price is known", "Set the model's price"),
        ("paused", "person", "", "Paused by hand."),
        ("failed", "refused", "the key is wrong", "start the worker anew"),
    ],
)
def test_what_to_do_about_a_run_that_stands_still(
    open_page: Open, researcher: None, state: str, halt: str, reason: str, advice: str
) -> None:
    remote_run(state, reason=reason, halt=halt)
    page = open_page("synthesis.py")
    assert advice in words(page) and reason in words(page)
    assert [button.label for button in page.button if button.label == "Resume"]


def pause_on_the_command_line(job: Job) -> None:
    assert CliRunner().invoke(app, ["pause", job.name]).exit_code == 0


def interrupt_the_command(job: Job) -> None:
    """Ctrl-C while it works on the run."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in its background without it

    async def run(_job_id: int, **_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(60)

    with pytest.raises(typer.Exit):
        work_on(job.id or 0, run, concurrency=1)


@pytest.mark.parametrize("pause", [pause_on_the_command_line, interrupt_the_command])
def test_a_run_that_somebody_stopped_on_the_command_line_is_paused_by_hand(
    open_page: Open, researcher: None, pause: Callable[[Job], None]
) -> None:
    job = remote_run("running")
    pause(job)
    said = words(open_page("synthesis.py"))
    assert "Paused by hand." in said and "on the command line" in said
    assert "server is up" not in said


def test_a_cancelled_run_needs_no_advice(open_page: Open, researcher: None) -> None:
    job = remote_run("running")
    jobs.cancel(job.id or 0, reason="cancelled on the command line")
    said = words(open_page("synthesis.py"))
    assert "cancelled on the command line" in said and "by hand" not in said


def test_a_run_of_which_nothing_came_is_removed_after_a_second_look(open_page: Open, researcher: None) -> None:
    work.samples(1)
    with write() as session:
        session.add(Job(kind="synthesis", name="typo", settings=_plain_settings(), state="paused"))
    page = open_page("synthesis.py")
    assert "cannot be undone" in words(page)
    (job,) = jobs.list_jobs()
    page.button(key=f"remove-{job.public_id}").click().run()
    assert jobs.list_jobs() == []


def _plain_settings() -> dict[str, object]:
    return RunSettings.of(RunRequest(dataset="", run="")).to_stored()


def test_a_run_with_pairs_cannot_be_removed(open_page: Open, researcher: None) -> None:
    job = remote_run("cancelled")
    page = open_page("synthesis.py")
    assert not [button for button in page.button if button.key == f"remove-{job.public_id}"]


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_group_of_failures_opens_with_the_raw_replies(open_page: Open, researcher: None) -> None:
    job = remote_run("paused")
    assert job.id is not None
    page = open_page("synthesis.py")
    items = fail_items(job.id, 1, 2)
    store_for_item(job.id, items[1], REFUSED)
    choose_first_group(page, job)
    assert REFUSED.answer.text in code(page)
    assert "topics: Field required" in words(page) and "No. 2" in words(page) and "d0001" in words(page)
    assert "No reply is stored" in words(page)  # of the other item


def test_one_group_is_tried_again_and_the_other_is_not(open_page: Open, researcher: None) -> None:
    job = remote_run("paused")
    assert job.id is not None
    page = open_page("synthesis.py")
    fail_items(job.id, 1, 2)
    with write() as session:
        other = session.exec(select(SynthesisItem).where(SynthesisItem.position == 3)).one()
        other.sqlmodel_update({"state": "failed", "failed_stage": "revise", "error": "no object"})
    key = choose_first_group(page, job)
    page.button(key=f"retry-{job.public_id}-{key}").click().run()
    assert (counts(job.id).waiting, counts(job.id).failed) == (2, 1)


def choose_first_group(page: AppTest, job: Job) -> str:
    """As a click on the first row would; AppTest cannot select. The table must not have been drawn before."""
    assert job.id is not None
    key = grouped(failures(job.id, limit=None))[0].key
    page.session_state[f"failure-group-{job.public_id}"] = key
    page.run()
    return key


def test_replies_are_shown_when_they_are_asked_for(open_page: Open, researcher: None) -> None:
    job = remote_run("paused")
    assert job.id is not None
    store_for_item(job.id, fail_items(job.id, 1)[1], REFUSED)
    page = open_page("synthesis.py")
    assert "Select a row" in words(page) and REFUSED.answer.text not in code(page)


# --- the card ---------------------------------------------------------------------------------------------------------


def test_the_card_of_a_run_says_how_it_was_set_and_who_answered(open_page: Open, researcher: None) -> None:
    remote_run()
    with write() as session:
        for item in session.exec(select(SynthesisItem)):
            item.overlap_chosen, item.overlap_insight = 0.6, 0.2
    prices.set_price(Price(ADDRESS, "glm", date(2026, 1, 1), "CNY", prompt=2.0, cached=0.5, completion=1.0))
    page = open_page("synthesis.py")
    said = words(page)
    assert "glm-0925 by deepinfra" in said and "version 1; revise 3" in said and "exploration" in said
    assert "9 and 1 from the log" in said and "2.5" in said and "5 minutes" in said  # 10 calls for 4 items
    assert "Middle: 0.60, insight 0.20" in said and "read some of them" in said
    (stage, total) = next(t.value.to_dict("records") for t in page.dataframe if "Cached" in t.value)
    assert stage == {
        "Stage": "insight",
        "Calls": 9,
        "Prompt": "2.00 M",
        "Cached": "1.00 M",
        "Reply": "500 k",
        "Money": "3.00 CNY",
    }
    assert total["Stage"] == "all" and total["Money"] == "3.00 CNY"


def test_an_unknown_price_leads_to_where_it_is_set_and_the_run_is_billed(open_page: Open, researcher: None) -> None:
    job = remote_run()
    page = open_page("synthesis.py")
    assert f"No price is known for glm at {ADDRESS}." in words(page)
    page.button(key=f"price-of-{job.public_id}").click().run()
    key = f"price-glm-{ADDRESS}-2026-01-02"  # the day on which the run started
    assert page.text_input(key=f"{key}-address").value == ADDRESS
    page.number_input(key=f"{key}-prompt").set_value(1.0).run()
    page.text_input(key=f"{key}-currency").set_value("eur").run()
    page.button(key="price-save").click().run()
    (stored,) = prices.list_prices()
    assert (stored.model, stored.since, stored.prompt, stored.currency) == ("glm", date(2026, 1, 2), 1.0, "EUR")
    page.session_state["synthesis_tab"] = "Runs"
    assert "1.00 EUR" in words(page.run())


def test_a_price_that_makes_no_sense_is_refused(open_page: Open, researcher: None) -> None:
    page = open_page("synthesis.py")
    page.session_state["synthesis_tab"] = "Prices"
    page.run().text_input(key="price-model").set_value("glm").run()
    page.button(key="price-save").click().run()
    assert "needs the address" in words(page)
    assert prices.list_prices() == []


# --- the timeline -----------------------------------------------------------------------------------------------------


def opened(open_page: Open, job: Job) -> AppTest:
    """With the timeline of the run's first item, which fails first."""
    page = open_page("synthesis.py")
    page.session_state["items"] = True
    page.session_state[f"calls-of-item-{job.public_id}-0"] = True
    return page.run()


def test_the_timeline_shows_what_a_call_read_said_and_cost(open_page: Open, researcher: None) -> None:
    job = remote_run()
    assert job.id is not None
    item_id = fail_items(job.id)[0]
    prices.set_price(Price(ADDRESS, "glm", date(2026, 1, 1), "CNY", prompt=1_000, cached=500, completion=2_000))
    store_for_item(job.id, item_id, REFUSED)
    page = opened(open_page, job)
    assert not page.exception
    assert all(
        text in code(page) for text in (REFUSED.answer.text, "What did <b>they</b> ask for?", "They asked for temples.")
    )
    said = words(page)
    # 400 uncached at 1 000 a million, 600 cached at 500, 200 replied at 2 000: 0.4 + 0.3 + 0.4.
    assert "1.10 CNY" in said and "1,000, 600, 200" in said and "glm-0925 by deepinfra" in said and "1.50 s" in said
    assert "topics: Field required" in said
    assert page.get("plotly_chart")


def test_calls_without_times_are_listed(open_page: Open, researcher: None) -> None:
    job = remote_run()
    assert job.id is not None
    item_id = fail_items(job.id)[0]
    store_for_item(job.id, item_id, replace(REFUSED, asked_at=None))
    page = opened(open_page, job)
    assert "listed only" in words(page) and REFUSED.answer.text in code(page)


def test_annotators_never_see_a_timeline(sign_in_as: Callable[..., str]) -> None:
    job = remote_run()
    assert job.id is not None
    item_id = fail_items(job.id)[0]
    store_for_item(job.id, item_id, replace(REFUSED, problem=None))

    def script(item: int) -> None:
        from pages._parts.jobs.timeline import timeline_of_item as draw

        draw(item, key="calls")

    for role, seen in (("annotator", False), ("reviewer", True)):
        sign_in_as(role, role)
        page = AppTest.from_function(script, kwargs={"item": item_id}, default_timeout=30).run()
        assert not page.exception
        assert ("What did <b>they</b> ask for?" in code(page)) is seen


def test_reviewers_see_the_calls_behind_a_tree_but_not_who_answered_or_how_it_failed(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    """A reviewer may judge in a study of the model's methods."""
    failed = replace(
        REFUSED,
        key="failed",
        problem=f"glm at {ADDRESS} said: glm-0925 of deepinfra is not allowed",
        answer=replace(REFUSED.answer, text="I am glm-0925 and cannot do this.", model="", provider=""),
    )
    usable = replace(
        REFUSED,
        problem=None,
        answer=replace(REFUSED.answer, text='<think>I, glm-0925, think.</think>{"tree": "of temples"}'),
    )
    run = work.finished_run(work.samples(2))
    with read() as session:
        items = session.exec(select(SynthesisItem.id).where(SynthesisItem.job_id == run)).all()
    for item_id in items:
        assert item_id is not None
        store_for_item(run, item_id, failed, usable)
    work.open_queues(run)
    for role, named in (("reviewer", False), ("researcher", True)):
        sign_in_as(role, role)
        page = open_page("trees.py")
        with read() as session:
            assignment = session.exec(select(Assignment.public_id).order_by(col(Assignment.id).desc())).first()
        page.session_state[f"calls-of-{assignment}"] = True
        everything = sent(page.run())
        # To a researcher what failed opens first.
        assert ("I am glm-0925 and cannot do this." in code(page)) is named
        assert ("of temples" in code(page)) is not named
        for call in (0, 1):
            page.session_state[f"calls-of-{assignment}-chosen"] = call
            everything += sent(page.run())
        told = [word for word in ("glm-0925", "deepinfra", ADDRESS, "not allowed") if word.encode() in everything]
        assert told == (["glm-0925", "deepinfra", ADDRESS, "not allowed"] if named else [])
        assert (b"1,000, 600, 200" in everything) is named
