"""Point 6, first half: nothing that reaches an annotator's browser names a method, a model or a run.

A study is made by the real commands with names that occur nowhere else; then a browser keeps every response and every
websocket frame of an annotator who opens each page that annotators have and judges to the end.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, WebSocket

from tests.browser.conftest import SignIn
from tests.browser.studio import command, server
from tests.fake_server import FakeServer

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
MODEL, FIRST, SECOND = "zqmodelzq", "zqfirstzq", "zqsecondzq"
RUN, DATASET, STUDY = "zqrunzq", "zqdatasetzq", "zqstudyzq"
MARKERS = (MODEL, FIRST, SECOND, RUN, DATASET, STUDY)
CASES = 3


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database with an open study, one of its methods a model on a (fake) server; yields (its address, folder)."""
    folder = tmp_path_factory.mktemp("blinding")
    url = f"sqlite:///{folder / 'p.db'}"
    talks = folder / "talks.jsonl"
    talks.write_text("".join(json.dumps(talk(n)) + "\n" for n in range(40)), encoding="utf-8")
    with FakeServer(models=[MODEL]) as fake:
        at = ("--model", MODEL, "--base-url", fake.base_url)
        command(url, "init")
        command(url, "import", str(talks), "--dataset", DATASET, "--split", "50/0/50", "--title", "Everyday talk")
        command(url, "synthesize", "--dataset", DATASET, "--run", RUN, "--limit", "3", *at)
        command(url, "predict", "--dataset", DATASET, "--method", FIRST, "--without-tree", *at)
        command(url, "predict", "--dataset", DATASET, "--method", SECOND, "--model", "rules")
        command(url, "user", "add", "ann", "--role", "annotator", "--password-stdin", stdin=PASSWORD)
        study = ("study", "create", STUDY, "--title", "Everyday comparison", "--dataset", DATASET)
        command(url, *study, "--a", FIRST, "--b", SECOND, "--cases", str(CASES), "--people", "1")
        command(url, "study", "open", STUDY)
    yield url, folder


def talk(number: int) -> dict[str, object]:
    turns = [f"Where can I park near stop {number}?", "In the east garage.", f"What does garage {number} cost?", "Ten."]
    roles = ["user", "assistant"] * 2
    messages = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=True)]
    return {"id": f"talk-{number}", "messages": messages}


class Ears:
    """Everything the server sends to one page."""

    def __init__(self, page: Page) -> None:
        self.heard: list[tuple[str, bytes]] = []
        page.on("response", self._response)
        page.on("websocket", self._websocket)

    def _response(self, response: Response) -> None:
        self.heard.append((f"headers of {response.url}", repr(response.all_headers()).encode()))
        if response.status == 200:
            self.heard.append((response.url, response.body()))

    def _websocket(self, socket: WebSocket) -> None:
        def keep(frame: str | bytes) -> None:
            self.heard.append((socket.url, frame if isinstance(frame, bytes) else frame.encode()))

        socket.on("framereceived", keep)

    def text(self) -> bytes:
        return b"\n".join(body for _, body in self.heard)


def test_no_marker_reaches_an_annotator(project: tuple[str, Path], signed_in_page: SignIn) -> None:
    url, folder = project
    with server(url, folder) as address:
        page = signed_in_page(address, "ann", PASSWORD)
        ears = Ears(page)
        page.goto(f"{address}/pairs")
        page.get_by_role("button", name="Approve").wait_for()
        page.goto(f"{address}/compare")
        for done in range(CASES):
            page.get_by_text(f"{done} of {CASES}").wait_for()
            page.get_by_role("button", name=("Left is better", "Tie", "Right is better")[done]).click()
        page.get_by_role("heading", name="All done here").wait_for()
        page.goto(address)
        page.get_by_role("heading", name="Home").wait_for()
        for forbidden in ("trees", "studies", "agreement", "datasets", "synthesis", "admin"):
            page.goto(f"{address}/{forbidden}")
            page.wait_for_timeout(500)
    heard = ears.text()
    # The comparison was heard, so a marker would have been too.
    assert b"Where can I park near stop" in heard
    assert b"Which set better anticipates" in heard
    leaks = [(marker, place) for marker in MARKERS for place, body in ears.heard if marker.encode() in body]
    assert leaks == []
