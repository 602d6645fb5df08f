"""Point 5: each role signs in and the loop is walked once, by mouse, over the bundled dialogues.

import → pilot, its card, a timeline, the thresholds → predict with two methods → study → review a tree and a pair →
judge → close → LLM judge → agreement. Then: refusals for the wrong role, and nothing but the sign-in for whoever is
signed out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from proutt_core.actions.sample import sample_path
from tests.browser.conftest import SignIn
from tests.browser.studio import command, server, worker

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
SOON = 60_000
CASES = 2


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(address of the app, address of the database) with one account of each role, a worker, and nothing else."""
    folder = tmp_path_factory.mktemp("loop")
    database = f"sqlite:///{folder / 'p.db'}"
    command(database, "init")
    for role in ("annotator", "reviewer", "researcher", "admin"):
        command(database, "user", "add", role, "--role", role, "--password-stdin", stdin=PASSWORD)
    with server(database, folder) as url, worker(database, folder):
        yield url, database


def go(page: Page, name: str) -> None:
    """To a page by the bar at the top."""
    page.get_by_test_id("stTopNav").get_by_role("link", name=name, exact=True).click()


def fill(page: Page, label: str, text: str, *, role: Literal["textbox", "spinbutton"] = "textbox") -> None:
    box = page.get_by_role(role, name=label)
    box.fill(text)
    box.press("Tab")


def test_the_loop_is_walked_once(studio: tuple[str, str], signed_in_page: SignIn) -> None:
    url, database = studio
    researcher = signed_in_page(url, "researcher", PASSWORD)
    import_a_file(researcher)
    run_the_pilot(researcher)
    read_a_timeline(researcher)
    look_at_the_thresholds(researcher)
    predict_with_two_methods(researcher, database)
    open_a_study(researcher)
    review_a_tree(signed_in_page(url, "reviewer", PASSWORD))
    annotator = signed_in_page(url, "annotator", PASSWORD)
    review_a_pair(annotator)
    judge_every_case(annotator)
    close_and_judge(researcher)
    read_the_agreement(researcher)


def import_a_file(page: Page) -> None:
    go(page, "Datasets")
    page.get_by_role("tab", name="Import a file").click()
    page.locator("input[type=file]").set_input_files(sample_path())
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_enabled(timeout=SOON)
    fill(page, "Split", "60/10/30")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Read its dialogues").wait_for(timeout=SOON)
    page.get_by_role("button", name="Read its dialogues").click()
    page.get_by_role("textbox", name="Search").wait_for()


def run_the_pilot(page: Page) -> None:
    """The default of a first run: one button starts it, its card tells what came."""
    go(page, "Synthesis")
    page.get_by_role("button", name="Start the pilot").click()
    page.get_by_text("20 of 20 done").first.wait_for(timeout=SOON)
    page.get_by_text("Clean pairs", exact=True).wait_for(timeout=SOON)
    page.get_by_text(re.compile(r"Go on with the \d+ samples left")).wait_for()


def read_a_timeline(page: Page) -> None:
    page.get_by_text("Items, each with its dialogue").click()
    page.get_by_text("Timeline of its calls").click()
    page.get_by_text("seconds since the first question").wait_for(timeout=SOON)
    page.get_by_role("tab", name="Read", exact=True).wait_for()


def look_at_the_thresholds(page: Page) -> None:
    """Moving a line by the keyboard tells what would change; the run that it offers is watched on the other page."""
    go(page, "Thresholds")
    page.get_by_text("These are the run's own thresholds").wait_for(timeout=SOON)
    page.get_by_role("slider").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("What would change").wait_for()
    page.get_by_role("button", name="Start this run").click()
    page.get_by_role("heading", name="Synthesis").wait_for()
    page.get_by_text("20 of 20 done").first.wait_for(timeout=SOON)


def predict_with_two_methods(page: Page, database: str) -> None:
    """One by the form on the page, one by the command line: both are claimed in the same way."""
    page.get_by_role("tab", name="Predictions").click()
    page.get_by_role("button", name="Start predicting").click()
    page.get_by_text(re.compile(r"(\d+) of \1 done")).first.wait_for(timeout=SOON)
    command(database, "predict", "--dataset", "dialogues", "--method", "plain", "--without-tree")


