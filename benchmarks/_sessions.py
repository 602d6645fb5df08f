"""The server, and a browser reduced to its websocket: what a page asks, and when all of the answer is there."""

import http.client
import os
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

COOKIE = "proutt_session"
PASSWORD = "a long enough password"
TIMEOUT_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(url: str) -> Iterator[tuple[str, int]]:
    """`streamlit run app.py` on a free port over the database at this address; its own address and process id."""
    from tests.browser import studio

    with tempfile.TemporaryDirectory() as folder:
        port, log = studio.free_port(), Path(folder) / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        with studio.process(command, env=studio.environment(url), log=log) as child:
            address = f"http://127.0.0.1:{port}"
            studio.wait_until_up(address, child, log)
            yield address, child.pid


def cpu_s(pid: int) -> float:
    """User and system seconds of the process so far; in hundredths, so that one short stretch says little."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def sign_in(address: str, name: str) -> str:
    """Posts the sign-in form as a browser does; the session's token."""
    body = urllib.parse.urlencode({"name": name, "password": PASSWORD, "next": "/"})
    headers = {"Origin": address, "Content-Type": "application/x-www-form-urlencoded"}
    host = urllib.parse.urlsplit(address).netloc
    with closing(http.client.HTTPConnection(host, timeout=TIMEOUT_S)) as connection:
        connection.request("POST", "/sign-in", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
    for cookie in response.headers.get_all("Set-Cookie") or []:
        key, _, value = cookie.split(";", 1)[0].partition("=")
        if key == COOKIE:
            return value
    raise RuntimeError(f"{name} could not sign in: HTTP {response.status}")


class Page:
    """One open page of one person; `messages` and `bytes` are those of its last run."""

    def __init__(self, socket: Any, page: str) -> None:
        self._socket, self._page = socket, page
        self._buttons: list[str] = []
        self._texts: list[str] = []
        self.messages = self.bytes = 0

    @classmethod
    async def open(cls, address: str, token: str, page: str) -> "Page":
        from websockets.asyncio.client import connect

        socket = await connect(
            address.replace("http://", "ws://") + "/_stcore/stream",
            additional_headers={"Cookie": f"{COOKIE}={token}"},
            origin=address,  # type: ignore[arg-type]
            max_size=None,
            open_timeout=TIMEOUT_S,
        )
        return cls(socket, page)

    async def run(self, *, press: str | None = None) -> float:
        """Seconds from sending the click (or opening the page) to the end of the script."""
        import asyncio

        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = BackMsg()
        message.rerun_script.page_name = self._page
        if press is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = press, True
        buttons: list[str] = []
        texts: list[str] = []
        self.messages = self.bytes = 0
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while True:
            raw = await asyncio.wait_for(self._socket.recv(), TIMEOUT_S)
            came = ForwardMsg.FromString(raw)
            self.messages += 1
            self.bytes += len(raw)
            kind = came.WhichOneof("type")
            if kind == "new_session":
                buttons, texts = [], []
            elif kind == "delta":
                element = came.delta.new_element
                what = element.WhichOneof("type")
                if what == "button":
                    buttons.append(element.button.id)
                elif what in ("markdown", "text", "heading"):
                    texts.append(getattr(element, what).body)
            # A callback may make the server start the script once more at once; only success ends a run.
            elif kind == "script_finished" and came.script_finished == 0:
                self._buttons, self._texts = buttons, texts
                return time.perf_counter() - began

    def button(self, key: str) -> str | None:
        """The id of the first button drawn whose key begins so."""
        return next((button for button in self._buttons if f"-{key}" in button), None)

    @property
    def failed(self) -> bool:
        return any(":material/error:" in text for text in self._texts)

    async def close(self) -> None:
        await self._socket.close()
