"""What is wrong with how the server was started: a line each, before anybody stands in front of a closed door."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

from server.proxies import Networks

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})


def where_it_listens(*, address: str, port: int, hosts: Sequence[str]) -> str:
    shown = f"[{address}]" if ":" in address else address or "0.0.0.0"
    return f"ProUtt Studio listens on {shown}:{port} and answers to {', '.join(hosts)}"


def advice(*, address: str, hosts: Sequence[str], proxies: Networks) -> list[str]:
    """`address` and `hosts` as the settings server.address and server.allowedHosts say."""
    lines = []
    if (proxies or not _is_local(address)) and all(_is_local(host) for host in hosts):
        name = address if address not in _EVERYWHERE and not proxies else socket.gethostname().lower()
        where = f"--server.address {address or '0.0.0.0'} " if not _is_local(address) else ""
        lines.append(
            f"this server answers to {', '.join(hosts)} only; for colleagues, name it as their browsers do:"
            f" streamlit run app.py {where}--server.allowedHosts {name} (docs/serving.md)"
        )
    if "*" in hosts:
        lines.append(
            "this server answers to any name, so that pages of other sites can reach it (DNS rebinding): set"
            " --server.allowedHosts to the names that browsers show (docs/serving.md)"
        )
    return lines


def _is_local(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
