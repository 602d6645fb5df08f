"""Where a model's texts go, in words: said before anything leaves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from proutt_core.llm.address import is_local
from proutt_core.llm.model import Model
from proutt_core.llm.providers.openrouter import pinned_in


def destination(model: Model) -> str:
    """Where this model's texts go, in words."""
    return destination_of(name=model.name, address=model.address, parameters=model.parameters)


def destination_of(*, name: str, address: str, parameters: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The same for a model that is not made yet. The empty address is in this process."""
    if not address:
        return f"{name} runs in this process: no text leaves it."
    parts = urlsplit(address)
    where = "this machine" if is_local(address) else "another machine"
    told = f"Texts are sent to {parts.scheme}://{parts.netloc} ({where})."
    upstream = pinned_in(parameters)
    if upstream is None:
        return told
    return f"{told} They are passed on to {upstream} and to no other provider, only if it keeps and learns nothing."
