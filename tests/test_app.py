"""The server itself, over real HTTP: who gets in, what is sent with every answer, and how it starts."""

import http.client
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

import db.engine
from db.accounts.users import create_user
from pages._parts.sign_in import local_path
from tests.browser import studio

PASSWORD = "correct horse"
COOKIE = "proutt_session"
PAGES = [
    "/",
    "/home",
    "/pairs",
    "/compare?queue=a%20b",
    "/trees",
    "/admin",
    "/account",
    "/no-such-page",
    "/pages/admin",
]
MACHINE = ["/_stcore/metrics", "/_stcore/host-config", "/_stcore/script-health-check", "/media/x.png", "/component/x/y"]
MACHINE += ["/static/js/index.js", "/_stcore/agent/interact", "/_stcore/bidi-components/x"]

OPEN = ["/healthz", "/_stcore/health", "/sign-in", "/sign-out"]
FOREIGN = ["null", "http://evil.example", "http://127.0.0.1:1", "http://127.0.0.1", "http://localhost:1", "file://"]

UPLOAD = "/_stcore/upload_file/some-session/some-file"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    cookies: list[str] = field(default_factory=list)
    other_cookies: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        cookie = re.match(rf"{COOKIE}=([^;]+)", self.cookies[0])
        assert cookie
        return cookie[1]


@dataclass
class Client:
    """One request, one answer: no redirect is followed, no cookie is kept."""

    address: str

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token:
            sent["Cookie"] = f"{COOKIE}={token}"
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        try:
            connection.request(method, path, body=urlencode(form) if form is not None else None, headers=sent)
            response = connection.getresponse()
            upgraded = response.status == 101
            cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body="" if upgraded else response.read().decode(),
                cookies=[cookie for cookie in cookies if cookie.startswith(COOKIE)],
                other_cookies=[cookie for cookie in cookies if not cookie.startswith(COOKIE)],
            )
        finally:
            connection.close()

    def post(self, path: str, *, token: str = "", origin: str | None = "", **form: str) -> Answer:
        headers = {} if origin is None else {"Origin": origin or self.address}
        return self.ask(path, "POST", token=token, headers=headers, form=form)

    def sign_in(self, name: str = "ann", password: str = PASSWORD, **more: str) -> Answer:
        return self.post("/sign-in", name=name, password=password, **more)

    def open_websocket(self, *, token: str = "", origin: str | None = "", **more: str) -> int:
        """The status of the handshake: 101 where the server lets the app start. `origin` None sends none."""
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        if origin is not None:
            headers["Origin"] = origin or self.address
        return self.ask("/_stcore/stream", token=token, headers=headers | more).status


def _prepared(folder: Path, template: Path) -> str:
    """A migrated database with two accounts; its address."""
    path = folder / "proutt.db"
    path.write_bytes(template.read_bytes())
    url = f"sqlite:///{path}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROUTT_DATABASE_URL", url)
        create_user(name="ann", password=PASSWORD, roles=["annotator"])
        create_user(name="adm", password=PASSWORD, roles=["admin"])
        db.engine.dispose()
    return url


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Client]:
    """A server that all tests share which do not count its requests or its failures."""
    folder = tmp_path_factory.mktemp("app")
    with studio.server(_prepared(folder, sqlite_template), folder) as address:
        yield Client(address)


@pytest.fixture
def fresh(tmp_path: Path, sqlite_template: Path) -> Iterator[Client]:
    """A server just started, asked for nothing but its health."""
    with studio.server(_prepared(tmp_path, sqlite_template), tmp_path) as address:
        yield Client(address)


# --- signed out -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_signed_out_every_page_leads_to_the_sign_in_only(client: Client, path: str) -> None:
    answer = client.ask(path)
    assert answer.status == 303 and answer.body == ""
    assert urlsplit(answer.headers["location"]).path == "/sign-in"


def test_very_first_request_after_a_start_meets_the_gate_too(fresh: Client) -> None:
    assert fresh.open_websocket() == 403
    assert fresh.ask("/admin").headers["location"] == "/sign-in?next=%2Fadmin"


