"""Home: what waits for whom, and the workflow's checklist."""

from collections.abc import Callable

from db.engine import write
from db.tables import Dataset, Worker
from tests.db import work
from tests.pages.conftest import Open, words


def test_annotator_sees_only_what_waits(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("ann", "annotator")
    said = words(open_page("home.py"))
    assert "Nothing is waiting for you." in said
    assert "Workflow" not in said and "worker" not in said


def test_researcher_of_an_empty_server_is_led_to_the_import(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("res", "researcher")
    page = open_page("home.py")
    said = words(page)
    assert "No worker is running" in said and "-m proutt_core worker" in said
    assert [button.label for button in page.button] == ["Go on"] + ["Open"] * 8
    assert [button.disabled for button in page.button] == [False] + [True] * 8
    assert "needs a closed study" in said


def test_with_a_dataset_and_a_worker_the_next_step_is_synthesis(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    with write() as session:
        session.add(Dataset(name="d", public_title="D", state="ready"))
        session.add(Worker(host="here", pid=1, version="0"))
    sign_in_as("res", "researcher")
    page = open_page("home.py")
    assert "No worker" not in words(page) and "1 dataset" in words(page)
    assert page.button(key="step_synthesise").label == "Go on"
    assert page.button(key="step_import").label == "Open"


def test_open_work_is_named_with_how_far_i_am(open_page: Open, sign_in_as: Callable[..., str]) -> None:
    sign_in_as("rev", "reviewer")
    work.open_queues(work.finished_run(work.samples(3)), title="![x](http://remote.example/a.png)")
    page = open_page("home.py")
    assert [text.value for text in page.text].count("![x](http://remote.example/a.png)") == 2  # as text, twice
    assert "remote.example" not in "".join(str(m.value) for m in page.markdown)
    assert [button.label for button in page.button] == ["Go on", "Go on"]


def test_of_much_open_work_the_first_stands_there_and_the_rest_is_folded(
    open_page: Open, sign_in_as: Callable[..., str]
) -> None:
    sign_in_as("rev", "reviewer")
    samples = work.samples(3)
    for name in ("one", "two", "three"):
        work.open_queues(work.finished_run(samples, name=name))
    page = open_page("home.py")
    assert [box.label for box in page.expander] == ["3 more"]
    assert len(page.expander[0].button) == 3
    assert len(page.button) == 6
