"""What is asked outside a page's run: the file behind a download button, made at the click."""

from collections.abc import Callable

import pytest

from db.accounts.sessions import sign_out
from db.accounts.users import deactivate, find_user, set_roles
from pages._parts.who import download
from proutt_core.errors import NotAllowed


def end_by_role(user_id: int, token: str) -> None:
    set_roles(user_id=user_id, roles=["annotator"])


def end_by_account(user_id: int, token: str) -> None:
    deactivate(user_id=user_id)


def end_by_signing_out(user_id: int, token: str) -> None:
    sign_out(token)


@pytest.mark.parametrize("end", [end_by_role, end_by_account, end_by_signing_out])
def test_a_button_left_on_an_open_page_hands_out_no_file_any_more(
    sign_in_as: Callable[..., str], end: Callable[[int, str], None]
) -> None:
    token = sign_in_as("res", "researcher")
    read = download("synthesis", lambda: b"pairs")
    assert read() == b"pairs"
    user = find_user("res")
    assert user is not None
    end(user.id, token)
    with pytest.raises(NotAllowed):
        read()


def test_nobody_signed_in_gets_no_file(sqlite: str) -> None:
    with pytest.raises(NotAllowed):
        download("synthesis", lambda: b"pairs")()
