"""OpenRouter passes texts on to a provider of its choice: pin that provider, and let it keep nothing.

Field names: openrouter.ai/docs/guides/routing/provider-selection. `order` with `allow_fallbacks` off is one provider
and no other; `zdr` takes only endpoints with zero data retention, `data_collection: deny` only those that do not train
on what they get; `require_parameters` refuses (404) a provider that would drop the reply's schema without a word.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from proutt_core.errors import InputError, SettingsError

HOST = "openrouter.ai"
# The provider behind a model where nobody names one. Only what was found, with its retention, in public use:
# deepinfra/fp4 served GLM-4.6 and was on openrouter.ai/api/v1/endpoints/zdr on 2026-08-25.
UPSTREAMS: Mapping[str, str] = {"z-ai/glm-4.6": "deepinfra/fp4"}
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*")


def is_openrouter(address: str) -> bool:
    host = (urlsplit(address).hostname or "").rstrip(".")
    return host == HOST or host.endswith(f".{HOST}")


def upstream_for(model: str, upstream: str | None = None) -> str:
    """The provider to pin: the one named, else the model's default. SettingsError where there is none."""
    named = (upstream or "").strip()
    if not named and model not in UPSTREAMS:
        raise SettingsError(
            f"OpenRouter would choose by itself who gets the texts for {model}: name one provider with --upstream, or "
            f"in the form, as the model's page on {HOST} writes it (such as deepinfra/fp4)"
        )
    provider = named or UPSTREAMS[model]
    if not _SLUG.fullmatch(provider):
        raise InputError(f"{provider!r} is no provider's name; it looks like deepinfra/fp4")
    return provider


def routing(upstream: str) -> dict[str, Any]:
    """The request parameters that pin it."""
    return {
        "provider": {
            "order": [upstream],
            "allow_fallbacks": False,
            "require_parameters": True,
            "data_collection": "deny",
            "zdr": True,
        }
    }
