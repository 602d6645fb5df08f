"""What the server says at its start about settings that keep colleagues out, or let strangers in."""

import pytest

from server.proxies import Networks, named_proxies
from server.site import checked_hosts
from server.start import advice, where_it_listens

LOCAL = ("localhost", "127.0.0.1", "::1")


def lines(address: str, *hosts: str, proxies: Networks = ()) -> list[str]:
    return advice(address=address, hosts=checked_hosts(hosts), proxies=proxies)


@pytest.mark.parametrize(("address", "shown"), [("", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_where_it_listens(address: str, shown: str) -> None:
    line = where_it_listens(address=address, port=8501, hosts=("localhost", "::1"))
    assert line == f"ProUtt Studio listens on {shown}:8501 and answers to localhost, ::1"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "10.0.0.7", "lab.example.org"])
def test_open_to_others_who_are_all_refused(address: str) -> None:
    (line,) = lines(address, *LOCAL)
    assert "answers to localhost, 127.0.0.1, ::1 only" in line
    assert f"--server.address {address or '0.0.0.0'} --server.allowedHosts " in line
    assert lines(address, *LOCAL, "lab.example.org") == []


def test_behind_a_proxy_that_everybody_is_refused_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROUTT_TRUSTED_PROXIES", "127.0.0.1")
    (line,) = lines("127.0.0.1", *LOCAL, proxies=named_proxies())
    assert "streamlit run app.py --server.allowedHosts " in line
    assert lines("127.0.0.1", "lab.example.org", proxies=named_proxies()) == []


@pytest.mark.parametrize("hosts", [(), ("*",), ("localhost", "*")])
def test_any_name_is_allowed(hosts: tuple[str, ...]) -> None:
    (line,) = lines("0.0.0.0", *hosts)
    assert "answers to any name" in line and "--server.allowedHosts" in line


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_nothing_to_say_where_only_this_machine_is_served(address: str) -> None:
    assert lines(address, *LOCAL) == []