@pytest.mark.parametrize("path", MACHINE)
def test_signed_out_scripts_are_refused_not_redirected(client: Client, path: str) -> None:
    assert client.ask(path).status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", UPLOAD), ("DELETE", UPLOAD), ("POST", "/pairs")],
)
def test_signed_out_nothing_can_be_sent(client: Client, method: str, path: str) -> None:
    assert client.ask(path, method, headers={"Origin": client.address}).status == 403


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_files_are_taken_from_researchers_and_admins_only(client: Client, method: str) -> None:
    """Streamlit itself would keep in memory what any of its sessions sends."""
    annotator, admin = client.sign_in().token, client.sign_in("adm").token
    answers = [client.ask(UPLOAD, method, token=t, headers={"Origin": client.address}) for t in (annotator, admin)]
    assert "may do this" in answers[0].body and answers[0].status == 403
    assert "may do this" not in answers[1].body  # Streamlit's own answer: there is no such session


def test_what_pages_offer_for_download_is_handed_to_researchers_and_admins_only(client: Client) -> None:
    """Also to who was given the address by one of them."""
    annotator, admin = client.sign_in().token, client.sign_in("adm").token
    assert [client.ask("/media/x.png", token=token).status for token in (annotator, admin)] == [403, 404]


def test_signed_out_websocket_is_refused_whatever_the_cookie_says(client: Client) -> None:
    assert client.open_websocket() == 403
    assert client.open_websocket(token="x" * 43) == 403


def test_health_is_open_to_all(client: Client) -> None:
    assert (client.ask("/healthz").status, client.ask("/healthz").body) == (200, '{"status":"ok"}')
    assert client.ask("/_stcore/health").body == "ok"


def test_sign_in_page_needs_no_script_and_nothing_from_elsewhere(client: Client) -> None:
    page = client.ask("/sign-in")
    assert page.status == 200 and page.headers["cache-control"] == "no-store"
    assert "<script" not in page.body and "http://" not in page.body.replace("http%3A//www.w3.org", "")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.body.count("<label>") == 2 and 'autocomplete="current-password"' in page.body


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/sign-in", "/healthz", "/_stcore/health", "/_stcore/metrics", "/no-such-page"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_answer_carries_the_security_headers(client: Client, path: str, signed_in: bool) -> None:
    headers = client.ask(path, token=client.sign_in().token if signed_in else "").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "default-src '" in policy
    assert "http" not in policy and "*" not in policy and "ws:" not in policy and "wss:" not in policy


# --- signing in -------------------------------------------------------------------------------------------------------


def test_signed_in_the_app_opens_and_the_cookie_is_out_of_reach_of_scripts(client: Client) -> None:
    answer = client.sign_in(next="/compare?queue=x")
    assert (answer.status, answer.headers["location"]) == (303, "/compare?queue=x")
    (cookie,) = answer.cookies
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes and "secure" not in attributes
    assert client.ask("/compare", token=answer.token).status == 200
    assert client.open_websocket(token=answer.token) == 101


def test_behind_https_the_cookie_is_secure(client: Client) -> None:
    origin = client.address.replace("http:", "https:")
    answer = client.post("/sign-in", origin=origin, name="ann", password=PASSWORD)
    assert "; secure" in answer.cookies[0].lower()


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_websocket_from_another_site_is_refused_even_with_the_cookie(client: Client, origin: str | None) -> None:
    assert client.open_websocket(token=client.sign_in().token, origin=origin) == 403


def test_origin_decides_before_streamlit_asks_the_internet_who_it_is(fresh: Client, tmp_path: Path) -> None:
    token = fresh.sign_in().token
    for origin in FOREIGN:
        assert fresh.open_websocket(token=token, origin=origin) == 403
        for path in ("/", "/healthz", "/_stcore/health"):
            assert fresh.ask(path, token=token, headers={"Origin": origin}).status == 403
    said = (tmp_path / "server.log").read_text()
    assert "Rejecting WebSocket" not in said and "refused a request to '127.0.0.1:" in said


@pytest.mark.parametrize("spelling", [str.upper, lambda host: host.replace(":", ".:")])
def test_one_site_in_several_spellings(client: Client, spelling: Callable[[str], str]) -> None:
    host = client.address.replace("http://127.0.0.1", "localhost")
    token = client.sign_in().token
    assert client.open_websocket(token=token, origin=f"http://{host}", Host=spelling(host)) == 101
    assert client.open_websocket(token=token, origin=f"http://{spelling(host)}", Host=host) == 101
    assert client.open_websocket(token=token, origin=f"https://{host}", Host=host) == 101  # behind a TLS proxy


