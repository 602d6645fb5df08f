"""A key goes to the address it belongs to: to no other one, however it is typed, and into nothing that is kept."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proutt_core.__main__ import app
from proutt_core.errors import ModelRefused, SettingsError
from proutt_core.llm.providers.check import check_model
from proutt_core.llm.providers.keys import is_within, key_variable
from proutt_core.llm.providers.model_ref import OTHER, ModelRef
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.wrapped import close_model
from tests.fake_server import FakeServer, Fault
from tests.llm.replies import ANSWER, prompt

KEY = "sk-secret-4f1c9a77e2"
OWNER = "http://127.0.0.1:8000/v1"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [*(preset.key_env for preset in PRESETS.values()), "PROUTT_API_KEY", "PROUTT_API_KEY_FOR"]:
        monkeypatch.delenv(variable, raising=False)


def ask(ref: ModelRef) -> None:
    async def once() -> None:
        model = ref.open()
        try:
            await model.complete(prompt(), schema=ANSWER)
        finally:
            await close_model(model)

    asyncio.run(once())


def keys_at(server: FakeServer) -> set[str | None]:
    assert server.calls  # it was asked at all
    return {call.headers.get("authorization") for call in server.calls}


# --- which address is whose ---


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        (OWNER, OWNER),
        ("http://127.0.0.1:8000/v1/team", OWNER),
        (OWNER, "http://127.0.0.1:8000"),
        (OWNER, "http://127.0.0.1:8000/"),
        ("https://Models.Example.ORG/v1", "https://models.example.org/v1"),
        ("https://models.example.org./v1", "https://models.example.org:443/v1"),
        ("http://models.example.org:80/v1", "HTTP://models.example.org/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
        ("http://127.0.0.1:8000//v1", OWNER),
    ],
)
def test_one_address_written_in_several_ways_is_one(address: str, owner: str) -> None:
    assert is_within(address, owner)


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("https://127.0.0.1:8000/v1", OWNER),
        ("http://127.0.0.1:8001/v1", OWNER),
        ("http://127.0.0.1/v1", OWNER),
        ("http://localhost:8000/v1", OWNER),
        ("http://models.example.org/v1", "https://models.example.org/v1"),
        ("https://models.example.org.evil.example/v1", "https://models.example.org/v1"),
        ("https://evil.example/models.example.org/v1", "https://models.example.org/v1"),
        ("https://sub.models.example.org/v1", "https://models.example.org/v1"),
        ("https://example.org/v1", "https://models.example.org/v1"),
        ("http://127.0.0.1:8000/v10", OWNER),
        ("http://127.0.0.1:8000/other/v1", OWNER),
        ("http://127.0.0.1:8000", OWNER),
        ("http://127.0.0.1:8000/v1/../other", OWNER),
        ("http://127.0.0.1:8000/v1/%2e%2E/other", OWNER),
    ],
)
def test_another_scheme_host_port_or_path_is_another_address(address: str, owner: str) -> None:
    assert not is_within(address, owner)


@pytest.mark.parametrize(
    "typed",
    [
        "http://somebody:sesame@127.0.0.1:8000/v1",
        "http://127.0.0.1:8000@evil.example/v1",
        "HTTP://somebody:sesame@127.0.0.1:port/v1",
        "somebody:sesame@127.0.0.1/v1",
        "http://127.0.0.1:8000\\@evil.example/v1",
        "http://evil.example\\.127.0.0.1/v1",
        "http://evil.ex\tample/v1",
        "http://evil.example /v1",
    ],
)
def test_what_two_programs_may_read_as_two_addresses_is_none(typed: str) -> None:
    with pytest.raises(SettingsError, match="must hold no") as refused:
        ModelRef.from_form(provider=OTHER, name="m", base_url=typed).open()
    assert "sesame" not in str(refused.value)


# --- what is sent ---


def test_the_key_goes_to_the_address_it_was_given_for_and_to_no_typed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    with FakeServer() as own, FakeServer() as typed:
        monkeypatch.setenv("PROUTT_API_KEY_FOR", own.base_url + "/")
        for server in (own, typed):
            ask(ModelRef.from_form(provider=OTHER, name="m", base_url=server.base_url))
    assert keys_at(own) == {f"Bearer {KEY}"}
    assert keys_at(typed) == {None}


def test_a_key_that_was_given_for_no_address_goes_nowhere_and_the_message_names_both_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    with FakeServer(key=KEY) as server:
        ref = ModelRef("m", base_url=server.base_url)
        with pytest.raises(ModelRefused, match="into PROUTT_API_KEY and the address into PROUTT_API_KEY_FOR"):
            ask(ref)
        checks = asyncio.run(check_model(ref.open_at))
        shell = CliRunner().invoke(app, ["models", "check", "m", "--base-url", server.base_url])
    assert {check.outcome for check in checks} == {"refused"}
    assert shell.exit_code == 1 and "PROUTT_API_KEY_FOR" in shell.output
    assert keys_at(server) == {None}


def test_no_redirect_carries_a_key_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    with FakeServer() as elsewhere, FakeServer(redirect_to=elsewhere.base_url) as own:
        monkeypatch.setenv("PROUTT_API_KEY_FOR", own.base_url)
        with pytest.raises(ModelRefused, match="redirects elsewhere"):
            ask(ModelRef("m", base_url=own.base_url))
    assert keys_at(own) == {f"Bearer {KEY}"}
    assert not elsewhere.calls


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_a_presets_key_goes_to_its_preset_only(preset: object, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = PRESETS[preset.name]  # type: ignore[attr-defined]
    monkeypatch.setenv(listed.key_env, KEY)
    assert key_variable(listed.base_url, listed) == listed.key_env
    for other in PRESETS.values():
        if other != listed and not other.key_required:
            assert key_variable(other.base_url, other) is None
        elif other != listed:
            with pytest.raises(SettingsError, match=other.key_env):
                key_variable(other.base_url, other)
    with FakeServer() as typed:
        ask(ModelRef(f"{listed.name}/m", base_url=typed.base_url))
    assert keys_at(typed) == {None}


def test_the_key_can_be_given_for_a_preset_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    monkeypatch.setenv("PROUTT_API_KEY_FOR", "Zhipu")
    assert key_variable(PRESETS["zhipu"].base_url, PRESETS["zhipu"]) == "PROUTT_API_KEY"
    assert key_variable(PRESETS["zhipu"].base_url, None) == "PROUTT_API_KEY"
    assert key_variable(PRESETS["vllm"].base_url, PRESETS["vllm"]) is None
    monkeypatch.setenv("ZHIPUAI_API_KEY", "sk-its-own-0123456789")
    assert key_variable(PRESETS["zhipu"].base_url, PRESETS["zhipu"]) == "ZHIPUAI_API_KEY"


@pytest.mark.parametrize("misplaced", [KEY, f"http://somebody:{KEY}@127.0.0.1/v1", f"http://127.0.0.1:{KEY}"])
def test_a_setting_that_is_no_address_is_refused_without_being_shown(
    misplaced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROUTT_API_KEY", "sk-0123456789")
    monkeypatch.setenv("PROUTT_API_KEY_FOR", misplaced)
    with pytest.raises(SettingsError, match="PROUTT_API_KEY_FOR must hold the address") as refused:
        ModelRef("m", base_url=OWNER).open()
    assert KEY not in str(refused.value)


def test_one_place_decides_which_key_a_model_is_opened_with() -> None:
    folders = [Path("proutt_core"), Path("pages"), Path("db")]
    naming = {
        str(path)
        for folder in folders
        for path in folder.rglob("*.py")
        if "OpenAICompatible" in path.read_text(encoding="utf-8") or "Transport(" in path.read_text(encoding="utf-8")
    }
    assert naming == {
        f"proutt_core/llm/{path}.py" for path in ("openai/client", "openai/transport", "providers/model_ref")
    }


# --- where it is not kept ---


def test_a_key_that_a_server_quotes_stands_in_no_database_and_no_output(
    sqlite: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runner = CliRunner()
    file = tmp_path / "talk.jsonl"
    turns = [("user", "where?"), ("assistant", "east"), ("user", "the cost?"), ("assistant", "ten")]
    rows = [[{"role": role, "content": f"{text} {n}"} for role, text in turns] for n in range(3)]
    file.write_text("".join(json.dumps({"id": f"t{n}", "messages": row}) + "\n" for n, row in enumerate(rows)))
    shown = [runner.invoke(app, ["import", str(file), "--dataset", "d", "--split", "100/0/0"])]
    monkeypatch.setenv("PROUTT_API_KEY", KEY)
    # Refused outright; in an error that passes; in what the model is said to have written.
    missed = {"error": {"message": f"json_validate_failed for {KEY}", "failed_generation": f"the key is {KEY}"}}
    with (
        FakeServer(key="another", echo_key=True) as refusing,
        FakeServer(faults=[Fault.ERROR_503] * 3, echo_key=True, content=lambda _call: f"your key is {KEY}") as quoting,
        FakeServer(error=lambda _call: (400, missed)) as missing,
    ):
        for number, server in enumerate((refusing, quoting, missing)):
            monkeypatch.setenv("PROUTT_API_KEY_FOR", server.base_url)
            command = ["synthesize", "--dataset", "d", "--run", f"r{number}", "--model", "m"]
            shown.append(runner.invoke(app, [*command, "--base-url", server.base_url]))
            assert keys_at(server) == {f"Bearer {KEY}"}
    folder = Path(sqlite.removeprefix("sqlite:///")).parent
    assert "•••" in "".join(result.output for result in shown)
    assert KEY not in "".join(result.output for result in shown) + caplog.text
    assert [path for path in folder.iterdir() if path.is_file() and KEY.encode() in path.read_bytes()] == []
    assert os.environ["PROUTT_API_KEY"] == KEY  # it was there all the time
