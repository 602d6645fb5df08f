"""Who asks, and by which name, where a proxy stands in front: believed of those that PROUTT_TRUSTED_PROXIES names.

uvicorn by itself believes `X-Forwarded-For` of whatever connects from this machine, so that any of its accounts could
choose the address that its guesses count for, and Streamlit has no setting for it. So it is switched off here (uvicorn
loads the app before it wraps it), and FORWARDED_ALLOW_IPS is not read. `Forwarded` (RFC 7239) is never read: a proxy
that does not write it hands on what the browser sent.
"""

import os
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import uvicorn.config
from starlette.types import Scope

from proutt_core.errors import SettingsError

VARIABLE = "PROUTT_TRUSTED_PROXIES"
Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

_FOR, _PROTO, _HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
_FORWARDED = frozenset({_FOR, _PROTO, _HOST, b"x-forwarded-port", b"forwarded"})
_SCHEMES = {"http": "ws", "https": "wss"}


def _unwrapped(app: Any, trusted_hosts: object) -> Any:
    return app


uvicorn.config.ProxyHeadersMiddleware = _unwrapped  # type: ignore[assignment,attr-defined]


def named_proxies() -> Networks:
    """The addresses and networks that PROUTT_TRUSTED_PROXIES lists; SettingsError where one is none."""
    parts = (part.strip() for part in os.environ.get(VARIABLE, "").split(","))
    return tuple(_network(part) for part in parts if part)


def _network(text: str) -> IPv4Network | IPv6Network:
    expected = f"{VARIABLE} lists the proxies' addresses or networks, such as 127.0.0.1,10.0.0.0/28; "
    try:
        network = ip_network(text)
    except ValueError as exc:
        raise SettingsError(f"{expected}{text!r} is none ({exc})") from exc
    if network.prefixlen == 0:
        raise SettingsError(f"{expected}{text!r} is everybody")
    return network


def address_of(text: str) -> Address | None:
    """Also with a port, in brackets, or as IPv4 within IPv6; None where it is no address."""
    port = re.fullmatch(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+", text)
    try:
        address = ip_address((port["v6"] or port["v4"]) if port else text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_from_proxy(scope: Scope, proxies: Networks) -> bool:
    peer = address_of(scope["client"][0]) if scope.get("client") else None
    return peer is not None and _is_among(peer, proxies)


def as_the_browser_asked(scope: Scope, proxies: Networks) -> Scope:
    """The scope with the browser's own address, scheme and host in it, and without the headers that claimed them."""
    kept = [(name, value) for name, value in scope["headers"] if name not in _FORWARDED]
    result = {**scope, "headers": kept}
    peer = address_of(scope["client"][0]) if scope.get("client") else None
    if peer is None:
        return result
    client = _client(peer, _values(scope, _FOR), proxies)
    result["client"] = (str(client), scope["client"][1] if client == peer else 0)
    if is_from_proxy(scope, proxies):
        # The last value is what the nearest proxy wrote; those before it may be the browser's own invention.
        scheme = next(reversed(_values(scope, _PROTO)), "").lower()
        if scheme in _SCHEMES:
            result["scheme"] = _SCHEMES[scheme] if scope["type"] == "websocket" else scheme
        host = next(reversed(_values(scope, _HOST)), "")
        if host:
            result["headers"] = [*((n, v) for n, v in kept if n != b"host"), (b"host", host.encode("latin-1"))]
    return result


def _values(scope: Scope, header: bytes) -> list[str]:
    """A list may be spread over several headers of one name."""
    lines = (value.decode("latin-1") for name, value in scope["headers"] if name == header)
    return [value.strip() for line in lines for value in line.split(",") if value.strip()]


def _client(peer: Address, forwarded_for: Iterable[str], proxies: Networks) -> Address:
    """From the last to the first: the first address that is no named proxy, or the last that can be read."""
    client = peer
    for text in reversed(list(forwarded_for)):
        before = address_of(text) if _is_among(client, proxies) else None
        if before is None:
            break
        client = before
    return client


def _is_among(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
