"""A model as a person names it: `rules`, `PRESET/MODEL`, or `MODEL` at a base URL; where it is, and opening it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from proutt_core.errors import InputError
from proutt_core.llm.address import checked_base_url, is_local
from proutt_core.llm.model import Model
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.openai.ways import LADDER, Rung, ServerTakes
from proutt_core.llm.parameters import lines_of, merged, read_parameters, require_free, written
from proutt_core.llm.providers.keys import key_variable
from proutt_core.llm.providers.openrouter import is_openrouter, routing, upstream_for
from proutt_core.llm.providers.presets import PRESETS, Preset, preset_named, takes_at
from proutt_core.llm.providers.thinking import can_be_asked_not_to, may_think
from proutt_core.llm.rules import RulesModel

RULES = "rules"
# What a form offers beside the baseline and the presets: a server at a base URL.
OTHER = "other"
OPENROUTER = "openrouter"
NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})
NOT_OWN = object()
PIN = "provider"  # the parameter that names the provider behind OpenRouter


@dataclass(frozen=True)
class ModelRef:
    """Which model is asked, as it was typed or chosen; a form may be half filled in.

    With a base URL the whole of `spec` is the model's name there, slashes included (Qwen/Qwen3-8B); without one, the
    part before the first slash is a preset. `upstream` is the provider that OpenRouter passes the texts to; for some
    models one is known. `given` are request parameters (temperature and the like) beside and over the preset's own.

    Nothing is checked before it is needed: each property raises InputError where the model has no name, SettingsError
    where there is no such preset or address. No property needs a key.
    """

    spec: str = RULES
    _: KW_ONLY
    base_url: str | None = None
    upstream: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_form(
        cls, *, provider: str, name: str = "", base_url: str = "", upstream: str = "", parameters: str = ""
    ) -> Self:
        """`provider` is one of `providers()`; `base_url` counts for a server of one's own, `upstream` at OpenRouter.
        `parameters`, a line each, raise InputError where one cannot be read."""
        if provider == RULES:
            return cls()
        spec, behind, given = name.strip(), upstream.strip() or None, read_parameters(lines_of(parameters))
        if provider == OTHER:
            return cls(spec, base_url=base_url.strip().rstrip("/"), upstream=behind, given=given)
        return cls(f"{provider}/{spec}", upstream=behind, given=given)

    @classmethod
    def from_options(
        cls, model: str, *, base_url: str | None, upstream: str | None, parameters: Sequence[str] | None
    ) -> Self:
        """As a command's options name it. InputError where a parameter cannot be read."""
        return cls(model, base_url=base_url or None, upstream=upstream, given=read_parameters(parameters or ()))

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """As the settings of a run, a method or a judge run name it."""
        ref = cls(stored["model"], base_url=stored.get("base_url") or None, upstream=stored.get("upstream"))
        return replace(ref, given=ref._beside_own(stored.get("parameters") or {}))

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
        return replace(self, upstream=self.pinned, given=self._beside_own(self.parameters))

    @property
    def stored_upstream(self) -> dict[str, str]:
        """The provider behind OpenRouter for settings, which name it only where there is one."""
        return {} if self.upstream is None else {"upstream": self.upstream}

    @property
    def stored_parameters(self) -> dict[str, Any]:
        """The parameters that somebody gave, for settings, which name them only where there are some."""
        return {"parameters": dict(self.given)} if self.given else {}

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
        """What is sent along with every call. InputError where one may not be given."""
        own, pinned = self._own_parameters, self.pinned
        require_free(self.given)
        if pinned is not None and PIN in self.given:
            raise InputError(
                f"the parameter {PIN} cannot be given: name the provider behind OpenRouter with --upstream"
            )
        return merged(own, self.given) | ({} if pinned is None else routing(pinned))

    @property
    def given_in_words(self) -> str:
        return ", ".join(written(self.given))

    @property
    def takes(self) -> ServerTakes:
        """What is known of the server beforehand; of a Qwen3 model, how to ask it not to think."""
        takes = takes_at(self.address) if self._preset is None else self._preset.takes
        return takes if can_be_asked_not_to(self.name) else replace(takes, no_thoughts={})

    def require_usable(self) -> None:
        """Raises what `open` does: a model that cannot be opened is refused now, and not by a worker an hour later."""
        self.open()

    def open(self) -> Model:
        """The model itself; whoever opens it closes it.

        Raises what the properties do, SettingsError for a missing key, and InputError where a base URL, an upstream or
        parameters do not belong there.
        """
        if self.is_baseline:
            if self.base_url is not None or self.upstream:
                raise InputError("the model rules runs in this process and takes no base URL and no upstream provider")
            if self.given:
                raise InputError("the model rules runs in this process and takes no parameters")
            return RulesModel()
        return self._client()(ladder=self.ladder)

    def open_at(self, rung: Rung) -> Model:
        """The model, asked as a run asks it but on this one rung of the ladder and once: for a check."""
        if self.is_baseline:
            raise InputError("the model rules runs in this process: there is nothing to check")
        return self._client()(ladder=(rung,), backoff=Backoff(attempts=1))

    @property
    def _preset(self) -> Preset | None:
        if self.base_url is not None or self.is_baseline:
            return None
        return preset_named(self.spec.strip().partition("/")[0])

    @property
    def _own_parameters(self) -> Mapping[str, Any]:
        """The preset's; none of a preset that this program does not know any more."""
        preset = None if self.base_url is not None else PRESETS.get(self.spec.strip().partition("/")[0].casefold())
        return NO_PARAMETERS if preset is None else preset.parameters

    def _beside_own(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of all that is sent along, what is neither the preset's own nor the pin of a provider."""
        own, pin = self._own_parameters, self.upstream is not None or self.spec.strip().startswith(f"{OPENROUTER}/")
        beside = {name: value for name, value in parameters.items() if own.get(name, NOT_OWN) != value}
        return {name: value for name, value in beside.items() if not (pin and name == PIN)}

    def _client(self) -> Callable[..., OpenAICompatible]:
        name, address = self.name, self.address
        if self.upstream and not is_openrouter(address):
            raise InputError("an upstream provider can be named for OpenRouter only")
        return partial(
            OpenAICompatible,
            name=name,
            base_url=address,
            key_env=key_variable(address, self._preset),
            parameters=self.parameters,
            takes=self.takes,
            thinks=may_think(name),
        )


BASELINE = ModelRef()


def providers() -> tuple[str, ...]:
    """What a form offers, the baseline first, a server of one's own last."""
    return (RULES, *PRESETS, OTHER)
