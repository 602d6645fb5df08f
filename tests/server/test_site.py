"""Hosts, origins and the lines of server.allowedHosts, in whatever spelling they come."""

import pytest

from proutt_core.errors import SettingsError
from server.site import Site, checked_hosts, host_is_allowed, is_from_here, site_of

HOSTS = checked_hosts(["localhost", "127.0.0.1", "::1", "Lab.Example.org.", "*.uni.example"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8501",
        "LOCALHOST:8501",
        "localhost.",
        "localhost.:8501",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8501",
        "[0:0:0:0:0:0:0:1]:8501",
        "lab.example.org",
        "LAB.example.ORG:443",
        "proutt.uni.example:8501",
        "a.b.uni.example",
    ],
)
def test_allowed_names_in_every_spelling(host: str) -> None:
    site = site_of(host)
    assert site is not None and host_is_allowed(site, HOSTS)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "[::2]",
        "::1",
        "[::1",
        "localhost:",
        "localhost:99999",
        "localhost:x",
        "localhost:8501:8501",
        "user@localhost",
        "user:password@localhost:8501",
        "localhost/path",
        "localhost?x",
        "localhost#x",
        "localhost, evil.example",
        "localhost evil.example",
        "uni.example",
        "eviluni.example",
        ".uni.example",
        "локалхост",
        "localhost..",
        "ſ.uni.example",
    ],
)
def test_other_names_and_what_is_no_name(host: str) -> None:
    site = site_of(host)
    assert site is None or not host_is_allowed(site, HOSTS)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("http://localhost:8501", "localhost:8501", "http"),
        ("http://LOCALHOST:8501", "localhost:8501", "http"),
        ("http://localhost.:8501", "localhost:8501", "http"),
        ("http://localhost", "localhost:80", "http"),
        ("http://localhost", "localhost", "http"),
        ("http://[::1]:8501", "[::1]:8501", "http"),
        # A proxy took TLS off, and said so or not.
        ("https://lab.example.org", "lab.example.org", "http"),
        ("https://lab.example.org", "lab.example.org", "https"),
        ("https://lab.example.org", "lab.example.org:443", "https"),
        ("https://lab.example.org:8443", "lab.example.org:8443", "http"),
    ],
)
def test_pages_of_this_very_site(origin: str, host: str, scheme: str) -> None:
    site = site_of(host)
    assert site is not None and is_from_here(origin, site, scheme)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("http://localhost:8502", "localhost:8501", "http"),
        ("http://localhost", "localhost:8501", "http"),
        ("http://127.0.0.1:8501", "localhost:8501", "http"),
        ("http://evil.example", "localhost:8501", "http"),
        ("http://localhost:8501.evil.example", "localhost:8501", "http"),
        ("http://evil.example@localhost:8501", "localhost:8501", "http"),
        ("http://localhost:8501/", "localhost:8501", "http"),
        ("null", "localhost:8501", "http"),
        ("", "localhost:8501", "http"),
        ("localhost:8501", "localhost:8501", "http"),
        ("ws://localhost:8501", "localhost:8501", "http"),
        ("chrome-extension://localhost:8501", "localhost:8501", "http"),
        # We have TLS ourselves, or a named proxy has: a page without may be anybody's on the way.
        ("http://lab.example.org", "lab.example.org", "https"),
        ("http://lab.example.org:443", "lab.example.org", "https"),
        ("https://lab.example.org:8443", "lab.example.org", "https"),
        ("https://lab.example.org", "lab.example.org:80", "http"),
    ],
)
def test_pages_of_other_sites(origin: str, host: str, scheme: str) -> None:
    site = site_of(host)
    assert site is not None and not is_from_here(origin, site, scheme)


@pytest.mark.parametrize(
    "entry", ["http://lab.example", "lab.example:8501", "[::1]", "[::1]:8501", "", "a b", "*lab", "*.", "lab/x"]
)
def test_an_entry_that_could_never_fit_is_named(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"server\.allowedHosts holds '.*'; it lists host names"):
        checked_hosts(["localhost", entry])


def test_one_name_without_brackets_is_a_list_of_one() -> None:
    assert checked_hosts("Lab.Example.org") == ("lab.example.org",)


def test_no_entry_stands_for_any_name() -> None:
    assert host_is_allowed(Site("anything.example", None), checked_hosts([]))
