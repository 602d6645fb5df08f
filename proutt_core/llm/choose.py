"""From what a person typed to a model: `rules`, `PRESET/MODEL`, or `MODEL` at a base URL."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.address import checked_base_url
from proutt_core.llm.model import Model
from proutt_core.llm.openai_compatible import LADDER, OpenAICompatible, Rung
from proutt_core.llm.openrouter import is_openrouter, routing, upstream_for
from proutt_core.llm.presets import PRESETS, preset_named
from proutt_core.llm.retry import Backoff
from proutt_core.llm.rules import RulesModel

RULES = "rules"
# The key of a server given by --base-url, where it wants one.
KEY_ENV = "PROUTT_API_KEY"


@dataclass(frozen=True)
class _Remote:
    """What a client is made of."""

    name: str
    base_url: str
    key_env: str | None
    parameters: Mapping[str, Any]
    ladder: tuple[Rung, ...] = LADDER


def choose_model(
    spec: str,
    *,
    base_url: str | None = None,
    upstream: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Model:
    """The model that `spec` names.

    With a base URL the whole of `spec` is the model's name there, slashes included (Qwen/Qwen3-8B); without one, the
    part before the first slash is a preset. `upstream` is the provider that OpenRouter passes the texts to; for some
    models one is known. `parameters` (temperature and the like) go to remote models only.
    Raises InputError where `spec` names nothing or `upstream` does not belong there, SettingsError for an unknown
    preset, a missing key or a missing upstream.
    """
    if spec.strip() == RULES:
        if base_url or upstream:
            raise InputError("the model rules runs in this process and takes no base URL and no upstream provider")
        return RulesModel()
    found = _remote(spec.strip(), base_url, upstream, parameters or {})
    return OpenAICompatible(
        name=found.name,
        base_url=found.base_url,
        key_env=found.key_env,
        parameters=found.parameters,
        ladder=found.ladder,
    )


def model_at_rung(
    spec: str, rung: Rung, *, base_url: str | None = None, upstream: str | None = None, deadline_s: float
) -> Model:
    """The same, asked on this one rung of the ladder, once and no longer than `deadline_s`: for a check."""
    found = _remote(spec.strip(), base_url, upstream, {})
    return OpenAICompatible(
        name=found.name,
        base_url=found.base_url,
        key_env=found.key_env,
        parameters=found.parameters,
        ladder=(rung,),
        deadline_s=deadline_s,
        backoff=Backoff(attempts=1),
    )


def ladder_of(spec: str, *, base_url: str | None = None) -> tuple[Rung, ...]:
    """The steps on which a run asks this model. SettingsError for an unknown preset."""
    return LADDER if base_url else preset_named(spec.strip().partition("/")[0]).ladder


def _remote(spec: str, base_url: str | None, upstream: str | None, parameters: Mapping[str, Any]) -> _Remote:
    if base_url:
        if not spec:
            raise InputError(f"name the model to use at {base_url}")
        key_env = _if_set(KEY_ENV)
        found = _Remote(name=spec, base_url=checked_base_url(base_url), key_env=key_env, parameters=parameters)
    else:
        found = _at_preset(spec, parameters)
    if is_openrouter(found.base_url):
        # Last, so that no parameter undoes it.
        pinned = routing(upstream_for(found.name, upstream))
        return replace(found, parameters={**found.parameters, **pinned})
    if upstream:
        raise InputError("an upstream provider can be named for OpenRouter only")
    return found


def _at_preset(spec: str, parameters: Mapping[str, Any]) -> _Remote:
    name, slash, model = spec.partition("/")
    if not slash or not name or not model:
        raise InputError(
            f"{spec!r} names no model: give {RULES}, PRESET/MODEL, or MODEL with a base URL (presets: "
            f"{', '.join(PRESETS)})"
        )
    preset = preset_named(name)
    key_env = _if_set(preset.key_env)
    if key_env is None and preset.key_required:
        raise SettingsError(
            f"{preset.title} needs a key: put it into the environment variable {preset.key_env}, or into .env"
        )
    return _Remote(
        name=model,
        base_url=preset.base_url,
        key_env=key_env,
        parameters={**preset.parameters, **parameters},
        ladder=preset.ladder,
    )


def is_set(variable: str) -> bool:
    """Whether the environment has something there; what, is nobody's business."""
    return bool(os.environ.get(variable, "").strip())


def _if_set(variable: str) -> str | None:
    return variable if is_set(variable) else None
