"""axe-core on every page, both themes, each role: nothing moderate or worse; what scrolls is reached by keyboard.

Each state is visited once: the theme is changed where one stands.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import project
from tests.browser.conftest import TIMEOUT_MS, fill_sign_in
from tests.browser.studio import server

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Minor ones are left out: those that remain are of Streamlit's own making (its field for files has two roles).
FOUND = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] })
  return found.violations.filter(v => v.impact !== 'minor').map(v => [v.id, v.impact, v.nodes[0].html.slice(0, 200)])
}"""
# Until the script has ended and the page stopped growing, so that what scrolls was looked through.
STILL = """() => new Promise(done => {
  let last = -1, same = 0
  const look = () => {
    const running = document.querySelector('[data-testid=stApp]:not([data-test-script-state=notRunning])')
    const now = document.querySelectorAll('*').length
    same = !running && now === last ? same + 1 : 0
    last = now
    same < 4 ? setTimeout(look, 250) : done(true)
  }
  look()
})"""
BACKGROUND = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"

Step = Callable[[Page], None]


def tab(name: str) -> Step:
    return lambda page: page.get_by_role("tab", name=name).click()


def unfold(text: str) -> Step:
    return lambda page: page.get_by_text(text).first.click()


def closed_study(page: Page) -> None:
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=project.CLOSED_STUDY).click()


def open_run(page: Page) -> None:
    """Of the table of runs, drawn on a canvas, the last: the one that is done."""
    page.locator("[data-testid=stDataFrame]").first.click(position={"x": 120, "y": 125})
    page.get_by_text("Items, each with its dialogue").click()
    page.get_by_text("Timeline of its calls").click()
    page.get_by_text("seconds since the first question").wait_for()


# Role → address, and what is done there one after the other, each time looked at anew.
STATES: dict[str, list[tuple[str, list[Step]]]] = {
    "ann": [
        ("", []),
        ("compare", []),
        ("pairs", [unfold("What the user really said")]),
        ("account", []),
        ("admin", []),
    ],
    "rev": [
        ("", []),
        ("trees", [unfold("Details"), unfold("How it was made")]),
        ("pairs", [unfold("How it was made")]),
    ],
    "res": [
        ("", []),
        ("compare", []),
        ("datasets", [tab("Dialogues"), tab("Import")]),
        ("synthesis", [unfold("New run"), tab("Compare runs"), tab("Predictions"), tab("Prices")]),
        ("synthesis", [open_run]),
        ("thresholds", []),
        ("studies", [closed_study]),
        ("agreement", [unfold("A file of labels")]),
    ],
    "adm": [("", []), ("admin", [tab("Events")]), ("trees", [])],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("accessible")
    with server(project.build(folder), folder) as at:
        yield at


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # axe is put into the page from here, which the page's own policy forbids.
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", bypass_csp=True)
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


def found(page: Page, where: str) -> list[str]:
    page.evaluate(STILL)
    told, backgrounds = [], set()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.wait_for_timeout(250)
        if page.locator("[data-testid=stApp]").count():
            backgrounds.add(page.evaluate(BACKGROUND))
        told += [f"{where}, {theme}: {rule} ({impact}): {html}" for rule, impact, html in page.evaluate(FOUND)]
    assert len(backgrounds) in (0, 2), "the theme did not change"
    return told


@pytest.mark.parametrize("name", STATES)
def test_nothing_keeps_people_out(address: str, page: Page, name: str) -> None:
    page.goto(address)
    told = found(page, "sign-in") if name == "ann" else []
    fill_sign_in(page, name, project.PASSWORD)
    for path, steps in STATES[name]:
        page.goto(f"{address}/{path}")
        page.get_by_role("heading", level=1).wait_for()
        told += found(page, f"{name} on {path or 'home'}")
        for number, step in enumerate(steps):
            step(page)
            told += found(page, f"{name} on {path}, step {number + 1}")
    assert told == []


def test_a_pane_that_scrolls_is_reached_and_moved_with_the_keyboard(address: str, page: Page) -> None:
    """A container of Streamlit's, on the page of a run with failures; the panes of text see to it themselves."""
    page.goto(address)
    fill_sign_in(page, "rev", project.PASSWORD)
    page.goto(f"{address}/trees")
    page.get_by_text("Details").first.click()
    pane = page.locator("[data-scrolls]").first
    expect(pane).to_have_attribute("tabindex", "0")
    assert pane.get_attribute("aria-label") and pane.get_attribute("role") == "group"
    pane.focus()
    page.keyboard.press("End")
    page.wait_for_function("pane => pane.scrollTop > 0", arg=pane.element_handle())
    # With nothing left to scroll the key goes on to the next thing.
    page.get_by_text("Details").first.click()
    expect(page.locator("[data-scrolls]")).to_have_count(0)
