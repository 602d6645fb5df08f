"""Files on their way in, refused before their first byte is read where they would be too much."""

import re
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import Runtime

from pages._parts.text import _
from pages._parts.uploads import SERVER_MB, SESSION_MB

MB = 1024 * 1024
_PATH = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+")


class UploadLimit:
    """Refuses a file before its first byte is read where it, what is held and what is under way would be too much."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._under_way: dict[object, tuple[str, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        size = int(lengths[0]) if lengths and lengths[0].isdigit() else None
        problem = self._problem(found["session"], size)
        if problem is not None or size is None:
            status = 411 if size is None else 413
            await PlainTextResponse(problem or "", status_code=status, headers={"Connection": "close"})(
                scope, receive, send
            )
            return
        mine = object()
        self._under_way[mine] = (found["session"], size)
        try:
            await self.app(scope, receive, send)
        finally:
            del self._under_way[mine]

    def _problem(self, session: str, size: int | None) -> str | None:
        if size is None:
            return _("Say how large the file is (Content-Length).")
        held = _held()
        of_session = held.get(session, 0) + sum(n for whose, n in self._under_way.values() if whose == session)
        of_all = sum(held.values()) + sum(n for _whose, n in self._under_way.values())
        if size + of_session > SESSION_MB * MB:
            problem = _("Too much at once: at most {n} MB together. Import these first, or give a path on the server.")
            return problem.format(n=SESSION_MB)
        if size + of_all > SERVER_MB * MB:
            return _("Others are sending files just now. Try again in a minute, or give a path on the server.")
        return None


def _held() -> dict[str, int]:
    """Bytes in memory, by session."""
    if not Runtime.exists():
        return {}
    manager: Any = Runtime.instance().uploaded_file_mgr
    by_session = list(manager.file_storage.items())
    return {session: sum(len(file.data) for file in list(files.values())) for session, files in by_session}
