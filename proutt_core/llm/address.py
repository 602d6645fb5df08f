"""Where texts go: whether an address is this machine, and the sentence that says so before anything leaves."""

import ipaddress
from urllib.parse import urlsplit

from proutt_core.errors import SettingsError

LOOKS_LIKE = "http://127.0.0.1:8000/v1"


def checked_base_url(base_url: str) -> str:
    """The base URL without a trailing slash. Raises SettingsError where it is none, or holds a password."""
    text = base_url.strip().rstrip("/")
    if "@" in (text.partition("://")[2] or text).partition("/")[0]:  # first, for no other message may quote it
        raise SettingsError("the base URL must hold no name or password: put the key into an environment variable")
    # Programs disagree on what these mean: one would be checked and another be reached.
    if "\\" in text or any(character.isspace() or not character.isprintable() for character in text):
        raise SettingsError(
            f"the base URL must hold no spaces, backslashes or invisible characters; it looks like {LOOKS_LIKE}"
        )
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as exc:
        raise SettingsError(f"the base URL is not an address ({exc}); it looks like {LOOKS_LIKE}") from exc
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"{text!r} is not a base URL; it looks like {LOOKS_LIKE}")
    if parts.query or parts.fragment:
        raise SettingsError(f"the base URL must hold no ? or #: {parts.scheme}://{parts.netloc}{parts.path} is enough")
    return text


def is_local(address: str) -> bool:
    """Whether texts sent there stay on this machine. The empty address (in process) does."""
    if not address:
        return True
    host = (urlsplit(address).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    # 0.0.0.0 and :: are what servers print when they listen everywhere; connecting there reaches this machine.
    return number.is_loopback or number.is_unspecified
