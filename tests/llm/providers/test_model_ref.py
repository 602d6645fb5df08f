"""From a form to a model: what is asked for, where its texts go, and whether they leave this machine."""

import asyncio

import pytest

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.model import Model
from proutt_core.llm.providers.model_ref import BASELINE, OTHER, ModelRef, providers
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.wrapped import close_model

form = ModelRef.from_form
CHOICES = [
    (form(provider="zhipu", name="glm-4.6"), True),
    (form(provider="vllm", name=" Qwen/Qwen3-8B "), False),
    (form(provider=OTHER, name="Qwen/Qwen3-8B", base_url="http://127.0.0.1:9000/v1/"), False),
    (form(provider=OTHER, name="m", base_url="http://10.0.0.7:9000/v1"), True),
    (form(provider="openrouter", name="z-ai/glm-4.6"), True),
    (form(provider="openrouter", name="qwen/qwen3-max", upstream="novita"), True),
]


@pytest.mark.parametrize(("choice", "leaves"), CHOICES)
def test_what_is_said_of_a_model_is_so_of_the_one_that_is_opened(
    choice: ModelRef, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "secret")
    monkeypatch.setenv("OPENROUTER_API_KEY", "secret")

    async def opened() -> Model:
        model = choice.open()
        await close_model(model)
        return model

    model = asyncio.run(opened())
    assert (model.name, model.address, model.parameters) == (choice.name, choice.address, choice.parameters)
    assert choice.address.startswith(choice.destination.split()[4])
    assert choice.leaves is leaves


def test_the_rules_send_nothing_anywhere() -> None:
    choice = form(provider="rules")
    assert choice == BASELINE
    assert (choice.spec, choice.base_url, choice.address, choice.leaves) == ("rules", None, "", False)
    assert choice.destination == "rules-1 runs in this process: no text leaves it."


def test_behind_openrouter_one_provider_is_named() -> None:
    assert [choice.pinned for choice, _ in CHOICES] == [None, None, None, None, "deepinfra/fp4", "novita"]
    with pytest.raises(SettingsError, match="name one provider"):
        _ = form(provider="openrouter", name="qwen/qwen3-max").destination


def test_a_model_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="name the model"):
        _ = form(provider="openai", name="  ").name


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="is not a base URL"):
        _ = form(provider=OTHER, name="m", base_url="localhost").leaves


def test_every_preset_is_offered_between_the_baseline_and_a_server_of_ones_own() -> None:
    assert providers() == ("rules", *PRESETS, OTHER)
    assert [ModelRef(spec).is_baseline for spec in ("rules", "openai/gpt-5")] == [True, False]


def test_names_are_made_from_the_model_without_its_owner() -> None:
    assert [choice.short_name for choice, _ in CHOICES] == [
        "glm-4.6",
        "Qwen3-8B",
        "Qwen3-8B",
        "m",
        "glm-4.6",
        "qwen3-max",
    ]
    assert BASELINE.short_name == "rules"
    # Also while the name is missing.
    assert form(provider="openai").short_name == "openai"
    assert form(provider=OTHER).short_name == "other"


def test_what_a_form_leaves_to_the_default_is_said_where_it_is_stored() -> None:
    default, named = form(provider="openrouter", name="z-ai/glm-4.6"), ModelRef("vllm/m")
    explicit = ModelRef("openrouter/z-ai/glm-4.6", upstream="deepinfra/fp4")
    assert default.explicit == explicit == explicit.explicit
    assert named.explicit == named


def test_settings_of_any_kind_name_a_model_or_none() -> None:
    assert ModelRef.named_in({"split": "test"}) is None
    assert ModelRef.named_in({"model": "m", "base_url": "http://h/v1"}) == ModelRef("m", base_url="http://h/v1")
    stored = {"model": "openrouter/m", "base_url": None, "upstream": "novita"}
    assert ModelRef.named_in(stored) == ModelRef.from_stored(stored) == ModelRef("openrouter/m", upstream="novita")
