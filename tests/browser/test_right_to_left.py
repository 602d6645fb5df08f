"""Arabic and Hebrew mixed with English: on every screen each line is laid out from where its first letter says."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

import db.engine
from db.accounts.users import create_user
from db.migrate import migrate
from db.studies.studies import create_study, open_study
from proutt_core.actions.importing import import_now
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.dialogues import ImportSettings, parse_shares
from proutt_core.display.direction import begins_from_right
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.jobs.kinds.prediction import run_prediction
from proutt_core.llm.providers.model_ref import BASELINE
from proutt_core.types import StudyDesign
from tests.browser import project
from tests.browser.conftest import TIMEOUT_MS, fill_sign_in
from tests.browser.studio import server
from tests.fake_server import FakeServer
from tests.jobs.project import queue_run, run_here

pytestmark = pytest.mark.browser

ARABIC = ("أين أجد مطعم Wi-Fi قريب؟", "يوجد مطعم Garden Inn هنا.\nWi-Fi is free there.", "كم السعر (USD)؟")
HEBREW = ("אני מחפש מלון ליד Museum of Art.", "יש מלון Garden Inn, 10 דקות.\nIt has 40 rooms.", "האם יש WiFi?")
ENGLISH = ("Wi-Fi is free there.", "It has 40 rooms.")
TITLE = "محادثات Evening (مساء)"
# What the model writes into trees, predictions and paths.
WORDS = ["مطعم", "فندق", "السعر", "מלון", "חדר", "hotel", "מחיר", "WiFi"]

# Of every line: its words, where its first and its last letter stand, and the space it has.
LINES = """element => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  const letters = []
  while (walker.nextNode()) [...walker.currentNode.data].forEach((letter, at) => letters.push([walker.currentNode, at]))
  const box = ([text, at]) => {
    const range = document.createRange()
    range.setStart(text, at)
    range.setEnd(text, at + 1)
    return range.getBoundingClientRect()
  }
  const { left, right } = element.getBoundingClientRect()
  const lines = [[]]
  for (const letter of letters) letter[0].data[letter[1]] === '\\n' ? lines.push([]) : lines.at(-1).push(letter)
  return lines.filter(line => line.length).map(line => ({
    text: line.map(([text, at]) => text.data[at]).join(''),
    first: box(line[0]), last: box(line.at(-1)), left, right,
  }))
}"""
# What is written on canvases.
WRITTEN = """const write = CanvasRenderingContext2D.prototype.fillText
window.written = []
CanvasRenderingContext2D.prototype.fillText = function (text, ...more) {
  window.written.push(String(text))
  return write.call(this, text, ...more)
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("right-to-left")
    url = f"sqlite:///{folder / 'p.db'}"
    # On a thread of its own: the browser of earlier tests keeps an event loop on this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_build, folder, url).result()
    with server(url, folder) as at:
        yield at


def _build(folder: Path, url: str) -> None:
    file = folder / "dialogues.jsonl"
    file.write_text("".join(_row(n, (ARABIC, HEBREW)[n % 2]) for n in range(12)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        patch.setattr("tests.schema_filler._WORDS", WORDS)
        migrate()
        for name in ("rev", "res"):
            create_user(name=name, password=project.PASSWORD, roles=[project.PEOPLE[name]])
        settings = ImportSettings(shares=parse_shares("50/0/50"))
        import_now(ImportRequest(paths=(str(file),), dataset="d", public_title=TITLE, settings=settings))
        with FakeServer(models=["m"]) as fake:
            run_here(queue_run("r", dataset="d", limit=4, model="m", base_url=fake.base_url).job_id)
        for name, without_tree in (("m1", False), ("m2", True)):
            method = prompted_method(name=name, model=BASELINE, without_tree=without_tree)
            run_here(start_prediction(dataset="d", method=method).job_id, work=run_prediction)
        study = StudyDesign(name="s", public_title=TITLE, dataset="d", a="m1", b="m2", cases=2, people=1)
        open_study(create_study(study).name)
        db.engine.dispose()


def _row(n: int, texts: tuple[str, ...]) -> str:
    roles = ("user", "assistant", "user")
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
    messages[0]["content"] += f" ({n})"
    return json.dumps({"id": f"d{n}", "messages": messages}) + "\n"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(WRITTEN)
    yield context.new_page()
    context.close()


def enter(page: Page, address: str, name: str, path: str = "") -> None:
    page.goto(address)
    fill_sign_in(page, name, project.PASSWORD)
    page.goto(f"{address}/{path}")
    page.get_by_role("heading", level=1).wait_for()


def lines_of(texts: Locator) -> list[str]:
    """The lines of all these texts. Each must begin at its own side and run to the other one."""
    texts.first.wait_for()
    lines = [line for text in texts.all() for line in text.evaluate(LINES)]
    for line in lines:
        if begins_from_right(line["text"]):
            assert line["last"]["left"] < line["first"]["left"] and line["right"] - line["first"]["right"] < 1, line
        else:
            assert line["first"]["left"] <= line["last"]["left"] and line["first"]["left"] - line["left"] < 1, line
    return [line["text"] for line in lines]


def both_ways(lines: list[str]) -> bool:
    return {begins_from_right(line) for line in lines} == {True, False}


def caret_after_a_click(field: Locator, *, at_right: bool, line: int = 0) -> int:
    """How many letters stand before the caret when somebody clicks on the right or left end of a line."""
    box = field.bounding_box()
    assert box is not None
    field.click(position={"x": box["width"] - 6 if at_right else 6, "y": 20 + 20 * line})
    return int(field.evaluate("field => field.selectionStart"))


@pytest.mark.parametrize("path", ["compare", "pairs", "trees"])
def test_dialogues_under_review(address: str, page: Page, path: str) -> None:
    enter(page, address, "rev", path)
    assert both_ways(lines_of(page.get_by_role("region", name="Dialogue").get_by_test_id("stText")))


def test_a_pair_with_its_marks(address: str, page: Page) -> None:
    enter(page, address, "rev", "pairs")
    assert both_ways(lines_of(page.locator(".pane p[data-testid=stText]:visible")))


def test_a_tree_and_what_lies_behind_it(address: str, page: Page) -> None:
    enter(page, address, "rev", "trees")
    page.wait_for_function("() => window.written.includes('user')")
    names = [text for text in page.evaluate("() => window.written") if text != "user"]
    bare = [name.strip("\u2067\u2069") for name in names]
    assert both_ways(bare)
    assert all(name.startswith("\u2067") for name, text in zip(names, bare, strict=True) if begins_from_right(text))
    page.get_by_text("Details", exact=True).first.click()
    page.get_by_text("True path").wait_for()
    assert both_ways(lines_of(page.locator(".stText span")))


def test_titles_at_home(address: str, page: Page) -> None:
    enter(page, address, "rev")
    assert TITLE in lines_of(page.locator(".stText span"))


def test_results_of_an_item(address: str, page: Page) -> None:
    enter(page, address, "res", "synthesis")
    page.get_by_text("Items, each with its dialogue").click()
    page.get_by_text("Secondary path").wait_for()
    results = page.locator("[data-scrolls] .stText span")
    assert both_ways(lines_of(results))


def test_what_is_typed(address: str, page: Page) -> None:
    """Told by where a click puts the caret: the letters in a field have no boxes that a script could ask for."""
    enter(page, address, "rev", "pairs")
    page.get_by_role("button", name="Edit").click()
    edited = page.get_by_label("Reasoning").first
    edited.fill(f"{ARABIC[0]}\n{ENGLISH[0]}")
    assert caret_after_a_click(edited, at_right=True) == 0
    assert caret_after_a_click(edited, at_right=False) == len(ARABIC[0])
    assert caret_after_a_click(edited, at_right=False, line=1) == len(ARABIC[0]) + 1
    comment = page.get_by_label("Comment")
    comment.fill(HEBREW[0])
    assert caret_after_a_click(comment, at_right=True) == 0
    comment.fill(ENGLISH[0])
    assert caret_after_a_click(comment, at_right=False) == 0
