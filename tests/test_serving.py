"""Colleagues reach the app as docs/serving.md says: at another address of this machine, and behind nginx over TLS."""

import http.client
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.sync.client import connect

import db.engine
from db.accounts.users import create_user
from tests import nginx
from tests.browser import studio
from tests.browser.wire import Wire

PASSWORD = "correct horse"
COOKIE = "proutt_session"


def _prepared(folder: Path, template: Path) -> str:
    path = folder / "proutt.db"
    path.write_bytes(template.read_bytes())
    url = f"sqlite:///{path}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        create_user(name="ann", password=PASSWORD, roles=["annotator"])
        create_user(name="adm", password=PASSWORD, roles=["admin"])
        db.engine.dispose()
    return url


def _documented_options(number: int) -> list[str]:
    """What the document's commands give to the app: the first stands without a proxy, the second behind one."""
    document = nginx.DOCUMENT.read_text(encoding="utf-8")
    commands = re.findall(r"^\.venv/bin/streamlit run app\.py (.*)$", document, flags=re.MULTILINE)
    assert len(commands) == 2
    return str(commands[number]).split()


@dataclass
class Browser:
    """One at `source`, another address of this machine, that reaches the app as `origin`."""

    origin: str
    connect_to: tuple[str, int]
    source: str = ""
    tls: nginx.Front | None = None

    def socket(self) -> socket.socket:
        return socket.create_connection(self.connect_to, timeout=20, source_address=(self.source, 0))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        host = self.origin.partition("://")[2]
        connection = http.client.HTTPConnection(host)
        connection.sock = self.socket()
        if self.tls:
            connection.sock = self.tls.tls.wrap_socket(connection.sock, server_hostname=nginx.NAME)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent | ({} if method == "GET" else {"Origin": self.origin}))
        response = connection.getresponse()
        if response.status != 101:
            response.read()
        connection.close()
        return response

    def sign_in(self, name: str = "ann", password: str = PASSWORD, **headers: str) -> http.client.HTTPResponse:
        form = urlencode({"name": name, "password": password, "next": "/"}).encode()
        return self.ask("POST", "/sign-in", form, Content_Type="application/x-www-form-urlencoded", **headers)

    def token(self, name: str = "ann") -> str:
        cookie = self.sign_in(name).getheader("Set-Cookie", "")
        return re.match(rf"{COOKIE}=([^;]+)", cookie)[1]  # type: ignore[index]

    def open_page(self, token: str, page: str, *, origin: str = "") -> Wire:
        scheme, _, host = self.origin.partition("://")
        more = {"ssl": self.tls.tls, "server_hostname": nginx.NAME} if self.tls else {}
        with connect(
            f"{scheme.replace('http', 'ws')}://{host}/_stcore/stream",
            sock=self.socket(),
            origin=origin or self.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"{COOKIE}={token}"},
            max_size=None,
            **more,
        ) as opened:
            wire = Wire(opened, page)
            wire.run()
        return wire


def shown(wire: Wire) -> bytes:
    return b"".join(raw for raw, _ in wire.frames)


# --- without a proxy --------------------------------------------------------------------------------------------------


