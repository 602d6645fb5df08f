"""The webhook, over real HTTP: told once, in words and figures, and never in the way of the job."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from db.jobs import jobs
from proutt_core.errors import SettingsError
from proutt_core.jobs.webhook import webhook_url
from tests.fake_server import FakeServer
from tests.jobs.project import DATASET, import_talks, queue_run, run_here


class Hook:
    """Takes what is posted; `statuses` are its first answers, 200 follows."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/secret-token"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("PROUTT_WEBHOOK_URL", made.url)
    monkeypatch.setattr("proutt_core.jobs.webhook.WAIT_S", 0.0)
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_done_is_told_once(sqlite: str, hook: Hook) -> None:
    import_talks(3)
    job_id = queue_run(run="r").job_id
    run_here(job_id)
    run_here(job_id)
    assert hook.told == [
        {
            "text": 'The run "r" is done: 3 of 3 done, 0 failed.',
            "job": "r",
            "kind": "synthesis",
            "state": "done",
            "reason": "",
            "done": 3,
            "failed": 0,
            "total": 3,
        }
    ]


def test_a_wrong_key_and_a_limit_are_told_without_the_key(
    sqlite: str, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", "sk-wrong-0123456789")
    import_talks(3)
    with FakeServer(key="right") as server:
        monkeypatch.setenv("PROUTT_API_KEY_FOR", server.base_url)
        where: dict[str, Any] = {"dataset": DATASET, "model": "fake", "base_url": server.base_url}
        run_here(queue_run(run="refused", **where).job_id)
        server.key = None
        run_here(queue_run(run="limited", max_calls=4, **where).job_id)
    assert [(told["job"], told["state"]) for told in hook.told] == [("refused", "failed"), ("limited", "paused")]
    assert "the key in PROUTT_API_KEY" in hook.told[0]["reason"]
    assert hook.told[0]["reason"].endswith("(HTTP 401)")  # what the server said behind it may quote a prompt
    assert "Incorrect API key" not in str(hook.told)
    assert hook.told[1]["reason"] == "reached --max-calls 4"
    assert "sk-wrong" not in json.dumps(hook.told)


def test_what_a_person_did_is_not_told(sqlite: str, hook: Hook) -> None:
    import_talks(2)
    job_id = queue_run(run="r").job_id
    jobs.pause(job_id)
    run_here(job_id)
    assert hook.told == []


def test_it_is_tried_three_times_and_then_left_with_a_warning(
    sqlite: str, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.statuses = [500, 302, 503]
    import_talks(1)
    job_id = queue_run(run="r").job_id
    with caplog.at_level(logging.WARNING):
        run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert len(hook.told) == 3
    assert "3 tries: HTTP 503" in caplog.text
    assert "secret-token" not in caplog.text


def test_an_address_that_nobody_listens_at_does_not_hurt_the_job(
    sqlite: str, hook: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PROUTT_WEBHOOK_URL", "http://127.0.0.1:9/secret-token")
    import_talks(1)
    job_id = queue_run(run="r").job_id
    run_here(job_id)
    assert jobs.required(job_id).state == "done"
    assert "ClientConnectorError" in caplog.text
    assert "secret-token" not in caplog.text


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://x/y", "http://", "http://x:99999/", "http://x/a b", "https://[bad/"]
)
def test_nonsense_is_refused_without_being_quoted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_WEBHOOK_URL", url)
    with pytest.raises(SettingsError, match="PROUTT_WEBHOOK_URL is not an address") as caught:
        webhook_url()
    assert url not in str(caught.value)


def test_without_the_variable_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_WEBHOOK_URL", " ")
    assert webhook_url() is None