# --- the name by which the server is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OPEN, *PAGES, *MACHINE])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_every_route_answers_to_allowed_names_only(client: Client, path: str, method: str) -> None:
    for host in ("evil.example", f"evil.example:{urlsplit(client.address).port}", "127.0.0.1.evil.example", ""):
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = client.ask(path, method, headers=headers)
        assert answer.status == 400 and answer.cookies == []
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_websocket_and_uploads_answer_to_allowed_names_only(client: Client) -> None:
    token = client.sign_in("adm").token
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert client.open_websocket(token=token, origin="http://evil.example", Host="evil.example") == 403
    assert client.ask(UPLOAD, "PUT", token=token, headers=headers).status == 400


@pytest.mark.parametrize(
    "lines", ["GET /healthz HTTP/1.0", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost"]
)
def test_no_name_and_two_names_are_refused(client: Client, lines: str) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(client.address).port or 0), timeout=20) as connection:
        connection.sendall(f"{lines}\r\n\r\n".encode())
        assert b" 400 " in connection.recv(1000).split(b"\r\n")[0]


def test_forwarded_headers_of_this_machine_are_not_believed(fresh: Client) -> None:
    """uvicorn by itself believes them; then each try would be somebody else's."""
    for i in range(5):
        headers = {"Origin": fresh.address, "X-Forwarded-For": f"203.0.113.{i}"}
        form = {"name": "ann", "password": "wrong horse"}
        assert fresh.ask("/sign-in", "POST", headers=headers, form=form).status == 401
    assert fresh.ask("/sign-in", "POST", headers=headers, form=form).status == 429
    forged = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert fresh.ask("/healthz", headers=forged).status == 400


def test_wrong_password_and_unknown_name_get_the_same_page(client: Client) -> None:
    wrong, unknown = client.sign_in(password="wrong horse"), client.sign_in(name="bob", password="wrong horse")
    assert wrong.status == unknown.status == 401
    assert "Name or password is wrong." in wrong.body
    assert wrong.body.replace('value="ann"', "") == unknown.body.replace('value="bob"', "")
    assert wrong.cookies == unknown.cookies == []
    assert "wrong horse" not in wrong.body


def test_what_was_typed_comes_back_as_text_never_as_markup(client: Client) -> None:
    page = client.sign_in(name='"><script>alert(1)</script>', password="x", next='/"><b>')
    assert page.status == 401 and "<script" not in page.body and "<b>" not in page.body


@pytest.mark.parametrize("origin", [None, *FOREIGN])
def test_forms_sent_from_elsewhere_are_refused(client: Client, origin: str | None) -> None:
    answer = client.post("/sign-in", origin=origin, name="ann", password=PASSWORD)
    assert answer.status == 403 and answer.cookies == []
    token = client.sign_in().token
    assert client.post("/sign-out", token=token, origin=origin).status == 403
    assert client.ask("/", token=token).status == 200


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/a\r\nX: y", "/\t/evil.example"]
)
def test_after_signing_in_nobody_is_sent_to_another_host(client: Client, path: str) -> None:
    assert local_path(path) == "/"
    assert client.sign_in(next=path).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/", "/pairs", "/compare?queue=a%20b&x=//y"])
def test_local_paths_are_kept(path: str) -> None:
    assert local_path(path) == path


def test_deep_link_survives_the_sign_in(client: Client) -> None:
    location = client.ask("/compare?queue=a%20b").headers["location"]
    page = client.ask(location)
    assert 'name="next" value="/compare?queue=a%20b"' in page.body


def test_who_is_signed_in_does_not_see_the_sign_in_page_again(client: Client) -> None:
    answer = client.ask("/sign-in?next=%2Fpairs", token=client.sign_in().token)
    assert (answer.status, answer.headers["location"]) == (303, "/pairs")


def test_signing_in_as_somebody_else_ends_the_older_session(client: Client) -> None:
    old = client.sign_in().token
    new = client.post("/sign-in", token=old, name="adm", password=PASSWORD).token
    assert client.ask("/", token=old).status == 303
    assert client.open_websocket(token=old) == 403
    assert client.ask("/", token=new).status == 200


