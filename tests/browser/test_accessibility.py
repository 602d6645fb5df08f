"""axe-core on every screen of every role, in both themes: it finds nothing; headings follow each other; what scrolls
is reached and moved with the keyboard.

Each state is visited once: the theme is changed where one stands.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from proutt_core.types.accounts import AccountRole
from proutt_core.types.screens import SCREENS
from tests.browser import project
from tests.browser.conftest import TIMEOUT_MS, fill_sign_in
from tests.browser.studio import server

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# What Streamlit makes and we cannot mend: (axe's rule, where).
NOT_OURS = [
    # Its field for files says role="presentation" and has a label all the same; the button in it is as it should be.
    ("presentation-role-conflict", "[data-testid=stFileUploaderDropzone]"),
]
FOUND = """async notOurs => {
  const found = await axe.run(document, { resultTypes: ['violations'], elementRef: true })
  const ours = (rule, node) => !notOurs.some(([other, where]) => rule === other && node.element.matches(where))
  return found.violations.flatMap(({ id, impact, nodes }) =>
    nodes.filter(node => ours(id, node)).map(node => `${id} (${impact}): ${node.html.slice(0, 200)}`))
}"""
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .filter(heading => heading.checkVisibility()).map(heading => Number(heading.tagName[1]))"""
BACKGROUND = "() => getComputedStyle(document.querySelector('[data-testid=stApp]') ?? document.body).backgroundColor"
# When elements last came or went, kept by every page from its start.
WATCHED = """new MutationObserver(() => { window.changedAt = performance.now() })
  .observe(document, { childList: true, subtree: true })"""
# The script has ended, and for so many milliseconds nothing came or went.
STILL = """pause => performance.now() - window.changedAt > pause
  && !document.querySelector('[data-testid=stApp]:not([data-test-script-state=notRunning])')"""
# What scrolls is looked through 700 ms after a change (pages/_parts/scrolling.py); a new theme changes no size.
LOADED_MS, REPAINTED_MS = 750, 250

# Keeps what scrolls, in shadow trees too, and tells what each is called. The page itself is `stMain`.
SCROLLS = """() => {
  window.scrolls = []
  const look = root => root.querySelectorAll('*').forEach(one => {
    if (one.shadowRoot) look(one.shadowRoot)
    const style = getComputedStyle(one)
    const down = /auto|scroll/.test(style.overflowY) && one.scrollHeight > one.clientHeight + 1
    const across = /auto|scroll/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1
    if (one.clientHeight && one.checkVisibility() && (down || across)) window.scrolls.push(one)
  })
  look(document)
  return window.scrolls.map(one => one.getAttribute('aria-label') ?? one.dataset.testid ?? one.className)
}"""
# Which of them has the focus. A table scrolls beside the canvas that takes its keys.
FOCUSED = """() => {
  let focused = document.activeElement
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  const table = focused.matches('canvas') && focused.closest('[data-testid=stDataFrame]')
  return window.scrolls.findIndex(one => focused.tabIndex >= 0 && (one === focused || (table && table.contains(one))))
}"""
BACK = "number => window.scrolls[number].scrollTo({ top: 0, left: 0, behavior: 'instant' })"
MOVED = "number => window.scrolls[number].scrollTop + window.scrolls[number].scrollLeft > 0"
LONGEST_WAY = 120  # presses of Tab around a page

Step = Callable[[Page], None]


def still(page: Page, pause_ms: int) -> None:
    """Waits until nothing has changed for so long."""
    page.wait_for_timeout(REPAINTED_MS / 2)  # a click, or a theme, needs some time to reach the script
    page.wait_for_function(STILL, arg=pause_ms, polling=50)


def unfold(page: Page) -> None:
    """Everything that is folded, also in what only then is drawn."""
    folded = page.locator("details:not([open]) > summary:visible")
    while folded.count():
        folded.evaluate_all("summaries => summaries.forEach(summary => summary.click())")
        still(page, REPAINTED_MS)


def tab(name: str) -> Step:
    return lambda page: page.get_by_role("tab", name=name, exact=True).click()


def unfolded_tab(name: str) -> Step:
    def step(page: Page) -> None:
        tab(name)(page)
        still(page, REPAINTED_MS)
        unfold(page)

    return step


def press(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name).first.click()


def details(page: Page) -> None:
    page.get_by_text("Details", exact=True).first.click()


def judge_all(page: Page) -> None:
    for done in range(project.CASES):
        page.get_by_text(f"{done} of {project.CASES}").wait_for()
        still(page, REPAINTED_MS)
        page.get_by_role("button", name="Tie").click()
    page.get_by_role("heading", name="All done here").wait_for()


def choose_the_run_that_is_done(page: Page) -> None:
    """The third row; with keys, as the table is drawn on a canvas and the first row is chosen."""
    page.get_by_test_id("data-grid-canvas").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Shift+Space"):
        page.keyboard.press(key)
    page.get_by_text("6 of 6 done").first.wait_for()


def choose_file(page: Page) -> None:
    page.get_by_role("tab", name="Import a file").click()
    row = b'{"id": "1", "messages": [{"role": "user", "content": "park?"}, {"role": "assistant", "content": "east"}]}\n'
    page.locator("input[type=file]").set_input_files({"name": "a.jsonl", "mimeType": "text/plain", "buffer": row * 3})
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()


