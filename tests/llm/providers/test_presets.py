"""Presets, choosing a model from what was typed, and saying where texts go."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm import Model, call_key
from proutt_core.llm.address import is_local
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.transport import Transport
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.llm.providers.openrouter import UPSTREAMS, is_openrouter
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.wrapped import close_model
from tests.fake_server import FakeServer
from tests.llm.replies import ANSWER, prompt


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [preset.key_env for preset in PRESETS.values()] + ["PROUTT_API_KEY"]:
        monkeypatch.delenv(variable, raising=False)


def chosen(
    spec: str, base_url: str | None = None, upstream: str | None = None, parameters: Mapping[str, Any] | None = None
) -> Model:
    async def choose() -> Model:
        model = ModelRef(spec, base_url=base_url, upstream=upstream, given=parameters or {}).open()
        await close_model(model)
        return model

    return asyncio.run(choose())


def test_the_providers_of_the_design_are_there() -> None:
    assert set(PRESETS) == {
        "openai",
        "openrouter",
        "vllm",
        "sglang",
        "ollama",
        "llamacpp",
        "zhipu",
        "deepseek",
        "dashscope",
        "ark",
    }


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_every_preset_makes_a_client_at_its_address(preset: object, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = PRESETS[preset.name]  # type: ignore[attr-defined]
    monkeypatch.setenv(listed.key_env, "sk-0123456789")
    upstream = "deepinfra/fp4" if listed.name == "openrouter" else None
    model = chosen(f"{listed.name}/some-model", upstream=upstream)
    assert (model.name, model.address) == ("some-model", listed.base_url)
    assert listed.ladder[-1] == "text"
    assert listed.key_required is not is_local(listed.base_url)
    assert listed.local is is_local(listed.base_url)


def test_what_follows_the_presets_name_is_the_model_slashes_included(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-0123456789")
    assert chosen("openrouter/qwen/qwen3-max", upstream="alibaba").name == "qwen/qwen3-max"


def test_with_a_base_url_all_of_it_is_the_model() -> None:
    model = chosen("Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1/")
    assert (model.name, model.address) == ("Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1")
    assert chosen("openai/gpt-oss-20b", "http://127.0.0.1:8000/v1").name == "openai/gpt-oss-20b"


def test_a_local_preset_needs_no_key() -> None:
    assert chosen("vllm/Qwen/Qwen3-8B").name == "Qwen/Qwen3-8B"


def test_rules_is_a_model_of_this_process() -> None:
    assert chosen("rules").address == ""


def test_a_missing_key_names_its_variable() -> None:
    with pytest.raises(SettingsError, match="DASHSCOPE_API_KEY"):
        chosen("dashscope/qwen-plus")


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no preset is called 'opnai'.*openai, openrouter, vllm"):
        chosen("opnai/gpt-4o")


@pytest.mark.parametrize("spec", ["", "gpt-4o", "openai/", "/gpt-4o", "/"])
def test_what_names_no_model_says_what_would(spec: str) -> None:
    with pytest.raises(InputError, match="PRESET/MODEL"):
        chosen(spec)


def test_rules_takes_no_base_url_and_a_base_url_needs_a_model() -> None:
    with pytest.raises(InputError, match="takes no base URL"):
        chosen("rules", "http://127.0.0.1:8000/v1")
    with pytest.raises(InputError, match="name the model"):
        chosen(" ", "http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://",
        "http://host:port/v1",
        "http://host/v1?key=1",
        "http://[::1/v1",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="http"):
        chosen("m", url)


def test_a_password_in_the_base_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match="environment variable") as caught:
        chosen("m", "https://user:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.1.2.3/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://LOCALHOST./v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://0.0.0.0:8000/v1", True),
        ("http://192.168.1.5:8000/v1", False),
        ("https://api.openai.com/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
    ],
)
def test_tells_this_machine_from_others(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_says_where_texts_go() -> None:
    assert ModelRef("m", base_url="http://127.0.0.1:8000/v1").destination == (
        "Texts are sent to http://127.0.0.1:8000 (this machine)."
    )
    assert ModelRef("m", base_url="https://api.x.y/v1").destination == (
        "Texts are sent to https://api.x.y (another machine)."
    )
    assert "runs in this process" in ModelRef("rules").destination


def test_a_presets_parameters_are_sent_and_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-0123456789")
    assert chosen("deepseek/deepseek-v4-flash").parameters == {"thinking": {"type": "disabled"}}
    changed = chosen("deepseek/deepseek-v4-flash", parameters={"thinking": {"type": "enabled"}, "temperature": 0})
    assert changed.parameters == {"thinking": {"type": "enabled"}, "temperature": 0}


# --- OpenRouter ---


@pytest.fixture
def openrouter_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-0123456789")


def test_openrouter_is_pinned_to_one_provider_that_keeps_nothing(openrouter_key: None) -> None:
    model = chosen("openrouter/z-ai/glm-4.6")
    assert model.parameters["provider"] == {
        "order": ["deepinfra/fp4"],
        "allow_fallbacks": False,
        "require_parameters": True,
        "data_collection": "deny",
        "zdr": True,
    }
    assert chosen("openrouter/z-ai/glm-4.6", upstream=" novita ").parameters["provider"]["order"] == ["novita"]


def test_without_a_known_provider_one_must_be_named(openrouter_key: None) -> None:
    unknown = [model for model in PRESETS["openrouter"].models if model not in UPSTREAMS]
    assert "deepseek/deepseek-v3.2-exp" in unknown
    for model in unknown:
        with pytest.raises(SettingsError, match=f"gets the texts for {model}: name one provider with --upstream"):
            chosen(f"openrouter/{model}")


def test_no_parameter_undoes_the_pin(openrouter_key: None) -> None:
    with pytest.raises(InputError, match="name the provider behind OpenRouter with --upstream"):
        chosen("openrouter/z-ai/glm-4.6", parameters={"provider": {"allow_fallbacks": True}})
    model = chosen("openrouter/z-ai/glm-4.6", parameters={"temperature": 0.5})
    assert (model.parameters["provider"]["allow_fallbacks"], model.parameters["temperature"]) == (False, 0.5)


def test_openrouter_by_its_address_is_pinned_too() -> None:
    with pytest.raises(SettingsError, match="--upstream"):
        chosen("m", "https://openrouter.ai/api/v1")
    pinned = chosen("m", "https://openrouter.ai/api/v1", upstream="novita").parameters["provider"]
    assert pinned["order"] == ["novita"]


@pytest.mark.parametrize(
    ("address", "is_it"),
    [
        ("https://openrouter.ai/api/v1", True),
        ("https://EU.openrouter.ai./api/v1", True),
        ("https://notopenrouter.ai/v1", False),
        ("https://openrouter.ai.example.com/v1", False),
        ("", False),
    ],
)
def test_tells_openrouter_from_others(address: str, is_it: bool) -> None:
    assert is_openrouter(address) is is_it


def test_another_upstream_is_another_call(openrouter_key: None) -> None:
    """So that what one provider's weights said never answers for another's."""
    models = [chosen("openrouter/z-ai/glm-4.6", upstream=upstream) for upstream in (None, "deepinfra/fp4", "novita")]
    default, named, other = (call_key(model, prompt(), ANSWER) for model in models)
    assert default == named != other


def test_an_upstream_elsewhere_is_refused() -> None:
    with pytest.raises(InputError, match="for OpenRouter only"):
        chosen("vllm/m", upstream="novita")
    with pytest.raises(InputError, match="no upstream provider"):
        chosen("rules", upstream="novita")


@pytest.mark.parametrize("upstream", ["novita, deepinfra", "/fp4", "fp4/", "https://novita.ai"])
def test_what_names_no_provider_is_refused(openrouter_key: None, upstream: str) -> None:
    with pytest.raises(InputError, match="is no provider's name"):
        chosen("openrouter/m", upstream=upstream)


def test_says_who_gets_the_texts_behind_openrouter() -> None:
    assert ModelRef("openrouter/z-ai/glm-4.6").destination == (
        "Texts are sent to https://openrouter.ai (another machine). They are passed on to deepinfra/fp4 and to no "
        "other provider, only if it keeps and learns nothing."
    )


def test_the_pin_is_in_the_request_itself(openrouter_key: None) -> None:
    """At OpenRouter's address no fake server can listen: its transport is led to one."""

    model = chosen("openrouter/z-ai/glm-4.6")
    assert isinstance(model, OpenAICompatible)

    async def ask(address: str) -> str:
        model._transport = Transport(address, key=None)
        try:
            return (await model.complete(prompt(), schema=ANSWER)).provider
        finally:
            await model.aclose()

    with FakeServer(provider="DeepInfra") as server:
        assert asyncio.run(ask(server.base_url)) == "DeepInfra"
        (call,) = server.calls
    assert call.body["provider"] == {
        "order": ["deepinfra/fp4"],
        "allow_fallbacks": False,
        "require_parameters": True,
        "data_collection": "deny",
        "zdr": True,
    }
    assert call.body["model"] == "z-ai/glm-4.6"