def test_sign_out_ends_the_session_and_takes_the_cookie(client: Client) -> None:
    token = client.sign_in().token
    assert client.ask("/sign-out", token=token).headers["location"] == "/account"  # a link alone does nothing
    assert client.ask("/", token=token).status == 200
    answer = client.post("/sign-out", token=token)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?signed-out")
    assert "max-age=0" in answer.cookies[0].lower()
    assert client.ask("/", token=token).status == 303


def test_guessing_is_slowed_down_and_told_to_wait(fresh: Client) -> None:
    assert [fresh.sign_in(password="wrong horse").status for _ in range(5)] == [401] * 5
    answer = fresh.sign_in()
    assert answer.status == 429 and answer.cookies == []
    assert "Too many attempts. Wait" in answer.body
    assert 1 <= int(answer.headers["retry-after"]) <= 6
    assert fresh.sign_in(name="adm").status == 303  # another account at the same place still gets in


def test_browser_that_signed_in_before_is_not_slowed_down_by_others_at_its_address(fresh: Client) -> None:
    answer = fresh.sign_in()
    (mark,) = answer.other_cookies
    attributes = {part.strip().lower() for part in mark.split(";")[1:]}
    assert mark.startswith("proutt_known=") and {"httponly", "samesite=strict", "path=/sign-in"} <= attributes
    assert answer.token not in mark
    assert [fresh.sign_in(password="wrong horse").status for _ in range(6)] == [401] * 5 + [429]
    form = {"name": "ann", "password": PASSWORD}
    headers = {"Origin": fresh.address, "Cookie": mark.split(";")[0]}
    assert fresh.ask("/sign-in", "POST", headers=headers, form=form).status == 303
    headers["Cookie"] = "proutt_session=" + mark.partition("=")[2].split(";")[0]
    assert fresh.ask("/account", headers=headers).status == 303  # the mark signs nobody in


def test_pages_go_on_while_two_hundred_try_to_sign_in(fresh: Client) -> None:
    token, answers, lock = fresh.sign_in().token, [], threading.Lock()

    def one(name: str) -> None:
        answer = fresh.sign_in(name=name, password="wrong horse")
        with lock:
            answers.append(answer)

    threads = [threading.Thread(target=one, args=(f"somebody{i}",)) for i in range(200)]
    for thread in threads:
        thread.start()
    while not any(answer.status == 503 for answer in list(answers)):  # the line is full
        time.sleep(0.01)
    assert fresh.ask("/", token=token).status == fresh.ask("/healthz").status == 200
    assert fresh.open_websocket(token=token) == 101
    before = len(answers)
    for thread in threads:
        thread.join()
    assert before < 200, "the pages came only when all tries were through"
    assert {answer.status for answer in answers} == {401, 503}
    full = next(answer for answer in answers if answer.status == 503)
    assert "Try again in a few seconds." in full.body and int(full.headers["retry-after"]) >= 1


# --- starting ---------------------------------------------------------------------------------------------------------


def test_server_alone_makes_its_database(tmp_path: Path) -> None:
    with studio.server(f"sqlite:///{tmp_path / 'new.db'}", tmp_path) as address:
        assert Client(address).ask("/healthz").status == 200


def _refused_start(url: str, *options: str, **extra: str) -> str:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(studio.free_port()), *options]
    env = studio.environment(url, **extra)
    done = subprocess.run(command, cwd=studio.PROJECT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_server_refuses_the_database_of_a_newer_version(tmp_path: Path, sqlite_template: Path) -> None:
    url = _prepared(tmp_path, sqlite_template)
    with sqlite3.connect(tmp_path / "proutt.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '4711'")
    connection.close()
    assert "the database has schema 4711" in _refused_start(url)


def test_server_refuses_settings_that_could_never_work_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    said = _refused_start(url, PROUTT_TRUSTED_PROXIES="10.0.0.1,proxy.lab")
    assert "error: PROUTT_TRUSTED_PROXIES lists" in said and "'proxy.lab' is none" in said
    assert "Traceback" not in said
    said = _refused_start(url, "--server.allowedHosts", "http://lab.example.org")
    assert "error: server.allowedHosts holds 'http://lab.example.org'" in said and "Traceback" not in said
