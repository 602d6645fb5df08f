"""What a Host header, an Origin and a line of `server.allowedHosts` name, compared in one spelling."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from proutt_core.errors import SettingsError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_-][a-z0-9_.-]*?)\.?)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class Site:
    """`port` is None where none is written: then it is that of the scheme."""

    name: str
    port: int | None


def site_of(host: str) -> Site | None:
    """What a Host header names, in one spelling; None where it names nothing."""
    parts = _HOST.fullmatch(host.strip().lower())
    if parts is None or (parts["port"] and int(parts["port"]) > 65535):
        return None
    name = parts["name"]
    if name is None:
        try:
            name = str(ip_address(parts["v6"]))
        except ValueError:
            return None
    return Site(name, int(parts["port"]) if parts["port"] else None)


def checked_hosts(entries: Sequence[str] | str) -> tuple[str, ...]:
    """`server.allowedHosts`, each in one spelling; an empty list stands for any name, as Streamlit has it.
    SettingsError where an entry could never fit.
    """
    if isinstance(entries, str):  # as TOML has it without brackets
        entries = [entries]
    return tuple(_checked_host(entry.strip().lower()) for entry in entries) or ("*",)


def _checked_host(entry: str) -> str:
    if entry == "*" or (entry.startswith("*.") and site_of(entry[2:])):
        return entry
    site = site_of(f"[{entry}]" if ":" in entry else entry)
    if site is None or entry.startswith("["):
        raise SettingsError(
            f"server.allowedHosts holds {entry!r}; it lists host names or addresses as browsers show them, without"
            " http://, port or brackets: lab.example.org, 10.0.0.7, ::1"
        )
    return site.name


def host_is_allowed(site: Site, hosts: Iterable[str]) -> bool:
    return any(
        entry in ("*", site.name) or (entry.startswith("*.") and site.name.endswith(entry[1:])) for entry in hosts
    )


def is_from_here(origin: str, site: Site, scheme: str) -> bool:
    """Whether the page at `origin` is of this very site. A proxy may have taken TLS off: https is right where we see
    http, never the other way round."""
    origin_scheme, separator, rest = origin.partition("://")
    page = site_of(rest)
    if (
        not separator
        or page is None
        or origin_scheme not in _DEFAULT_PORTS
        or (scheme, origin_scheme) == ("https", "http")
    ):
        return False
    default = _DEFAULT_PORTS[origin_scheme]
    return (page.name, page.port or default) == (site.name, site.port or default)