def closed_study(page: Page) -> None:
    page.keyboard.press("Escape")  # the box of the step before
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=project.CLOSED_STUDY).click()


# What is done on a screen after it was looked at, one after the other; each time it is looked at anew.
STEPS: dict[tuple[AccountRole, str], list[Step]] = {
    ("annotator", "compare"): [judge_all],
    ("annotator", "pairs"): [unfold, press("Edit")],
    ("reviewer", "pairs"): [unfold],
    ("reviewer", "trees"): [details, unfold],
    ("researcher", "datasets"): [unfold, press("Remove the dataset"), unfolded_tab("Dialogues"), choose_file, unfold],
    ("researcher", "synthesis"): [
        choose_the_run_that_is_done,
        unfold,
        unfolded_tab("Compare runs"),
        unfolded_tab("Predictions"),
        tab("Prices"),
    ],
    ("researcher", "studies"): [press("Close the study"), closed_study, unfold, press("Unblind")],
    ("researcher", "agreement"): [unfold],
    ("admin", "admin"): [tab("What happened")],
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
    context.add_init_script(WATCHED)
    yield context.new_page()
    context.close()


def found(page: Page, where: str) -> list[str]:
    still(page, LOADED_MS)
    levels = page.evaluate(HEADINGS)
    in_order = levels[:1] == [1] and all(later in range(2, level + 2) for level, later in pairwise(levels))
    told = [] if in_order else [f"{where}: headings {levels}"]
    backgrounds = set()
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    for theme in ("dark", "light") if dark else ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        if backgrounds:
            still(page, REPAINTED_MS)
        backgrounds.add(page.evaluate(BACKGROUND))
        told += [f"{where}, {theme}: {fault}" for fault in page.evaluate(FOUND, NOT_OURS)]
    assert len(backgrounds) == 2, "the theme did not change"
    return told


def enter(page: Page, address: str, name: str, path: str = "") -> None:
    page.goto(address)
    fill_sign_in(page, name, project.PASSWORD)
    page.goto(f"{address}/{path}")
    page.get_by_role("heading", level=1).wait_for()


def test_the_sign_in_and_a_refusal_keep_nobody_out(address: str, page: Page) -> None:
    page.goto(address)
    told = found(page, "sign-in")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    told += found(page, "a wrong password")
    enter(page, address, "ann", "admin")
    told += found(page, "not for this account")
    assert told == []


@pytest.mark.parametrize("name", project.PEOPLE)
def test_no_screen_keeps_anybody_out(address: str, page: Page, name: str) -> None:
    role = project.PEOPLE[name]
    enter(page, address, name)
    # All at once: while one is looked at, the others load.
    screens = {screen: page.context.new_page() for screen in SCREENS if role in screen.roles}
    for screen, opened in screens.items():
        opened.goto(f"{address}/{'' if screen is SCREENS[0] else screen.name}", wait_until="commit")
    told = []
    for screen, opened in screens.items():
        opened.bring_to_front()
        opened.get_by_role("heading", level=1).first.wait_for()
        told += found(opened, f"{name} on {screen.name}")
        for number, step in enumerate(STEPS.get((role, screen.name), []), start=1):
            step(opened)
            told += found(opened, f"{name} on {screen.name}, step {number}")
        opened.close()
    assert told == []


@pytest.mark.parametrize(
    ("name", "path", "steps", "panes"),
    [
        ("rev", "compare", [], ["Dialogue"]),
        ("rev", "pairs", [unfold], ["Dialogue", "Chosen", "Rejected", "stDataFrame"]),
        ("rev", "trees", [details], ["Dialogue", "scrolls with the arrow keys"]),
        ("res", "datasets", [tab("Dialogues")], ["Dialogue", "stDataFrame"]),
        (
            "res",
            "synthesis",
            [choose_the_run_that_is_done, unfold],
            ["Dialogue", "scrolls with the arrow keys", "stDataFrame"],
        ),
    ],
)
def test_what_scrolls_is_reached_and_moved_with_the_keyboard(
    address: str, page: Page, name: str, path: str, steps: list[Step], panes: list[str]
) -> None:
    enter(page, address, name, path)
    for step in steps:
        still(page, LOADED_MS)
        step(page)
    still(page, LOADED_MS)
    scrolls = page.evaluate(SCROLLS)
    assert all(any(pane in scroll for scroll in scrolls) for pane in panes), scrolls
    left = set(range(len(scrolls)))
    for _press in range(LONGEST_WAY):
        page.keyboard.press("Tab")
        number = page.evaluate(FOCUSED)
        if number in left:
            left.remove(number)
            page.evaluate(BACK, number)
            # A table's first arrow only goes to a cell.
            for key in ("ArrowDown", "PageDown", "PageDown", "End"):
                page.keyboard.press(key)
            page.wait_for_function(MOVED, arg=number)
        if not left:
            break
    assert [scrolls[number] for number in left] == []


def test_a_pane_that_scrolls_no_more_is_passed_over(address: str, page: Page) -> None:
    enter(page, address, "rev", "trees")
    details(page)
    pane = page.locator("[data-scrolls]").first
    expect(pane).to_have_attribute("tabindex", "0")
    assert pane.get_attribute("aria-label") and pane.get_attribute("role") == "group"
    details(page)
    expect(page.locator("[data-scrolls]")).to_have_count(0)
