"""Who is believed about who asks."""

import pytest

from proutt_core.errors import SettingsError
from server.proxies import VARIABLE, as_the_browser_asked, named_proxies

STRANGER, PROXY, INNER = "203.0.113.9", "10.0.0.2", "10.0.0.3"


def asked(
    *headers: tuple[str, str], peer: str | None = PROXY, kind: str = "http", proxies: str = "10.0.0.2,10.0.0.3"
) -> tuple[str | None, str, str, set[str]]:
    """Client, scheme and host as what stands behind sees them, and which headers are left."""
    sent = [("host", "inside:8501"), *headers]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, proxies)
        scope = as_the_browser_asked(
            {
                "type": kind,
                "client": (peer, 4711) if peer else None,
                "scheme": "ws" if kind == "websocket" else "http",
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent],
            },
            named_proxies(),
        )
    values = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    return scope["client"][0] if scope["client"] else None, scope["scheme"], values["host"], set(values) - {"host"}


def client(forwarded_for: str, peer: str = PROXY, **more: str) -> str | None:
    return asked(("x-forwarded-for", forwarded_for), peer=peer, **more)[0]


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1", "::1", "10.0.0.4"])
def test_nobody_is_believed_who_was_not_named(peer: str) -> None:
    forged = (
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "lab.example.org"),
        ("forwarded", "for=198.51.100.1;proto=https;host=lab.example.org"),
    )
    assert asked(*forged, peer=peer) == (peer, "http", "inside:8501", set())
    assert asked(*forged, peer=peer, proxies="") == (peer, "http", "inside:8501", set())


def test_a_named_proxy_is_believed() -> None:
    told = (("x-forwarded-for", STRANGER), ("x-forwarded-proto", "https"), ("x-forwarded-host", "lab.example.org"))
    assert asked(*told) == (STRANGER, "https", "lab.example.org", set())
    assert asked(*told, kind="websocket") == (STRANGER, "wss", "lab.example.org", set())


def test_what_a_named_proxy_does_not_tell_stays_as_it_is() -> None:
    assert asked() == (PROXY, "http", "inside:8501", set())
    assert asked(("x-forwarded-for", ""), ("x-forwarded-proto", "gopher"), ("x-forwarded-host", " ")) == (
        PROXY,
        "http",
        "inside:8501",
        set(),
    )


def test_rfc_7239_is_never_read() -> None:
    # A proxy that writes X-Forwarded-For hands on the Forwarded of whoever asks.
    assert asked(("forwarded", "for=198.51.100.1;proto=https;host=x"))[:3] == (PROXY, "http", "inside:8501")


@pytest.mark.parametrize(
    ("forwarded_for", "expected"),
    [
        # Whoever asks may send a list of its own; each proxy appends whom it sees.
        (f"198.51.100.1, {STRANGER}", STRANGER),
        (f"{INNER}, {STRANGER}", STRANGER),
        # Several proxies in a row: the last one that was not named.
        (f"{STRANGER}, {INNER}", STRANGER),
        (f"198.51.100.1, {STRANGER}, {INNER}", STRANGER),
        (f"{STRANGER}, 10.0.0.9, {INNER}", "10.0.0.9"),
        # Only proxies: the farthest is the one who asks.
        (INNER, INNER),
        (f"{PROXY}, {INNER}", PROXY),
        # With ports, in brackets, IPv4 in IPv6's clothes.
        (f"{STRANGER}:5511", STRANGER),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:5511", "2001:db8::1"),
        (f"::ffff:{STRANGER}", STRANGER),
        # What cannot be read counts for the proxy that handed it on.
        ("unknown", PROXY),
        ("_hidden", PROXY),
        (f"{STRANGER}, garbage", PROXY),
        (f"garbage, {STRANGER}, {INNER}", STRANGER),
        (f"{STRANGER}, garbage, {INNER}", INNER),
        ("1" * 5000, PROXY),
        ("é, ;", PROXY),
    ],
)
def test_the_right_most_address_that_is_no_named_proxy_asks(forwarded_for: str, expected: str) -> None:
    assert client(forwarded_for) == expected


def test_a_list_may_be_spread_over_several_headers() -> None:
    told = (("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", STRANGER))
    assert asked(*told)[0] == STRANGER


def test_of_several_schemes_and_hosts_the_nearest_proxys_word_counts() -> None:
    told = (("x-forwarded-proto", "http, https"), ("x-forwarded-host", "evil.example, lab.example.org"))
    assert asked(*told)[1:3] == ("https", "lab.example.org")


def test_networks_and_ipv6_can_be_named() -> None:
    assert client(STRANGER, peer="10.0.7.7", proxies="192.0.2.1, 10.0.0.0/16,") == STRANGER
    assert client(STRANGER, peer="2001:db8::7", proxies="2001:db8::/64") == STRANGER
    # A server that listens on :: sees IPv4 in IPv6's clothes.
    assert client(STRANGER, peer="::ffff:10.0.0.2") == STRANGER


def test_without_a_peer_nobody_is_believed() -> None:
    assert asked(("x-forwarded-for", STRANGER), peer=None)[0] is None


@pytest.mark.parametrize(
    "value", ["localhost", "10.0.0.1/8", "10.0.0.1;10.0.0.2", "*", "0.0.0.0/0", "::/0", "10.0.0.256"]
)
def test_a_wrong_value_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"127.0.0.1,{value}")
    with pytest.raises(SettingsError, match=rf"{VARIABLE} lists the proxies' addresses .* is ") as caught:
        named_proxies()
    assert value in str(caught.value) and "\n" not in str(caught.value)
