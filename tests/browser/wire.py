"""A browser reduced to its websocket: signs in, opens a page, presses buttons, keeps every byte the server sent."""

import http.client
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

COOKIE = "proutt_session"


def sign_in(url: str, name: str, password: str) -> str:
    """Post the sign-in form as a browser does; the session cookie's value."""
    host = urllib.parse.urlsplit(url).netloc
    connection = http.client.HTTPConnection(host, timeout=30)
    body = urllib.parse.urlencode({"name": name, "password": password, "next": "/"})
    headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", body=body, headers=headers)
    response = connection.getresponse()
    response.read()
    cookies = response.headers.get_all("Set-Cookie") or []
    connection.close()
    for cookie in cookies:
        key, _, value = cookie.split(";", 1)[0].partition("=")
        if key == COOKIE:
            return value
    raise AssertionError(f"{name} could not sign in: HTTP {response.status}")


class Wire:
    """One open page. `frames` holds what came, as (raw bytes, message)."""

    def __init__(self, socket: ClientConnection, page: str) -> None:
        self.socket, self.page = socket, page
        self.frames: list[tuple[bytes, ForwardMsg]] = []

    def run(self, *, press: str | None = None) -> list[ForwardMsg]:
        """Rerun the page, pressing the button of that widget key if one is named; what came until the script ended."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.query_string = ""
        message.rerun_script.context_info.timezone = "UTC"
        message.rerun_script.context_info.locale = "en-US"
        if press is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = self._widget(press), True
        self.socket.send(message.SerializeToString())
        return self._until_finished()

    def _until_finished(self) -> list[ForwardMsg]:
        came: list[ForwardMsg] = []
        while True:
            raw = self.socket.recv(timeout=60)
            assert isinstance(raw, bytes)
            message = ForwardMsg.FromString(raw)
            self.frames.append((raw, message))
            came.append(message)
            # A button's callback may make the server run the script once more at once; only success ends a run.
            if message.WhichOneof("type") == "script_finished" and message.script_finished == 0:
                return came

    def _widget(self, key: str) -> str:
        """The full widget id of the newest button with this key."""
        ids = [
            m.delta.new_element.button.id
            for _, m in self.frames
            if m.WhichOneof("type") == "delta" and m.delta.new_element.WhichOneof("type") == "button"
        ]
        matching = [i for i in ids if i.endswith(f"-{key}")]
        assert matching, f"no button {key} on the page; there are {ids}"
        return matching[-1]

    def button_keys(self) -> list[str]:
        """The keys of the buttons drawn since the last run began, in order."""
        ends = [n for n, (_, m) in enumerate(self.frames) if m.WhichOneof("type") == "new_session"]
        return [
            m.delta.new_element.button.id
            for _, m in self.frames[ends[-1] :]
            if m.WhichOneof("type") == "delta" and m.delta.new_element.WhichOneof("type") == "button"
        ]


@contextmanager
def open_page(url: str, token: str, page: str) -> Iterator[Wire]:
    address = url.replace("http://", "ws://") + "/_stcore/stream"
    headers = {"Cookie": f"{COOKIE}={token}"}
    with connect(address, additional_headers=headers, origin=url, max_size=None) as socket:  # type: ignore[arg-type]
        yield Wire(socket, page)
