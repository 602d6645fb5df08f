"""Pictures of every main page with the sample project, light and dark, into docs/screenshots: `make screenshots`."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, executable
from tests.browser.studio import PROJECT, command, process, server, worker

FOLDER = PROJECT / "docs" / "screenshots"
PASSWORD = "correct horse battery staple"
# (picture, who, address)
# Results are withheld while another study is open on the same dialogues, so these come before the second one.
PICTURES_OF_RESULTS = [("agreement", "researcher", "agreement")]
PICTURES = [
    ("home", "researcher", ""),
    ("datasets", "researcher", "datasets"),
    ("synthesis", "researcher", "synthesis"),
    ("timeline", "researcher", "synthesis"),
    ("compare-runs", "researcher", "synthesis"),
    ("thresholds", "researcher", "thresholds"),
    ("studies", "researcher", "studies"),
    ("admin", "admin", "admin"),
    ("trees", "reviewer", "trees"),
    ("pairs", "annotator1", "pairs"),
    ("compare", "annotator1", "compare"),
]


def unfold_a_timeline(page: Page) -> None:
    page.get_by_text("Items, each with its dialogue").click()
    page.get_by_text("Timeline of its calls").click()
    page.get_by_text("seconds since the first question").wait_for(timeout=30_000)
    settle(page)
    # Beside the panes, which would scroll themselves under the wheel; the page ends where the timeline does.
    page.mouse.move(10, 400)
    page.mouse.wheel(0, 5000)


def open_compare_runs(page: Page) -> None:
    page.get_by_role("tab", name="Compare runs").click()


# What is done on a page before its picture.
STEPS: dict[str, Callable[[Page], None]] = {"timeline": unfold_a_timeline, "compare-runs": open_compare_runs}


def prepare(database: str) -> None:
    """The sample project with its run finished, its study judged by two people and closed."""
    command(database, "init")
    for name in ("annotator1", "annotator2", "reviewer", "researcher", "admin"):
        role = name.rstrip("0123456789")
        command(database, "user", "add", name, "--role", role, "--password-stdin", stdin=PASSWORD)
    sample = str(PROJECT / "proutt_core" / "actions" / "sample" / "dialogues.jsonl")
    command(database, "import", sample, "--dataset", "sample", "--title", "Sample dialogues", "--split", "60/10/30")
    command(database, "synthesize", "--dataset", "sample", "--run", "sample")
    lower = ("--run", "sample-lower", "--tau-high", "0.6", "--tau-low", "0.2")
    command(database, "synthesize", "--dataset", "sample", *lower)
    command(database, "predict", "--dataset", "sample", "--method", "rules")
    command(database, "predict", "--dataset", "sample", "--method", "rules-without-tree", "--without-tree")
    both = ("--dataset", "sample", "--a", "rules", "--b", "rules-without-tree", "--people", "2")
    command(database, "study", "create", "paper-check", "--title", "Practice comparison", "--cases", "10", *both)
    command(database, "study", "open", "paper-check")
    _judge(database, "paper-check")
    command(database, "study", "close", "paper-check")
    command(database, "judge", "--study", "paper-check")


def open_second_study(database: str) -> None:
    both = ("--dataset", "sample", "--a", "rules", "--b", "rules-without-tree", "--people", "2")
    command(database, "study", "create", "second", "--title", "Second comparison", "--cases", "10", *both)
    command(database, "study", "open", "second")


def _judge(database: str, study: str) -> None:
    """Two people judge every case by a fixed rule of their own, through the functions that the page calls."""
    script = """
import zlib
from db.accounts.users import find_user
from db.review.queues import claim_next, titles
from db.studies.comparisons import compare_task, save_judgement
for name, habit in (("annotator1", 3), ("annotator2", 4)):
    user = find_user(name)
    queue = titles(kind="compare", user_id=user.id)[0][0]
    while claim := claim_next(queue_public_id=queue, user_id=user.id):
        task = compare_task(assignment_id=claim.assignment_id, user_id=user.id)
        longer = sum(map(len, task.left)) > sum(map(len, task.right))
        tie = zlib.crc32((name + task.context[0].content).encode()) % habit == 0
        side = "tie" if tie else "left" if longer else "right"
        save_judgement(assignment_id=claim.assignment_id, user_id=user.id, side=side)
"""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        env = os.environ | {"PROUTT_DATABASE_URL": database}
        with process([sys.executable, "-c", script], env=env, log=log) as child:
            if child.wait(timeout=120):
                raise RuntimeError(f"judging {study} failed:\n{log.read_text()}")


def enter(browser: Browser, url: str, name: str, scheme: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme, locale="en-US")
    page = context.new_page()
    page.goto(url)
    if name == "researcher":
        page.screenshot(path=FOLDER / f"sign-in-{scheme}.png")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()
    return page


def settle(page: Page) -> None:
    """Until the script has ended and charts have drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=30_000)
    time.sleep(1.5)


def take(browser: Browser, url: str, pictures: list[tuple[str, str, str]]) -> None:
    for scheme in ("light", "dark"):
        pages: dict[str, Page] = {}
        for picture, who, address in pictures:
            page = pages.get(who) or pages.setdefault(who, enter(browser, url, who, scheme))
            page.goto(f"{url}/{address}")
            settle(page)
            if step := STEPS.get(picture):
                step(page)
                settle(page)
            page.screenshot(path=FOLDER / f"{picture}-{scheme}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        database = f"sqlite:///{folder / 'p.db'}"
        prepare(database)
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        with server(database, folder) as url, worker(database, folder):
            take(browser, url, PICTURES_OF_RESULTS)
            open_second_study(database)
            take(browser, url, PICTURES)
        browser.close()


if __name__ == "__main__":
    main()
