"""A real browser, and people who sign in with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, executable

TIMEOUT_MS = 30_000
SignIn = Callable[[str, str, str], Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[[], Page]]:
    """Pages of browsers that know nothing of each other."""
    contexts = []

    def make() -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        return context.new_page()

    yield make
    for number, context in enumerate(contexts):
        # Where each of them stood at the end: what one wants to see first when a test failed.
        for page in context.pages:
            page.screenshot(path=tmp_path / f"page-{number}.png")
        context.close()


@pytest.fixture
def signed_in_page(new_page: Callable[[], Page]) -> SignIn:
    """(address of the app, name, password) → that person's browser, signed in and at home."""

    def enter(url: str, name: str, password: str) -> Page:
        page = new_page()
        page.goto(url)
        fill_sign_in(page, name, password)
        return page

    return enter


def fill_sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()
