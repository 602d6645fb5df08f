"""`--parameter` wherever a model is chosen, and what a run says whose server refused its schemas."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from proutt_core.__main__ import app
from tests.fake_server import Call, FakeServer
from tests.jobs.project import DATASET, import_talks
from tests.study_setup import DATASET as CHATS
from tests.study_setup import add_user, two_methods

COOL = ("--parameter", "temperature=0.2", "--parameter", "chat_template_kwargs.enable_thinking=false")
SENT = {"temperature": 0.2, "chat_template_kwargs": {"enable_thinking": False}}


def run(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def refusal(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr.splitlines()[-1]


def sent(server: FakeServer) -> list[dict[str, Any]]:
    return [{name: call.body.get(name) for name in SENT} for call in server.calls]


def synthesize(server: FakeServer, run_name: str, *more: str) -> tuple[str, ...]:
    return ("synthesize", "--dataset", DATASET, "--run", run_name, "--model", "m", "--base-url", server.base_url, *more)


def test_a_runs_parameters_are_sent_frozen_and_part_of_each_question(database: str) -> None:
    import_talks(3)
    with FakeServer() as server:
        first = run(*synthesize(server, "cool", *COOL, "--limit", "1"))
        assert first["llm_calls"] == len(server.calls) and sent(server) == [SENT] * len(server.calls)
        again = run(*synthesize(server, "cool", *COOL, "--limit", "1"))
        assert (again["llm_calls"], again["resumed"]) == (0, 1)
        said = refusal(*synthesize(server, "cool", "--parameter", "temperature=0.3"))
        assert "parameters is {'temperature': 0.2, 'chat_template_kwargs': {'enable_thinking': False}} there" in said
        assert "and {'temperature': 0.3} here" in said
        assert "parameters is" in refusal(*synthesize(server, "cool"))
        same = run(*synthesize(server, "the same words", *COOL, "--limit", "1"))
        other = run(*synthesize(server, "others", "--limit", "1"))
    assert (same["llm_calls"], same["cached_calls"]) == (0, first["llm_calls"])
    assert (other["llm_calls"], other["cached_calls"]) == (first["llm_calls"], 0)
    assert sent(server)[-1] == dict.fromkeys(SENT)


def test_predictions_judges_and_checks_take_parameters_too(database: str) -> None:
    two_methods()
    add_user("ann", "annotator")
    with FakeServer() as server:
        there = ("--model", "m", "--base-url", server.base_url, *COOL)
        run("predict", "--dataset", CHATS, "--method", "cool", "--without-tree", "--limit", "1", *there)
        run("predict", "--dataset", CHATS, "--method", "cool", "--limit", "2", "--without-tree")  # as it was made
        said = refusal("predict", "--dataset", CHATS, "--method", "cool", "--without-tree", *there[:4])
        assert "parameters is {'temperature': 0.2, 'chat_template_kwargs': {'enable_thinking': False}} there" in said
        study = ("study", "create", "s", "--title", "Which?", "--dataset", CHATS, "--a", "alpha-model")
        run(*study, "--b", "beta-model", "--cases", "2", "--people", "1")
        run("study", "open", "s")
        run("judge", "--study", "s", *there)
        assert "other settings" in refusal("judge", "--study", "s", *there[:4])
        run("models", "check", "m", *there[2:])
        stages = len(server.calls)
    assert stages == 2 + 4 + 3 and sent(server) == [SENT] * stages


def test_an_estimate_reads_them_and_sends_nothing(sqlite: str) -> None:
    import_talks(3)
    with FakeServer() as server:
        assert run(*synthesize(server, "r", *COOL, "--estimate"))["items"] == 3
        assert "has no =" in refusal(*synthesize(server, "r", "--parameter", "temperature", "--estimate"))
    assert server.calls == []


@pytest.mark.parametrize(
    "command",
    [
        ("synthesize", "--dataset", DATASET, "--run", "r", "--model"),
        ("predict", "--dataset", DATASET, "--method", "p", "--model"),
        ("judge", "--study", "s", "--model"),
        ("models", "check"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ("temperature=hot it is", "no JSON"),
        ("stream=true", "the client sets it itself"),
        ("api_key=sk-4f1c9a77e2", "environment only"),
    ],
)
def test_a_bad_one_is_refused_by_every_command_before_anything_is_sent(
    sqlite: str, command: tuple[str, ...], parameter: str, why: str
) -> None:
    with FakeServer() as server:
        said = refusal(*command, "m", "--base-url", server.base_url, "--parameter", parameter)
    assert why in said and "4f1c9a77e2" not in said and server.calls == []


def test_the_rules_take_none(sqlite: str) -> None:
    import_talks(1)
    words = ("synthesize", "--dataset", DATASET, "--run", "r", "--parameter", "temperature=1")
    assert "the model rules runs in this process and takes no parameters" in refusal(*words)


# --- a run that loses its schema says so ---


def refusing(schema: str) -> Callable[[Call], tuple[int, dict[str, Any]] | None]:
    def error(call: Call) -> tuple[int, dict[str, Any]] | None:
        asked = (call.body.get("response_format") or {}).get("json_schema", {}).get("name", "")
        return (400, {"error": {"message": "failed to build the grammar: unsupported"}}) if schema in asked else None

    return error


def test_a_run_says_which_of_its_calls_went_without_their_schema(database: str) -> None:
    import_talks(3)
    with FakeServer(error=refusing("CategoryReply")) as server:
        done = CliRunner().invoke(app, list(synthesize(server, "r")))
    assert done.exit_code == 0, done.stderr
    assert "asked for without the schema, which the server refused: category_label 3 of 3 calls" in done.stdout
    formats = [call.format for call in server.calls]
    assert formats.count("json_object") == 3 and formats.count("json_schema") > 12


def test_where_every_schema_is_taken_nothing_is_said_of_them(sqlite: str) -> None:
    import_talks(1)
    with FakeServer() as server:
        assert run(*synthesize(server, "r"))["calls_without_schema"] == 0
        assert "without the schema" not in CliRunner().invoke(app, list(synthesize(server, "r"))).stdout
        assert all(call.body["max_tokens"] >= 256 for call in server.calls)
