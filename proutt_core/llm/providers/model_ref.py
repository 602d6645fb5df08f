"""A model as a person names it: `rules`, `PRESET/MODEL`, or `MODEL` at a base URL; where it is, and opening it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.address import checked_base_url, is_local
from proutt_core.llm.model import Model
from proutt_core.llm.openai.client import LADDER, OpenAICompatible, Rung
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.providers.openrouter import is_openrouter, routing, upstream_for
from proutt_core.llm.providers.presets import PRESETS, Preset, preset_named
from proutt_core.llm.rules import RulesModel

RULES = "rules"
# What a form offers beside the baseline and the presets: a server at a base URL.
OTHER = "other"
OPENROUTER = "openrouter"
# The key of a server given by --base-url, where it wants one.
KEY_ENV = "PROUTT_API_KEY"
NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ModelRef:
    """Which model is asked, as it was typed or chosen; a form may be half filled in.

    With a base URL the whole of `spec` is the model's name there, slashes included (Qwen/Qwen3-8B); without one, the
    part before the first slash is a preset. `upstream` is the provider that OpenRouter passes the texts to; for some
    models one is known.

    Nothing is checked before it is needed: each property raises InputError where the model has no name, SettingsError
    where there is no such preset or address. No property needs a key.
    """

    spec: str = RULES
    _: KW_ONLY
    base_url: str | None = None
    upstream: str | None = None

    @classmethod
    def from_form(cls, *, provider: str, name: str = "", base_url: str = "", upstream: str = "") -> Self:
        """`provider` is one of `providers()`; `base_url` counts for a server of one's own, `upstream` at OpenRouter."""
        if provider == RULES:
            return cls()
        spec, behind = name.strip(), upstream.strip() or None
        if provider == OTHER:
            return cls(spec, base_url=base_url.strip().rstrip("/"), upstream=behind)
        return cls(f"{provider}/{spec}", upstream=behind)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """As the settings of a run, a method or a judge run name it."""
        return cls(stored["model"], base_url=stored.get("base_url") or None, upstream=stored.get("upstream"))

    @classmethod
    def named_in(cls, stored: Mapping[str, Any]) -> Self | None:
        """The model that settings of any kind name; None where they name none."""
        return cls.from_stored(stored) if stored.get("model") else None

    @property
    def is_baseline(self) -> bool:
        return self.spec.strip() == RULES

    @property
    def name(self) -> str:
        """The model's name at its address, as it is asked for there."""
        if self.is_baseline:
            return RulesModel.name
        name = self.spec.strip()
        if self.base_url is None:
            preset, slash, name = name.partition("/")
            if not slash or not preset:
                raise InputError(
                    f"{self.spec!r} names no model: give {RULES}, PRESET/MODEL, or MODEL with a base URL (presets: "
                    f"{', '.join(PRESETS)})"
                )
        if not name.strip():
            raise InputError(
                "name the model: what the server calls it, such as Qwen/Qwen3-8B (on the command line PRESET/MODEL, or"
                " MODEL with a base URL)"
            )
        return name.strip()

    @property
    def short_name(self) -> str:
        """For names made from it: the model's without its owner, else the provider's."""
        return self.spec.strip().rstrip("/").rpartition("/")[2] or OTHER

    @property
    def address(self) -> str:
        """Where texts go; empty: nowhere."""
        if self.base_url is not None:
            return checked_base_url(self.base_url)
        return "" if self._preset is None else self._preset.base_url

    @property
    def leaves(self) -> bool:
        """Whether texts leave this machine."""
        return not is_local(self.address)

    @property
    def pinned(self) -> str | None:
        """The provider that OpenRouter passes texts to; None elsewhere. SettingsError where it is to be named."""
        return upstream_for(self.name, self.upstream) if is_openrouter(self.address) else None

    @property
    def explicit(self) -> Self:
        """As it is stored: a provider behind OpenRouter is named also where it is the default."""
        return replace(self, upstream=self.pinned)

    @property
    def stored_upstream(self) -> dict[str, str]:
        """The provider behind OpenRouter for settings, which name it only where there is one."""
        return {} if self.upstream is None else {"upstream": self.upstream}

    @property
    def destination(self) -> str:
        """Where this model's texts go, in words: said before anything leaves."""
        name, address, pinned = self.name, self.address, self.pinned
        if not address:
            return f"{name} runs in this process: no text leaves it."
        parts = urlsplit(address)
        where = "another machine" if self.leaves else "this machine"
        sent = f"Texts are sent to {parts.scheme}://{parts.netloc} ({where})."
        if pinned is None:
            return sent
        return f"{sent} They are passed on to {pinned} and to no other provider, only if it keeps and learns nothing."

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """The steps on which a run asks this model; none in this process."""
        if self._preset is not None:
            return self._preset.ladder
        return LADDER if self.base_url is not None else ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What is sent along with every call."""
        return self._parameters(NO_PARAMETERS)

    def require_usable(self) -> None:
        """Raises what `open` does: a model that cannot be opened is refused now, and not by a worker an hour later."""
        self.open()

    def open(self, *, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Model:
        """The model itself; whoever opens it closes it. `parameters` (temperature and the like) go to remote ones only.

        Raises what the properties do, SettingsError for a missing key, and InputError where a base URL or an upstream
        does not belong there.
        """
        if self.is_baseline:
            if self.base_url is not None or self.upstream:
                raise InputError("the model rules runs in this process and takes no base URL and no upstream provider")
            return RulesModel()
        return self._client(parameters)(ladder=self.ladder)

    def open_at(self, rung: Rung, *, deadline_s: float) -> Model:
        """The model, asked on this one rung of the ladder, once and no longer than `deadline_s`: for a check."""
        if self.is_baseline:
            raise InputError("the model rules runs in this process: there is nothing to check")
        return self._client(NO_PARAMETERS)(ladder=(rung,), deadline_s=deadline_s, backoff=Backoff(attempts=1))

    @property
    def _preset(self) -> Preset | None:
        if self.base_url is not None or self.is_baseline:
            return None
        return preset_named(self.spec.strip().partition("/")[0])

    def _client(self, parameters: Mapping[str, Any]) -> Callable[..., OpenAICompatible]:
        name, address, key_env = self.name, self.address, self._key_env()
        if self.upstream and not is_openrouter(address):
            raise InputError("an upstream provider can be named for OpenRouter only")
        sent = self._parameters(parameters)
        return partial(OpenAICompatible, name=name, base_url=address, key_env=key_env, parameters=sent)

    def _parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        preset, pinned = self._preset, self.pinned
        own = {} if preset is None else preset.parameters
        pin = {} if pinned is None else routing(pinned)
        return {**own, **parameters, **pin}  # the pin last, so that no parameter undoes it

    def _key_env(self) -> str | None:
        preset = self._preset
        if preset is None:
            return KEY_ENV if is_set(KEY_ENV) else None
        if is_set(preset.key_env):
            return preset.key_env
        if preset.key_required:
            raise SettingsError(
                f"{preset.title} needs a key: put it into the environment variable {preset.key_env}, or into .env"
            )
        return None


BASELINE = ModelRef()


def is_set(variable: str) -> bool:
    """Whether the environment has a value there; the value itself is never shown."""
    return bool(os.environ.get(variable, "").strip())


def providers() -> tuple[str, ...]:
    """What a form offers, the baseline first, a server of one's own last."""
    return (RULES, *PRESETS, OTHER)
