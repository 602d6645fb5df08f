"""Checking a model: one call of each step, and what is said of what came."""

import asyncio
import json
from typing import Any

import pytest

from proutt_core.errors import SettingsError
from proutt_core.llm.openai.ways import LADDER, Rung
from proutt_core.llm.providers.check import PROMPT, REPLY, RungCheck, answered_by, check_model, problems, step_for_runs
from proutt_core.llm.providers.model_ref import ModelRef
from tests.fake_server import Call, FakeServer, Fault

KEY = "sk-secret-4f1c9a77e2"


def checked(server: FakeServer) -> dict[Rung, RungCheck]:
    checks = asyncio.run(check_model(ModelRef("fake", base_url=server.base_url).open_at))
    assert tuple(check.rung for check in checks) == LADDER
    return {check.rung: check for check in checks}


def step(checks: dict[Rung, RungCheck], ladder: tuple[Rung, ...] = LADDER) -> Rung | None:
    return step_for_runs(tuple(checks.values()), ladder)


def test_each_step_is_asked_once_with_our_own_text() -> None:
    with FakeServer(provider="DeepInfra", cached_tokens=16) as server:
        checks = checked(server)
    assert sorted(call.format for call in server.calls) == ["json_object", "json_schema", "text"]
    assert {call.body["messages"][1]["content"].split("\n")[0] for call in server.calls} == {
        PROMPT.messages[1].content.split("\n")[0]
    }
    assert all(check.works and check.seconds is not None for check in checks.values())
    assert {check.usage.cached_tokens for check in checks.values()} == {16}
    assert answered_by(tuple(checks.values())) == ("fake-2026-01-01 at DeepInfra",)
    assert problems(tuple(checks.values())) == {}
    assert step(checks) == "json_schema"


def test_the_schema_is_one_that_strict_servers_take() -> None:
    schema = REPLY.json_schema
    assert schema["additionalProperties"] is False
    assert schema["properties"]["topics"]["maxItems"] == 4


def test_a_refused_step_says_the_servers_words() -> None:
    with FakeServer(refuse=["json_schema"]) as server:
        checks = checked(server)
    assert [checks[rung].outcome for rung in LADDER] == ["refused", "works", "works"]
    assert "response_format type json_schema is not supported" in checks["json_schema"].detail
    assert step(checks) == "json_object"
    assert len(server.calls) == 3  # nobody steps down in a check


def test_an_ignored_schema_is_found_out() -> None:
    def ignores(call: Call) -> str | None:
        return "Museums open at nine." if call.format == "json_schema" else None

    with FakeServer(content=ignores) as server:
        checks = checked(server)
    assert checks["json_schema"].outcome == "answered, but not by the schema"
    assert checks["json_schema"].seconds is not None
    assert "Invalid JSON" in checks["json_schema"].detail
    assert step(checks) is None  # a run would ask on that step: the server does not refuse it
    assert step(checks, ("json_object", "text")) == "json_object"


def test_thoughts_are_seen_and_an_answer_lost_in_them_is_told() -> None:
    with FakeServer(extra={"reasoning_content": "Let me see."}) as server:
        assert all(check.thought and check.works for check in checked(server).values())
    with FakeServer(faults=lambda call: Fault.ONLY_THOUGHTS if call.format == "text" else None) as server:
        checks = checked(server)
    assert (checks["text"].outcome, checks["json_object"].works) == ("answered, but not by the schema", True)
    assert "all its tokens went into thinking" in checks["text"].detail


@pytest.mark.parametrize("fault", [Fault.ERROR_503, Fault.HANG, Fault.RESET, Fault.HTML])
def test_what_gives_no_answer_is_asked_no_second_time(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_DEADLINE_S", "0.3")
    with FakeServer(faults=lambda _call: fault) as server:
        checks = checked(server)
    assert {check.outcome for check in checks.values()} == {"unreachable"}
    assert len(server.calls) == 3
    assert step(checks) is None


def test_a_server_that_counts_no_tokens_gets_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = FakeServer._completion

    def uncounted(self: FakeServer, call: Call, fault: Fault | None) -> dict[str, Any]:
        return {key: value for key, value in whole(self, call, fault).items() if key != "usage"}

    monkeypatch.setattr(FakeServer, "_completion", uncounted)
    with FakeServer() as server:
        usage = checked(server)["text"].usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (None, None, None)


def test_a_wrong_key_refuses_every_step_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    with FakeServer(key="another", echo_key=True) as server:
        monkeypatch.setenv("PROUTT_API_KEY_FOR", server.base_url)
        checks = checked(server)
    assert {check.outcome for check in checks.values()} == {"refused"}
    (problem,) = problems(tuple(checks.values()))
    assert "PROUTT_API_KEY" in problem and KEY not in json.dumps([c.model_dump() for c in checks.values()])


def test_a_missing_key_is_told_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARK_API_KEY", raising=False)
    with pytest.raises(SettingsError, match="ARK_API_KEY"):
        asyncio.run(check_model(ModelRef("ark/m").open_at))


def test_the_ladder_is_the_presets() -> None:
    assert ModelRef("zhipu/glm-4.6").ladder == ("json_object", "text")
    assert ModelRef("zhipu/glm-4.6", base_url="http://127.0.0.1:1/v1").ladder == LADDER
