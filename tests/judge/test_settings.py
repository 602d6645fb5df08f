"""What is asked of a judge run, and what is stored of it."""

import json

from proutt_core.judge.settings import JudgeRequest, JudgeSettings
from proutt_core.llm.providers.model_ref import ModelRef
from tests.stored_settings import JUDGE


def test_what_is_stored_is_what_earlier_versions_stored_to_the_byte() -> None:
    settings = JudgeSettings.of(JudgeRequest(study="check", mode="pointwise", tie_margin=0.2), evidence="context")
    assert json.dumps(settings.to_stored()) == json.dumps(JUDGE)
    assert JudgeSettings.from_stored(JUDGE) == settings


def test_a_provider_behind_openrouter_is_stored_and_read_again() -> None:
    request = JudgeRequest(study="check", model=ModelRef("openrouter/z-ai/glm-4.6"))
    settings = JudgeSettings.of(request, evidence="context_and_next")
    assert settings.to_stored()["upstream"] == "deepinfra/fp4"
    assert JudgeSettings.from_stored(settings.to_stored()) == settings
