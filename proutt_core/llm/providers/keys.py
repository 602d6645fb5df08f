"""Whose key goes where: a key belongs to an address, and goes to no other.

A preset's key, in the preset's own variable, belongs to the preset's address. PROUTT_API_KEY belongs to the address in
PROUTT_API_KEY_FOR, or to the preset named there. A base URL can be typed by anybody who may start a run, and a key that
followed it would be theirs.
"""

import os
from urllib.parse import unquote, urlsplit

from proutt_core.errors import SettingsError
from proutt_core.llm.address import checked_base_url
from proutt_core.llm.providers.presets import PRESETS, Preset

KEY_ENV = "PROUTT_API_KEY"
KEY_FOR_ENV = "PROUTT_API_KEY_FOR"
_PORTS = {"http": 80, "https": 443}


def key_variable(address: str, preset: Preset | None) -> str | None:
    """The variable whose key goes to `address`, which is the preset's where there is one; None: no key goes there.

    Raises SettingsError for a preset without its key, and where PROUTT_API_KEY_FOR is no address.
    """
    if preset is not None and is_set(preset.key_env):
        return preset.key_env
    if is_set(KEY_ENV) and is_set(KEY_FOR_ENV) and is_within(address, _address_of_the_key()):
        return KEY_ENV
    if preset is not None and preset.key_required:
        raise SettingsError(
            f"{preset.title} needs a key: put it into the environment variable {preset.key_env}, or into .env"
        )
    return None


def is_set(variable: str) -> bool:
    """Whether the environment has a value there; the value itself is never shown."""
    return bool(os.environ.get(variable, "").strip())


def is_within(address: str, owner: str) -> bool:
    """Whether `address` is the server of `owner` (scheme, host and port), and lies below its path."""
    if _server(address) != _server(owner):
        return False
    path, allowed = _segments(address), _segments(owner)
    # A path that climbs ends somewhere else than it begins.
    return path[: len(allowed)] == allowed and not {".", ".."} & {unquote(segment) for segment in path}


def _address_of_the_key() -> str:
    named = os.environ[KEY_FOR_ENV].strip()
    if named.casefold() in PRESETS:
        return PRESETS[named.casefold()].base_url
    try:
        return checked_base_url(named)
    except SettingsError:  # its words may quote the value, which may be the key itself, put into the wrong variable
        raise SettingsError(
            f"{KEY_FOR_ENV} must hold the address that {KEY_ENV} is for, such as http://127.0.0.1:8000/v1, or the name"
            f" of a preset ({', '.join(PRESETS)})"
        ) from None


def _server(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def _segments(address: str) -> list[str]:
    return [segment for segment in urlsplit(address).path.split("/") if segment]
