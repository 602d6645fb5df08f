"""From what a person typed or chose to a model: `rules`, `PRESET/MODEL`, or `MODEL` at a base URL."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.address import checked_base_url, is_local
from proutt_core.llm.model import Model
from proutt_core.llm.openai.client import LADDER, OpenAICompatible, Rung
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.providers.destination import destination_of
from proutt_core.llm.providers.openrouter import is_openrouter, routing, upstream_for
from proutt_core.llm.providers.presets import PRESETS, preset_named
from proutt_core.llm.rules import RulesModel
from proutt_core.types import Value

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


OTHER = "other"
OPENROUTER = "openrouter"


class ModelChoice(Value):
    """`provider` is `rules`, a preset's name or `other` (a server at `base_url`); `upstream` is for OpenRouter."""

    provider: str = RULES
    name: str = ""
    base_url: str = ""
    upstream: str = ""

    @property
    def spec(self) -> str:
        """What `choose_model` takes. InputError where the name is missing."""
        if self.provider == RULES:
            return RULES
        name = self.name.strip()
        if not name:
            raise InputError("Name the model: what the server calls it, such as Qwen/Qwen3-8B.")
        return name if self.provider == OTHER else f"{self.provider}/{name}"

    @property
    def short_name(self) -> str:
        """For names made from it: the model's without its owner, else the provider's."""
        return self.name.strip().rpartition("/")[2] or self.provider

    @property
    def url(self) -> str | None:
        """The base URL to give along: of a server that is no preset."""
        return self.address if self.provider == OTHER else None

    @property
    def address(self) -> str:
        """Where texts go; empty: nowhere. SettingsError where it is no address."""
        if self.provider == RULES:
            return ""
        return checked_base_url(self.base_url) if self.provider == OTHER else PRESETS[self.provider].base_url

    @property
    def destination(self) -> str:
        """Where this model's texts go, in words."""
        parameters = {} if self.pinned is None else routing(self.pinned)
        return destination_of(name=self.spec, address=self.address, parameters=parameters)

    @property
    def pinned(self) -> str | None:
        """The provider that OpenRouter passes texts to; None elsewhere. SettingsError where it is to be named."""
        name = self.name.strip()
        return upstream_for(name, self.upstream) if name and is_openrouter(self.address) else None

    @property
    def leaves(self) -> bool:
        """Whether texts leave this machine."""
        return not is_local(self.address)


def providers() -> tuple[str, ...]:
    """What a form offers, the baseline first, a server of one's own last."""
    return (RULES, *PRESETS, OTHER)


ModelKind = Literal["baseline", "language model"]


def kind_of(spec: str) -> ModelKind:
    return "baseline" if spec == RULES else "language model"
