"""From a form to a model: what is asked for, where its texts go, and whether they leave this machine."""

import asyncio

import pytest

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.model import Model
from proutt_core.llm.providers.model_ref import BASELINE, OTHER, ModelRef, providers
from proutt_core.llm.providers.presets import PRESETS
from proutt_core.llm.providers.thinking import may_think
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


# --- parameters ---

COOL = {"temperature": 0.2}


def test_given_parameters_stand_beside_and_over_the_presets_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"type": "disabled"}
    for given, sent in (
        ({}, {"thinking": own}),
        (COOL, COOL | {"thinking": own}),
        ({"thinking": {"type": "enabled"}}, {"thinking": {"type": "enabled"}}),
        ({"thinking": {"budget": 9}}, {"thinking": own | {"budget": 9}}),
    ):
        assert ModelRef("deepseek/deepseek-v4-flash", given=given).parameters == sent


@pytest.mark.parametrize(
    "ref",
    [
        ModelRef("m", base_url="http://127.0.0.1:9000/v1", given=COOL),
        ModelRef("deepseek/m", given={"thinking": {"type": "enabled"}}),
        ModelRef("deepseek/m", given=COOL),
        ModelRef("openrouter/z-ai/glm-4.6", given=COOL),
        ModelRef("openrouter/z-ai/glm-4.6"),
        ModelRef("m", base_url="https://openrouter.ai/api/v1", upstream="novita", given=COOL),
    ],
)
def test_a_run_stores_all_that_is_sent_and_names_the_same_model_again(ref: ModelRef) -> None:
    stored = {"model": ref.spec, "base_url": ref.base_url, "parameters": ref.parameters, **ref.explicit.stored_upstream}
    assert ModelRef.from_stored(stored) == ref.explicit
    assert ModelRef.from_stored(stored).parameters == ref.parameters
    # Of methods and judges only what was given is stored, where something was.
    kept = {
        "model": ref.spec,
        "base_url": ref.base_url,
        **ref.explicit.stored_upstream,
        **ref.explicit.stored_parameters,
    }
    assert ModelRef.from_stored(kept) == ref.explicit


def test_a_form_reads_a_parameter_a_line() -> None:
    chosen = form(provider=OTHER, name="m", base_url="http://h/v1", parameters="temperature=0.2\n\nx.y=1\n")
    assert (chosen.given, chosen.given_in_words) == ({"temperature": 0.2, "x": {"y": 1}}, "temperature=0.2, x.y=1")
    with pytest.raises(InputError, match="has no ="):
        form(provider="vllm", name="m", parameters="temperature")


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        (ModelRef(given=COOL), "takes no parameters"),
        (ModelRef("vllm/m", given={"model": "other"}), "the client sets it itself"),
        (ModelRef("openrouter/z-ai/glm-4.6", given={"provider": {}}), "with --upstream"),
    ],
)
def test_what_may_not_be_given_is_refused_before_anything_is_sent(
    ref: ModelRef, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "secret")
    with pytest.raises(InputError, match=reason):
        ref.require_usable()


# --- what is known of servers and models ---

TEMPLATE = {"chat_template_kwargs": {"enable_thinking": False}}


@pytest.mark.parametrize(
    ("spec", "base_url", "dialect", "bound"),
    [
        ("openai/gpt-5", None, "patterns", "max_completion_tokens"),
        ("gpt-4o", "https://api.openai.com/v1", "patterns", "max_completion_tokens"),
        ("gpt-4o", "https://mine.openai.azure.com/openai/v1", "patterns", "max_completion_tokens"),
        ("openai/gpt-oss-20b", "http://127.0.0.1:8000/v1", "lengths", "max_tokens"),
        ("m", "https://api.openai.com.example.org/v1", "lengths", "max_tokens"),
        *((f"{name}/m", None, "lengths", "max_tokens") for name in PRESETS if name != "openai"),
    ],
)
def test_a_server_of_which_nothing_is_known_gets_what_stock_servers_take(
    spec: str, base_url: str | None, dialect: str, bound: str
) -> None:
    takes = ModelRef(spec, base_url=base_url).takes
    assert (takes.dialect, takes.bound) == (dialect, bound)


@pytest.mark.parametrize(
    ("spec", "base_url", "switch"),
    [
        ("vllm/Qwen/Qwen3-8B", None, TEMPLATE),
        ("sglang/qwen3-30b-a3b", None, TEMPLATE),
        ("llamacpp/Qwen3-4B-Q4_K_M.gguf", None, TEMPLATE),
        ("Qwen/Qwen3-8B", "http://10.0.0.7:8000/v1", TEMPLATE),
        ("ollama/qwen3:8b", None, {"reasoning_effort": "none"}),
        ("dashscope/qwen3-8b", None, {"enable_thinking": False}),
        ("qwen3-32b", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", {"enable_thinking": False}),
        ("Qwen/Qwen3-8B", "https://api.siliconflow.cn/v1", {"enable_thinking": False}),
        ("vllm/Qwen/Qwen3-4B-Instruct-2507", None, {}),
        ("vllm/Qwen/Qwen3-30B-A3B-Thinking-2507", None, {}),
        ("vllm/Qwen/Qwen3-Coder-30B-A3B-Instruct", None, {}),
        ("vllm/Qwen/Qwen2.5-7B-Instruct", None, {}),
        ("dashscope/qwen-plus", None, {}),
        ("vllm/meta-llama/Llama-3.1-8B", None, {}),
        ("openai/gpt-5", None, {}),
    ],
)
def test_a_qwen3_is_asked_not_to_think_in_its_servers_own_way(spec: str, base_url: str | None, switch: object) -> None:
    assert ModelRef(spec, base_url=base_url).takes.no_thoughts == switch


@pytest.mark.parametrize(
    ("name", "thinks"),
    [
        *(
            (name, True)
            for name in ("Qwen/Qwen3-8B", "deepseek-r1", "DeepSeek-R1-Distill-Qwen-7B", "QwQ-32B", "o3-mini")
        ),
        *((name, True) for name in ("gpt-5", "openai/gpt-oss-20b", "glm-4.6", "z-ai/glm-4.5-air", "Kimi-K2-Thinking")),
        *((name, True) for name in ("deepseek-reasoner", "magistral-small", "Qwen3-4B-Thinking-2507")),
        *((name, False) for name in ("SmolLM2-135M-Instruct", "gpt-4o", "Qwen2.5-7B-Instruct", "llama3.1:8b", "m")),
        *((name, False) for name in ("Qwen3-4B-Instruct-2507", "mistral-small", "qwen-plus", "Qwen3-Coder")),
    ],
)
def test_models_that_are_known_to_think_get_room_from_their_first_call(name: str, thinks: bool) -> None:
    assert may_think(name) is thinks
