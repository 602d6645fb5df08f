"""A browser reduced to its websocket: signs in, opens a page, presses buttons, keeps every byte the server sent."""

import http.client
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

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

    def __init__(self, socket: ClientConnection, page: str, query: str = "") -> None:
        self.socket, self.page, self.query = socket, page, query
        self.frames: list[tuple[bytes, ForwardMsg]] = []
        self.switches: dict[str, bool] = {}
        self.sliders: dict[str, Sequence[float]] = {}

    def run(
        self,
        *,
        press: str | None = None,
        switch: Mapping[str, bool] | None = None,
        slide: Mapping[str, Sequence[float]] | None = None,
        fragment: str = "",
        page_hash: str = "",
    ) -> list[ForwardMsg]:
        """Rerun the page, or one fragment of it; what came until the script ended.

        `press` is the key or id of a button, `switch` holds ids of toggles and boxes, `slide` of sliders: they
        stay as they are put.
        `page_hash` asks for another page than the address, as a browser on its way there does.
        """
        self.switches |= switch or {}
        self.sliders |= slide or {}
        message = BackMsg()
        rerun = message.rerun_script
        rerun.page_name, rerun.query_string = self.page, self.query
        rerun.fragment_id, rerun.page_script_hash = fragment, page_hash
        rerun.context_info.timezone, rerun.context_info.locale = "UTC", "en-US"
        for widget, on in self.switches.items():
            state = rerun.widget_states.widgets.add()
            state.id, state.bool_value = widget, on
        for widget, values in self.sliders.items():
            state = rerun.widget_states.widgets.add()
            state.id = widget
            state.double_array_value.data.extend(values)
        if press is not None:
            state = rerun.widget_states.widgets.add()
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
            # A button's callback may make the server run the script once more at once: that one has yet to end.
            ended = message.WhichOneof("type") == "script_finished"
            if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return came

    def raw(self, since: int = 0) -> bytes:
        return b"\n".join(raw for raw, _ in self.frames[since:])

    def fragments(self) -> list[str]:
        """The parts of the page that a browser may ask for alone."""
        drawn = [m.delta.fragment_id for _, m in self.frames if m.WhichOneof("type") == "delta"]
        timed = [m.auto_rerun.fragment_id for _, m in self.frames if m.WhichOneof("type") == "auto_rerun"]
        return [fragment for fragment in dict.fromkeys(drawn + timed) if fragment]

    def pages(self) -> dict[str, str]:
        """The address of each page → its hash."""
        newest = [m.navigation for _, m in self.frames if m.WhichOneof("type") == "navigation"][-1]
        return {page.url_pathname: page.page_script_hash for page in newest.app_pages}

    def widget_ids(self) -> list[str]:
        """Of every widget and box that was drawn, in order: each holds the key that it was given."""
        deltas = [m.delta for _, m in self.frames if m.WhichOneof("type") == "delta"]
        return list(dict.fromkeys(text for delta in deltas for text in _texts(delta) if text.startswith("$$ID")))

    def _widget(self, key: str) -> str:
        """The full widget id of the newest button with this key; an id is taken as it is."""
        if key.startswith("$$ID"):
            return key
        ids = [
            m.delta.new_element.button.id
            for _, m in self.frames
            if m.WhichOneof("type") == "delta" and m.delta.new_element.WhichOneof("type") == "button"
        ]
        matching = [i for i in ids if i.endswith(f"-{key}")]
        assert matching, f"no button {key} on the page; there are {ids}"
        return matching[-1]

    def button_ids(self) -> list[str]:
        """Of the buttons drawn since the last run began, in order; each ends with its key."""
        ends = [n for n, (_, m) in enumerate(self.frames) if m.WhichOneof("type") == "new_session"]
        return [
            m.delta.new_element.button.id
            for _, m in self.frames[ends[-1] :]
            if m.WhichOneof("type") == "delta" and m.delta.new_element.WhichOneof("type") == "button"
        ]


def _texts(message: Any) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE and not field.is_repeated:
            yield from _texts(value)
        elif field.type == field.TYPE_STRING and not field.is_repeated:
            yield value


@contextmanager
def open_page(url: str, token: str, page: str, query: str = "") -> Iterator[Wire]:
    address = url.replace("http://", "ws://") + "/_stcore/stream"
    headers = {"Cookie": f"{COOKIE}={token}"}
    with connect(address, additional_headers=headers, origin=url, max_size=None) as socket:  # type: ignore[arg-type]
        yield Wire(socket, page, query)
