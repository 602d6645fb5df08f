"""What a page left open still receives after its right ended: signed out elsewhere, role taken, account switched off.

Fragments rerun by themselves, and a crafted message reruns any of them; none may bring data any more.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

import db.engine
from db.accounts.sessions import sign_out
from db.accounts.users import create_user, deactivate, find_user, set_roles
from db.jobs import jobs
from proutt_core.types.accounts import AccountRole
from tests.browser import project
from tests.browser.studio import server
from tests.browser.wire import Wire, open_page, sign_in

pytestmark = pytest.mark.browser

NAMED = re.compile(rb"zq[a-z]+zq")
REFUSED = (b"You are signed out.", b"Not for your account")


@dataclass
class Open:
    """A running server, and its database reachable from here."""

    address: str

    def person(self, name: str, role: AccountRole) -> str:
        """A new account; its token."""
        create_user(name=name, password=project.PASSWORD, roles=[role])
        return sign_in(self.address, name, project.PASSWORD)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("stale")
    url = project.build(folder)
    with pytest.MonkeyPatch.context() as patch, server(url, folder) as address:
        patch.setenv("PROUTT_DATABASE_URL", url)
        yield Open(address)
        db.engine.dispose()


def role_taken(name: str, token: str) -> None:
    set_roles(user_id=_id(name), roles=["annotator"])


def account_off(name: str, token: str) -> None:
    deactivate(user_id=_id(name))


def signed_out(name: str, token: str) -> None:
    sign_out(token)


def _id(name: str) -> int:
    user = find_user(name)
    assert user is not None
    return user.id


ENDS: list[Callable[[str, str], None]] = [role_taken, account_off, signed_out]


@contextmanager
def page_with_each_fragment(studio: Open, token: str, page: str) -> Iterator[list[tuple[Wire, str]]]:
    """An open page for each of its fragments: the run that follows a refusal forgets the others."""
    done = next(run.public_id for run in jobs.list_jobs(kind="synthesis") if run.name == project.RUN)
    query = f"run={done}" if page == "thresholds" else ""
    with ExitStack() as stack:
        opened: list[tuple[Wire, str]] = []
        while True:
            wire = stack.enter_context(open_page(studio.address, token, page, query))
            wire.run()
            fragments = wire.fragments()
            opened.append((wire, fragments[len(opened)]))
            if len(opened) == len(fragments):
                break
        yield opened


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("page", ["thresholds", "synthesis", "studies"])
def test_no_fragment_brings_anything_after_the_right_ended(
    studio: Open, page: str, end: Callable[[str, str], None]
) -> None:
    name = f"{page}-{end.__name__}"
    token = studio.person(name, "researcher")
    with page_with_each_fragment(studio, token, page) as opened:
        for wire, fragment in opened:  # while the right lasts they do bring something
            assert NAMED.search(wire.raw())
            wire.run(fragment=fragment, page_hash=wire.pages()[page])
            assert not any(refusal in wire.raw() for refusal in REFUSED)
        end(name, token)
        for wire, fragment in opened:
            before = len(wire.frames)
            wire.run(fragment=fragment, page_hash=wire.pages()[page])
            came = wire.raw(before)
            assert any(refusal in came for refusal in REFUSED) and NAMED.search(came) is None


def test_a_fragment_asked_for_under_another_page_brings_nothing(studio: Open) -> None:
    """The person may open that other page, and may not open the fragment's any more."""
    token = studio.person("crafty", "researcher")
    with page_with_each_fragment(studio, token, "synthesis") as opened:
        role_taken("crafty", token)
        for wire, fragment in opened:
            before = len(wire.frames)
            wire.run(fragment=fragment, page_hash=wire.pages()["account"])
            came = wire.raw(before)
            assert b"New password" in came and NAMED.search(came) is None


@pytest.mark.parametrize("page", ["pairs", "trees", "compare"])
def test_what_keeps_a_place_open_says_nothing_more_to_who_is_signed_out(studio: Open, page: str) -> None:
    token = sign_in(studio.address, "rev", project.PASSWORD)
    with open_page(studio.address, token, page) as wire:
        wire.run()
        (fragment,) = wire.fragments()
        sign_out(token)
        before = len(wire.frames)
        wire.run(fragment=fragment)
        came = wire.raw(before)
        assert REFUSED[0] in came and b"no longer held" not in came
