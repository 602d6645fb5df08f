"""What is stored of a prompted method."""

import json
from typing import Any

import pytest

from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.methods.settings import MethodSettings
from tests.stored_settings import METHOD, METHOD_BEHIND


@pytest.mark.parametrize(
    ("settings", "stored"),
    [
        (MethodSettings.of(ModelRef("Qwen/Qwen3-8B", base_url="http://127.0.0.1:8000/v1/")), METHOD),
        (
            MethodSettings.of(ModelRef("openrouter/z-ai/glm-4.6", upstream="novita"), without_tree=True),
            METHOD_BEHIND,
        ),
    ],
    ids=["at a base URL", "behind OpenRouter"],
)
def test_what_is_stored_is_what_earlier_versions_stored_to_the_byte(
    settings: MethodSettings, stored: dict[str, Any]
) -> None:
    assert json.dumps(settings.to_stored()) == json.dumps(stored)
    assert MethodSettings.from_stored(stored) == settings


def test_a_method_of_another_kind_has_no_such_settings() -> None:
    assert MethodSettings.from_stored({"kind": "trained", "run": "r"}) is None
    assert MethodSettings.from_stored({}) is None
