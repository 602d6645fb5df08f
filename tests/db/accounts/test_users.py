"""Accounts and roles on both databases."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from db.accounts.events import recent
from db.accounts.sessions import sign_in, user_of_token
from db.accounts.users import (
    change_own_password,
    create_user,
    deactivate,
    find_user,
    list_users,
    reactivate,
    set_password,
    set_roles,
)
from db.columns import now
from db.engine import read
from db.tables import RoleGrant, User
from proutt_core.errors import ConflictError, InputError, NotAllowed
from proutt_core.types import AccountRole

PASSWORD = "correct horse"


def make(name: str, *roles: AccountRole) -> int:
    return create_user(name=name, password=PASSWORD, roles=roles or ("annotator",)).id


def test_new_account_has_its_roles_and_an_argon2id_hash(database: str) -> None:
    made = create_user(name="Ann.Lee", password=PASSWORD, roles=["reviewer", "annotator"], languages=["zh", "en"])
    assert made.name == "ann.lee"
    assert made.roles == {"annotator", "reviewer"}
    assert made.languages == ("en", "zh")
    assert made.last_sign_in is None
    with read() as session:
        stored = session.exec(select(User.password_hash)).one()
    assert stored.startswith("$argon2id$") and PASSWORD not in stored


def test_names_that_look_the_same_are_the_same(database: str) -> None:
    make("ann")
    with pytest.raises(ConflictError, match="already an account named ann"):
        make("ＡＮＮ ")  # full-width letters
    same_user = find_user(" Ann")
    assert same_user is not None and same_user.name == "ann"
    assert [user.name for user in list_users()] == ["ann"]


@pytest.mark.parametrize("name", ["", "a b", "![x](y)", "ann\u202e", "<b>", "x" * 65])
def test_name_that_could_mislead_on_a_screen_is_refused(sqlite: str, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        make(name)


def test_unknown_role_no_role_and_short_password_are_refused(sqlite: str) -> None:
    with pytest.raises(InputError, match="'boss' is no role"):
        create_user(name="ann", password=PASSWORD, roles=["boss"])  # type: ignore[list-item]
    with pytest.raises(InputError, match="at least one role"):
        create_user(name="ann", password=PASSWORD, roles=[])
    with pytest.raises(InputError, match="8 to 256"):
        create_user(name="ann", password="seven77", roles=["annotator"])
    assert list_users() == []


def test_roles_taken_away_are_kept_as_history(database: str) -> None:
    ann, admin = make("ann", "annotator", "researcher"), make("adm", "admin")
    set_roles(user_id=ann, roles=["annotator", "reviewer"], by=admin)
    with read() as session:
        grants = session.exec(select(RoleGrant).where(RoleGrant.user_id == ann)).all()
    assert {(grant.role, grant.revoked_at is None) for grant in grants} == {
        ("annotator", True),
        ("researcher", False),
        ("reviewer", True),
    }
    assert now() - max(grant.granted_at for grant in grants) < timedelta(minutes=1)
    event = recent(kinds=("user.roles",))[0]
    assert (event.user, event.subject) == ("adm", "ann")
    assert event.detail == {"granted": ["reviewer"], "revoked": ["researcher"]}


def test_role_given_again_after_it_was_taken_is_a_new_grant(database: str) -> None:
    ann = make("ann", "annotator", "researcher")
    set_roles(user_id=ann, roles=["annotator"])
    set_roles(user_id=ann, roles=["annotator", "researcher"])
    with read() as session:
        grants = session.exec(select(RoleGrant).where(RoleGrant.user_id == ann, RoleGrant.role == "researcher")).all()
    assert [grant.revoked_at is None for grant in grants] == [False, True]


def test_changed_roles_hold_from_the_next_click(database: str) -> None:
    ann = make("ann", "annotator")
    token = sign_in(name="ann", password=PASSWORD, address="here")
    set_roles(user_id=ann, roles=["reviewer"])
    who = user_of_token(token)
    assert who is not None and who.roles == {"reviewer"}


def test_last_admin_keeps_the_role_and_the_account(database: str) -> None:
    admin = make("adm", "admin")
    make("ann", "annotator")
    with pytest.raises(ConflictError, match="last admin"):
        set_roles(user_id=admin, roles=["annotator"])
    with pytest.raises(ConflictError, match="last admin"):
        deactivate(user_id=admin)
    user = find_user("adm")
    assert user is not None and user.active and user.roles == {"admin"}


def test_admin_that_is_switched_off_does_not_count_as_one(database: str) -> None:
    first, second = make("first", "admin"), make("second", "admin")
    deactivate(user_id=second)
    with pytest.raises(ConflictError, match="last admin"):
        set_roles(user_id=first, roles=["annotator"])


def test_two_admins_who_remove_each_other_at_once_leave_one(database: str) -> None:
    first, second = make("first", "admin"), make("second", "admin")
    outcomes = _at_once(
        lambda: deactivate(user_id=first),
        lambda: set_roles(user_id=second, roles=["annotator"]),
    )
    assert sorted(outcomes) == ["done", "refused"]
    assert len([user for user in list_users() if user.active and "admin" in user.roles]) == 1


def _at_once(*actions: Callable[[], object]) -> list[str]:
    start = threading.Barrier(len(actions))
    outcomes: list[str] = []

    def run(action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        except ConflictError:
            outcomes.append("refused")
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_account_switched_off_is_out_at_once_and_can_come_back(database: str) -> None:
    make("adm", "admin")
    ann = make("ann")
    token = sign_in(name="ann", password=PASSWORD, address="here")
    deactivate(user_id=ann)
    assert user_of_token(token) is None
    with pytest.raises(NotAllowed, match="Name or password is wrong"):
        sign_in(name="ann", password=PASSWORD, address="here")
    reactivate(user_id=ann)
    assert user_of_token(token) is None  # the old session does not come back
    assert user_of_token(sign_in(name="ann", password=PASSWORD, address="here")) is not None


def test_new_password_ends_all_sessions(database: str) -> None:
    ann = make("ann")
    token = sign_in(name="ann", password=PASSWORD, address="here")
    set_password(user_id=ann, password="another one")
    assert user_of_token(token) is None
    with pytest.raises(NotAllowed):
        sign_in(name="ann", password=PASSWORD, address="here")
    assert user_of_token(sign_in(name="ann", password="another one", address="here")) is not None


def test_own_new_password_needs_the_present_one_and_keeps_only_this_session(database: str) -> None:
    ann = make("ann")
    here, elsewhere = (sign_in(name="ann", password=PASSWORD, address="x") for _ in range(2))
    with pytest.raises(NotAllowed, match="present password is wrong"):
        change_own_password(user_id=ann, current="a wild guess", new="another one", keep_session=here)
    assert user_of_token(elsewhere) is not None
    change_own_password(user_id=ann, current=PASSWORD, new="another one", keep_session=here)
    assert user_of_token(here) is not None and user_of_token(elsewhere) is None
