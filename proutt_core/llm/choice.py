"""A model as a form asks for it: where it runs and its name there; where its texts would go, said before it is made."""

from typing import Literal

from proutt_core.errors import InputError
from proutt_core.llm.address import checked_base_url, destination_of, is_local
from proutt_core.llm.choose import RULES
from proutt_core.llm.openrouter import is_openrouter, routing, upstream_for
from proutt_core.llm.presets import PRESETS
from proutt_core.types import Value

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
