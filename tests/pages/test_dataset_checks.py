"""A dataset's panels: possible personal data, near-duplicates, and whether its texts may be passed on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import pages._parts.datasets.personal_data
from db.accounts import events
from db.datasets import datasets, near_duplicates, personal_data
from db.engine import write
from db.jobs import jobs
from db.tables import Job
from pages._parts.pane import Marked
from proutt_core.actions.importing import import_now
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.jobs.kinds.near_duplicates import search as run_search
from proutt_core.jobs.whole_job import run_whole_job
from tests.pages.conftest import Open, words

LONG = "where can I find a small hotel near the station with a garden and free breakfast for two people"
TALKS = (
    ("My mail is jane.doe@example.com ![x](http://remote.example)", "Noted.", "请打13812345678", "好", "Bye"),
    (f"{LONG} please", "Here.", "Thanks"),
    (f"{LONG} thanks", "Here.", "Thanks"),
)


@pytest.fixture
def imported(sqlite: str, tmp_path: Path) -> int:
    roles = ("user", "assistant")
    rows = [
        {"id": f"talk{n}", "messages": [{"role": roles[m % 2], "content": text} for m, text in enumerate(texts)]}
        for n, texts in enumerate(TALKS)
    ]
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    import_now(ImportRequest((str(path),), "city", licence="Apache-2.0"))
    return datasets.required("city").id


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Marked]:
    """What the component that draws marked text was given: AppTest does not know it."""
    blocks: list[Marked] = []

    def marked_text(new_blocks: list[Marked], *, key: str) -> None:
        blocks[:] = new_blocks

    monkeypatch.setattr(pages._parts.datasets.personal_data, "marked_text", marked_text)
    return blocks


def opened(page: AppTest, key: str) -> AppTest:
    page.session_state[key] = True
    return page.run()


def drawn(blocks: list[Marked]) -> list[str]:
    return ["".join(f"<{piece.text}>" if piece.differs else piece.text for piece in block.pieces) for block in blocks]


def search(dataset_id: int) -> None:
    job_id = near_duplicates.queue(dataset_id=dataset_id, threshold=0.7)
    run_whole_job(jobs.required(job_id), run_search, stopping=lambda: False)


def run_of(dataset_id: int) -> None:
    with write() as session:
        session.add(Job(kind="synthesis", name="first", dataset_id=dataset_id, state="done"))


def test_counts_and_matches_partly_hidden_until_somebody_asks(
    open_page: Open, sign_in_as: Callable[..., str], imported: int, shown: list[Marked]
) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    said = words(page)
    assert "1 dialogue (33.3 %)" in said or "1 dialogue (33 %)" in said
    assert "jane" not in said and "13812345678" not in said and "remote.example" not in said
    assert shown == []
    page = opened(page, "look-at-city")
    assert drawn(shown) == ["My mail is <jan…com> ![x](http://remote.example)", "请打<13…78>"]
    assert shown[0].label == "talk0 · E-mail addresses"
    page.toggle(key="whole-city").set_value(True).run()
    assert drawn(shown) == ["My mail is <jane.doe@example.com> ![x](http://remote.example)", "请打<13812345678>"]
    page.selectbox(key="kind-city").set_value("phone").run()
    assert drawn(shown) == ["请打<13812345678>"]


def test_masking_on_a_click(open_page: Open, sign_in_as: Callable[..., str], imported: int) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    page.button(key="mask-city").click().run()
    said = words(page)
    assert "None was found" in said
    assert [message.value for message in page.success] == ["1 dialogue was masked."]
    assert personal_data.summary(imported).dialogues == 0
    assert datasets.required("city").dialogues == 3
    (event,) = events.recent(kinds=("dataset.personal_data.mask",))
    assert (event.user, event.detail) == ("res", {"dialogues": 1, "masked": {"email": 1, "phone": 1}})
    assert [message.value for message in page.run().success] == []  # said once


def test_dropping_on_a_click(open_page: Open, sign_in_as: Callable[..., str], imported: int) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    page.button(key="drop-city").click().run()
    assert [message.value for message in page.success] == ["1 dialogue was dropped."]
    assert datasets.required("city").dialogues == 2


def test_a_dataset_in_use_says_what_uses_it_and_offers_nothing(
    open_page: Open, sign_in_as: Callable[..., str], imported: int
) -> None:
    search(imported)
    run_of(imported)
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    assert words(page).count('something stands on them: the run "first"') == 2
    offered = {button.key for button in page.button}
    assert not offered & {"mask-city", "drop-city", "near-drop-city"}


def test_a_run_that_began_meanwhile_is_told_on_the_click(
    open_page: Open, sign_in_as: Callable[..., str], imported: int
) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    run_of(imported)
    page.button(key="mask-city").click().run()
    assert personal_data.summary(imported).dialogues == 1
    assert [message.value for message in page.success] == []


def test_near_duplicates_are_searched_by_a_worker_and_dropped_on_a_click(
    open_page: Open, sign_in_as: Callable[..., str], imported: int
) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    assert "nobody has searched yet" in words(page)
    page.number_input(key="near-threshold-city").set_value(0.7).run()
    page.button(key="near-search-city").click().run()
    (job,) = jobs.list_jobs(kind="near_duplicates")
    assert (job.state, job.settings) == ("queued", {"threshold": 0.7})
    run_whole_job(job, run_search, stopping=lambda: False)
    page.run()
    assert "similarity from 0.7" in words(page)
    page = opened(page, "near-look-city")
    said = words(page)
    assert "Stays: talk" in said and "Copy: talk" in said and f"{LONG} please" in said
    page.button(key="near-drop-city").click().run()
    assert [message.value for message in page.success] == ["1 dialogue was dropped."]
    assert "No dialogue is nearly another one" in words(page)
    assert datasets.required("city").dialogues == 2


def test_the_licence_can_be_corrected_with_a_reason(
    open_page: Open, sign_in_as: Callable[..., str], imported: int
) -> None:
    sign_in_as("res", "researcher")
    page = open_page("datasets.py")
    assert "Exports hold this dataset's texts." in words(page)
    page.button(key="licence-set-city-True").click().run()
    assert "say why" in words(page)
    assert datasets.required("city").redistributable
    page.text_input(key="licence-why-city-True").set_value("the authors asked for it").run()
    page.button(key="licence-set-city-True").click().run()
    assert "may not be passed on" in words(page)
    assert not datasets.required("city").redistributable
    assert events.recent(kinds=("dataset.licence",))[0].detail["reason"] == "the authors asked for it"
