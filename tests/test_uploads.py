"""Files on their way in, over real HTTP: refused before they fill the memory, given back when the page is left."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from db.accounts.users import create_user
from db.engine import dispose
from server.uploads import UploadLimit
from tests.browser import studio
from tests.browser.wire import Wire, open_page, sign_in

PASSWORD = "correct horse"
MB = 1024 * 1024
PROC = Path("/proc")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "proutt.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{folder / 'proutt.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        for name in ("res", "adm"):
            create_user(name=name, password=PASSWORD, roles=["admin" if name == "adm" else "researcher"])
        dispose()
    with studio.server(url, folder) as address:
        yield address, sign_in(address, "res", PASSWORD)


def upload_path(page: Wire) -> str:
    message = BackMsg()
    message.file_urls_request.request_id = "r"
    message.file_urls_request.file_names.append("f")
    page.socket.send(message.SerializeToString())
    while True:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        came = ForwardMsg.FromString(page.socket.recv(timeout=30))  # type: ignore[arg-type]
        if came.WhichOneof("type") == "file_urls_response":
            return f"/{came.file_urls_response.file_urls[0].upload_url.lstrip('/')}"


def send(address: str, token: str, path: str, size: int, *, declared: int | None = None) -> tuple[int, str]:
    """PUT that many bytes as a browser does. With `declared`, only the head goes out, which says that many."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("GET", "/_stcore/health")
    health = connection.getresponse()
    health.read()
    xsrf = str(health.getheader("Set-Cookie")).split(";")[0].partition("=")[2]
    edge = "x" * 20
    head = f'--{edge}\r\nContent-Disposition: form-data; name="f"; filename="f.jsonl"\r\n\r\n'.encode()
    body = head + b"a" * size + f"\r\n--{edge}--\r\n".encode()
    connection.putrequest("PUT", path)
    for name, value in {
        "Cookie": f"proutt_session={token}; _streamlit_xsrf={xsrf}",
        "X-Xsrftoken": xsrf,
        "Origin": address,
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Content-Length": str(declared if declared is not None else len(body)),
    }.items():
        connection.putheader(name, value)
    connection.endheaders(body if declared is None else None)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said


def held_by(address: str) -> int:
    """Resident memory of the server's process in MB, found by its port."""
    port = str(urlsplit(address).port)
    for process in PROC.glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if port.encode() in words and b"app.py" in words:
            (line,) = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS")]
            return int(line.split()[1]) // 1024
    raise AssertionError("the server was not found")


def test_files_are_taken_until_they_are_too_much_together_and_given_back(served: tuple[str, str]) -> None:
    address, token = served
    with open_page(address, token, "datasets") as page:
        page.run()
        at_rest = held_by(address)
        for _ in range(2):
            assert send(address, token, upload_path(page), 200 * MB)[0] == 204
        assert held_by(address) > at_rest + 350
        status, said = send(address, token, upload_path(page), 0, declared=200 * MB)
        assert status == 413 and "at most 512 MB together" in said
        # Another page of the same browser: what was sent is not needed any more.
        page.page = "account"
        page.run()
        assert held_by(address) < at_rest + 150
        page.page = "datasets"
        page.run()
        assert send(address, token, upload_path(page), 1 * MB)[0] == 204


def test_the_sum_of_all_sessions_is_bounded_too(served: tuple[str, str]) -> None:
    address, token = served
    limit = UploadLimit(app=None)  # type: ignore[arg-type]
    for number in range(4):
        limit._under_way[number] = (f"s{number}", 250 * MB)
    assert "Others are sending" in str(limit._problem("mine", 100 * MB))
    assert limit._problem("mine", 10 * MB) is None
    with open_page(address, token, "datasets") as page:
        page.run()
        assert send(address, token, upload_path(page), 0, declared=257 * MB)[0] == 413  # one file alone


def test_a_file_of_unknown_size_is_refused(served: tuple[str, str]) -> None:
    address, token = served
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.putrequest("PUT", "/_stcore/upload_file/s/f")
    for name, value in {"Cookie": f"proutt_session={token}", "Origin": address, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_the_page_states_the_limits(served: tuple[str, str]) -> None:
    address, token = served
    with open_page(address, token, "datasets") as page:
        page.run()
        page.run(press="first")  # leads to the form
        raw = b"".join(raw for raw, _ in page.frames)
    assert b"At most 256 MB a file and 512 MB together" in raw


def test_what_nobody_needs_of_streamlits_own_is_closed_to_everybody(served: tuple[str, str]) -> None:
    address, _ = served
    admin = sign_in(address, "adm", PASSWORD)
    for path in ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/interact", "/_stcore/agent"):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        connection.request("GET", path, headers={"Cookie": f"proutt_session={admin}"})
        assert connection.getresponse().status == 403, path
        connection.close()


def test_no_other_origin_may_steer_the_app(served: tuple[str, str]) -> None:
    address, token = served
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", "/_stcore/host-config", headers={"Cookie": f"proutt_session={token}"})
    assert json.loads(connection.getresponse().read())["allowedOrigins"] == []
    connection.close()