def open_a_study(page: Page) -> None:
    go(page, "Studies")
    fill(page, "Name, for researchers", "check")
    fill(page, "Title shown to annotators", "Weekend talk")
    fill(page, "Cases", str(CASES), role="spinbutton")
    fill(page, "People for each case", "1", role="spinbutton")
    page.get_by_role("button", name="Create the study").click()
    page.get_by_role("button", name="Open the study").click()
    page.get_by_text("0 of 2 answers").wait_for(timeout=SOON)


def review_a_tree(page: Page) -> None:
    go(page, "Intent trees")
    page.get_by_text(re.compile(r"^0 of \d+$")).wait_for()
    page.get_by_role("button", name="Correct").click()
    page.get_by_text(re.compile(r"^1 of \d+$")).wait_for()


def review_a_pair(page: Page) -> None:
    go(page, "Preference pairs")
    page.get_by_text(re.compile(r"^0 of \d+$")).wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text(re.compile(r"^1 of \d+$")).wait_for()


def judge_every_case(page: Page) -> None:
    go(page, "Compare")
    for done in range(CASES):
        page.get_by_text(f"{done} of {CASES}").wait_for()
        # The count is drawn before the buttons: a click on one that is being replaced is lost.
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        page.get_by_role("button", name=("Left is better", "Tie")[done]).click()
    page.get_by_role("heading", name="All done here").wait_for()


def close_and_judge(page: Page) -> None:
    page.get_by_text("2 of 2 answers").wait_for(timeout=SOON)
    page.get_by_role("button", name="Close the study…").click()
    page.get_by_role("button", name="Close now").click()
    page.get_by_role("button", name="Unblind…").wait_for(timeout=SOON)
    page.get_by_role("button", name="Start the judge").click()
    page.get_by_text(re.compile("4 of 4")).first.wait_for(timeout=SOON)


def read_the_agreement(page: Page) -> None:
    go(page, "Agreement")
    page.get_by_role("heading", name="Agreement").wait_for()
    page.get_by_text("a = +1", exact=False).first.wait_for(timeout=SOON)


@pytest.mark.parametrize("address", ["datasets", "synthesis", "studies", "agreement", "admin", "trees"])
def test_an_annotator_at_a_researchers_address_sees_a_refusal(
    studio: tuple[str, str], signed_in_page: SignIn, address: str
) -> None:
    page = signed_in_page(studio[0], "annotator", PASSWORD)
    page.goto(f"{studio[0]}/{address}")
    page.get_by_role("heading", name="Not for your account").wait_for()
    assert page.get_by_role("button").filter(has_text=re.compile("Import|Start|Create|Open the study")).count() == 0


def test_an_admin_makes_an_account(studio: tuple[str, str], signed_in_page: SignIn) -> None:
    page = signed_in_page(studio[0], "admin", PASSWORD)
    go(page, "Admin")
    fill(page, "Name", "newcomer")
    page.get_by_role("combobox", name=re.compile("Roles")).first.click()
    page.get_by_role("option", name="annotator").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Create")).click()
    page.get_by_text("newcomer").first.wait_for()


def test_signed_out_every_page_shows_the_sign_in_also_as_the_very_first_request(tmp_path: Path, new_page) -> None:  # type: ignore[no-untyped-def]
    database = f"sqlite:///{tmp_path / 'p.db'}"
    command(database, "init")
    for first in ("secret", "trees", "admin"):
        with server(database, tmp_path) as url:
            page = new_page()
            for address in (first, "", "datasets", "compare", "pairs", "studies"):
                page.goto(f"{url}/{address}")
                expect(page).to_have_url(re.compile("/sign-in"))
                expect(page.get_by_role("button", name="Sign in")).to_be_visible()
                assert "ProUtt Studio" in page.title()
                assert page.locator("form").count() == 1
