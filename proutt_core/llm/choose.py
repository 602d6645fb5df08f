"""From what a person typed to a model: `rules`, `PRESET/MODEL`, or `MODEL` at a base URL."""

import os
from collections.abc import Mapping
from typing import Any

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.model import Model
from proutt_core.llm.openai_compatible import OpenAICompatible
from proutt_core.llm.presets import PRESETS, preset_named
from proutt_core.llm.rules import RulesModel

RULES = "rules"
# The key of a server given by --base-url, where it wants one.
KEY_ENV = "PROUTT_API_KEY"


def choose_model(spec: str, *, base_url: str | None = None, parameters: Mapping[str, Any] | None = None) -> Model:
    """The model that `spec` names.

    With a base URL the whole of `spec` is the model's name there, slashes included (Qwen/Qwen3-8B); without one, the
    part before the first slash is a preset. `parameters` (temperature and the like) go to remote models only.
    Raises InputError where `spec` names nothing, SettingsError for an unknown preset or a missing key.
    """
    spec = spec.strip()
    if spec == RULES:
        if base_url:
            raise InputError("the model rules runs in this process and takes no base URL")
        return RulesModel()
    if base_url:
        if not spec:
            raise InputError(f"name the model to use at {base_url}")
        return OpenAICompatible(name=spec, base_url=base_url, key_env=_if_set(KEY_ENV), parameters=parameters)
    name, slash, model = spec.partition("/")
    if not slash or not name or not model:
        raise InputError(
            f"{spec!r} names no model: give {RULES}, PRESET/MODEL, or MODEL with a base URL (presets: "
            f"{', '.join(PRESETS)})"
        )
    return _at_preset(name, model, parameters)


def _at_preset(name: str, model: str, parameters: Mapping[str, Any] | None) -> Model:
    preset = preset_named(name)
    key_env = _if_set(preset.key_env)
    if key_env is None and preset.key_required:
        raise SettingsError(
            f"{preset.title} needs a key: put it into the environment variable {preset.key_env}, or into .env"
        )
    return OpenAICompatible(
        name=model, base_url=preset.base_url, key_env=key_env, parameters=parameters, ladder=preset.ladder
    )


def _if_set(variable: str) -> str | None:
    return variable if os.environ.get(variable, "").strip() else None