def other_address() -> str:
    """This machine's address in its network; nothing is sent. Where it has none, a second one of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("10.255.255.255", 1))
            address = str(s.getsockname()[0])
        except OSError:
            address = "127.0.0.2"
    return "127.0.0.2" if address == "127.0.0.1" else address


def at(address: str, server: str) -> Browser:
    port = int(server.rsplit(":", 1)[1])
    return Browser(origin=f"http://{address}:{port}", connect_to=(address, port))


def test_documented_start_without_a_proxy_is_reached_from_another_address(
    tmp_path: Path, sqlite_template: Path
) -> None:
    address = other_address()
    options = [option.replace("10.0.0.7", address) for option in _documented_options(0)]
    assert address in options
    with studio.server(_prepared(tmp_path, sqlite_template), tmp_path, *options) as server:
        colleague = at(address, server)
        assert b"Account" in shown(colleague.open_page(colleague.token(), "account"))
        named = Browser(origin=colleague.origin.replace(address, nginx.NAME), connect_to=colleague.connect_to)
        assert b"Account" in shown(named.open_page(named.token(), "account"))
    assert "this server answers to" not in (tmp_path / "server.log").read_text()


def test_start_that_keeps_colleagues_out_says_what_to_set(tmp_path: Path, sqlite_template: Path) -> None:
    address = other_address()
    options = ["--server.address", "0.0.0.0"]
    with studio.server(_prepared(tmp_path, sqlite_template), tmp_path, *options) as server:
        assert at(address, server).sign_in().status == 400
        assert at("127.0.0.1", server).sign_in().status == 303
    said = (tmp_path / "server.log").read_text()
    assert "this server answers to localhost, 127.0.0.1, ::1 only" in said
    assert "streamlit run app.py --server.address 0.0.0.0 --server.allowedHosts " in said
    assert f"start it with --server.allowedHosts {address}" in said
    assert "ProUtt Studio listens on 0.0.0.0:" in said
    assert "xternal" not in said  # Streamlit would ask the internet for this machine's address


# --- behind nginx -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[nginx.Front]:
    folder = tmp_path_factory.mktemp("nginx")
    url = _prepared(folder, sqlite_template)
    with (
        studio.server(url, folder, *_documented_options(1), PROUTT_TRUSTED_PROXIES="127.0.0.1") as app,
        nginx.in_front_of(app, folder) as started,
    ):
        yield started


def through(front: nginx.Front, source: str) -> Browser:
    origin = f"https://{nginx.NAME}:{front.port}"
    return Browser(origin=origin, connect_to=("127.0.0.1", front.port), source=source, tls=front)


def test_behind_nginx_people_sign_in_and_pages_open_over_tls(front: nginx.Front) -> None:
    browser = through(front, "127.0.0.2")
    assert browser.ask("GET", "/account").getheader("Location") == "/sign-in?next=%2Faccount"
    answer = browser.sign_in()
    assert answer.status == 303 and "; secure" in answer.getheader("Set-Cookie", "").lower()
    assert b"Account" in shown(browser.open_page(browser.token(), "account"))


def test_behind_nginx_plain_http_leads_to_tls(front: nginx.Front) -> None:
    plain = Browser(origin=f"http://{nginx.NAME}", connect_to=("127.0.0.1", front.plain_port))
    answer = plain.ask("GET", "/account")
    assert (answer.status, answer.getheader("Location")) == (301, f"https://{nginx.NAME}/account")


def test_behind_nginx_other_pages_and_other_names_are_refused(front: nginx.Front) -> None:
    browser = through(front, "127.0.0.2")
    token = browser.token()
    for origin in (f"http://{nginx.NAME}:{front.port}", f"https://{nginx.NAME}", "https://evil.example", "null"):
        with pytest.raises(Exception, match="HTTP 403"):
            browser.open_page(token, "account", origin=origin)
    assert browser.ask("GET", "/healthz", Host="evil.example").status == 400
    assert browser.ask("GET", "/healthz", Host="evil.example", X_Forwarded_Host=nginx.NAME).status == 400


def test_behind_nginx_wrong_passwords_count_for_the_browsers_own_address(front: nginx.Front) -> None:
    guesser, neighbour = through(front, "127.0.0.3"), through(front, "127.0.0.4")
    tries = [guesser.sign_in(password="wrong horse", X_Forwarded_For=f"203.0.113.{i}").status for i in range(6)]
    assert tries == [401] * 5 + [429]
    assert neighbour.sign_in().status == 303


def test_proxy_that_changes_the_host_names_the_browsers_one_beside_it(front: nginx.Front) -> None:
    """As Apache does by default. This machine is the named proxy."""
    port = int(front.app.rsplit(":", 1)[1])
    browser = Browser(origin=f"https://{nginx.NAME}", connect_to=("127.0.0.1", port))
    told = {"Host": "10.0.0.7:8501", "X_Forwarded_Host": nginx.NAME, "X_Forwarded_Proto": "https"}
    answer = browser.sign_in(**told)
    assert answer.status == 303 and "; secure" in answer.getheader("Set-Cookie", "").lower()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    upgrade |= {
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Cookie": answer.getheader("Set-Cookie", "").split(";")[0],
    }
    for origin, status in ((browser.origin, 101), (f"http://{nginx.NAME}", 403), ("https://10.0.0.7:8501", 403)):
        assert browser.ask("GET", "/_stcore/stream", Origin=origin, **upgrade, **told).status == status
    assert browser.sign_in(**(told | {"X_Forwarded_Host": "evil.example"})).status == 400


def test_behind_nginx_large_files_pass(front: nginx.Front) -> None:
    browser = through(front, "127.0.0.2")
    cookie = f"{COOKIE}={browser.token('adm')}"
    answer = browser.ask("PUT", "/_stcore/upload_file/none/none", b"x" * 3_000_000, Cookie=cookie)
    assert answer.status == 403  # the app's own answer (no such page is open), not nginx's 413 or 502
