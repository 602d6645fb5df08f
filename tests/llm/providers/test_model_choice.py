"""From a form to a model: what is asked for, where its texts go, and whether they leave this machine."""

import asyncio

import pytest

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.providers.destination import destination
from proutt_core.llm.providers.model_ref import OTHER, ModelChoice, choose_model, kind_of, providers
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.wrapped import close_model

CHOICES = [
    (ModelChoice(provider="zhipu", name="glm-4.6"), True),
    (ModelChoice(provider="vllm", name=" Qwen/Qwen3-8B "), False),
    (ModelChoice(provider=OTHER, name="Qwen/Qwen3-8B", base_url="http://127.0.0.1:9000/v1/"), False),
    (ModelChoice(provider=OTHER, name="m", base_url="http://10.0.0.7:9000/v1"), True),
    (ModelChoice(provider="openrouter", name="z-ai/glm-4.6"), True),
    (ModelChoice(provider="openrouter", name="qwen/qwen3-max", upstream="novita"), True),
]


@pytest.mark.parametrize(("choice", "leaves"), CHOICES)
def test_the_address_is_named_as_the_model_itself_names_it(
    choice: ModelChoice, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "secret")
    monkeypatch.setenv("OPENROUTER_API_KEY", "secret")

    async def made() -> tuple[str, str]:
        model = choose_model(choice.spec, base_url=choice.url, upstream=choice.pinned)
        try:
            return model.address, destination(model)
        finally:
            await close_model(model)

    assert asyncio.run(made()) == (choice.address, choice.destination)
    assert choice.leaves is leaves


def test_the_rules_send_nothing_anywhere() -> None:
    choice = ModelChoice()
    assert (choice.spec, choice.url, choice.address, choice.leaves) == ("rules", None, "", False)
    assert choice.destination == "rules runs in this process: no text leaves it."


def test_behind_openrouter_one_provider_is_named() -> None:
    assert [choice.pinned for choice, _ in CHOICES] == [None, None, None, None, "deepinfra/fp4", "novita"]
    with pytest.raises(SettingsError, match="name one provider"):
        _ = ModelChoice(provider="openrouter", name="qwen/qwen3-max").destination


def test_a_model_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="Name the model"):
        _ = ModelChoice(provider="openai", name="  ").spec


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="is not a base URL"):
        _ = ModelChoice(provider=OTHER, name="m", base_url="localhost").leaves


def test_every_preset_is_offered_between_the_baseline_and_a_server_of_ones_own() -> None:
    assert providers() == ("rules", *PRESETS, OTHER)
    assert [kind_of(spec) for spec in ("rules", "openai/gpt-5")] == ["baseline", "language model"]


def test_names_are_made_from_the_model_without_its_owner() -> None:
    assert [choice.short_name for choice, _ in CHOICES] == [
        "glm-4.6",
        "Qwen3-8B",
        "Qwen3-8B",
        "m",
        "glm-4.6",
        "qwen3-max",
    ]
    assert ModelChoice().short_name == "rules"
