"""`models` and `models check` as typed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from proutt_core.__main__ import app
from proutt_core.llm.providers.presets import PRESETS
from tests.fake_server import FakeServer

KEY = "sk-secret-4f1c9a77e2"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [preset.key_env for preset in PRESETS.values()] + ["PROUTT_API_KEY"]:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def said(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words])


def last_line(result: Result) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return last


def test_lists_every_preset_and_never_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    plain, as_json = said(), said("--json")
    assert plain.exit_code == as_json.exit_code == 0
    assert KEY not in plain.output + as_json.output
    assert "DASHSCOPE_API_KEY (set)" in plain.stdout and "ZHIPUAI_API_KEY (not set)" in plain.stdout
    rows = {row["name"]: row for row in last_line(as_json)["presets"]}
    assert list(rows) == list(PRESETS)
    assert (rows["dashscope"]["variable_set"], rows["zhipu"]["variable_set"]) == (True, False)
    assert (rows["vllm"]["local"], rows["dashscope"]["local"]) == (True, False)
    assert rows["zhipu"]["ladder"] == ["json_object", "text"]
    assert rows["openrouter"]["upstreams"] == {"z-ai/glm-4.6": "deepinfra/fp4"}


def test_every_model_of_the_paper_is_there() -> None:
    listed = said().stdout
    for name in ("glm-4.6", "glm-4.5-air", "deepseek-v3.2-exp", "qwen3-max", "qwen-plus"):
        assert name in listed
    assert "doubao-1-5-pro" in listed and "doubao-seed-1-6" in listed


def test_a_check_names_the_address_and_tells_what_works(server: FakeServer) -> None:
    server.refuse = {"json_schema"}
    result = said("check", "fake", "--base-url", server.base_url)
    assert result.exit_code == 0
    assert "(this machine)" in result.stderr
    assert "json_schema: refused: " in result.stdout
    assert "json_object: works in " in result.stdout and "answered by fake-2026-01-01" in result.stdout
    assert "runs will ask for json_object" in result.stdout


def test_a_check_as_json(server: FakeServer) -> None:
    check = last_line(said("check", "fake", "--base-url", server.base_url, "--json"))
    assert (check["works"], check["runs_ask_for"]) == (True, "json_schema")
    assert [(row["rung"], row["works"]) for row in check["steps"]] == [
        ("json_schema", True),
        ("json_object", True),
        ("text", True),
    ]
    assert check["steps"][0]["usage"]["cached_tokens"] == 0


def test_where_no_step_works_the_command_fails(server: FakeServer) -> None:
    server.content = lambda call: "no JSON at all"
    result = said("check", "fake", "--base-url", server.base_url)
    assert result.exit_code == 1
    assert result.stdout.count("answered, but not by the schema") == 3
    assert "a run with this model would fail at present" in result.stdout


def test_a_missing_key_names_its_variable_and_sends_nothing() -> None:
    result = said("check", "zhipu/glm-4.6")
    assert result.exit_code == 1
    assert "ZHIPUAI_API_KEY" in result.stderr and "Texts are sent" not in result.output


def test_openrouter_wants_its_upstream_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    result = said("check", "openrouter/qwen/qwen3-max")
    assert result.exit_code == 1 and "--upstream" in result.stderr
    assert KEY not in result.output


def test_the_rules_need_no_check() -> None:
    result = said("check", "rules")
    assert result.exit_code == 1 and "nothing to check" in result.stderr
