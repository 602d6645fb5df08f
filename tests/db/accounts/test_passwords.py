"""Which passwords an account may have, and that checking them cannot be piled up."""

import threading

import pytest

from db.accounts import passwords
from db.accounts.passwords import PasswordsBusy, generate_password, hash_password, password_fits
from db.accounts.users import change_own_password, create_user, set_password
from proutt_core.errors import InputError


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password1!",
        "P@ssw0rd",
        "12345678",
        "qwertyuiop",
        "1q2w3e4r",
        "iloveyou",
        "changeme",
        "aaaaaaaa",
        "abcdefgh",
        "abcabcabc",
        "20261201",
        "admin123",
        "woaini1314",
        "5201314520",
        "密码密码密码密码",
        "x" * 256,
        # The account's name and the product's, also with a year or a number.
        "ann.lee1",
        "annlee2026",
        "lee-ann-lee",
        "eelnna123",
        "proutt2026",
        "ProUttStudio",
        "proutt-studio",
        "annotator",
        "Annotator1",
    ],
)
def test_easy_passwords_are_refused(password: str) -> None:
    with pytest.raises(InputError, match=r"this password is too easy to guess.*; take a longer one"):
        hash_password(password, name="ann.lee")


@pytest.mark.parametrize(("password", "length"), [("", 0), ("x7$kQ!2", 7), ("correct horse " * 20, 280)])
def test_short_and_endless_passwords_are_refused(password: str, length: int) -> None:
    with pytest.raises(InputError, match=f"a password has 8 to 256 characters, this one {length}"):
        hash_password(password, name="ann")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse",
        "correct horse battery staple",
        "a long enough password",
        "h7#kq!2p",
        "tr0ub4dor&3",
        "三只小猪去看海底隧道",
        "пароль которого нет нигде",
        "x y" * 20 + "\0😀",
    ],
)
def test_other_passwords_are_taken_and_fit(password: str) -> None:
    stored = hash_password(password, name="ann")
    assert password_fits(password, stored) and not password_fits(password + "x", stored)


def test_passwords_that_are_made_up_are_taken() -> None:
    for _ in range(3):
        hash_password(generate_password(), name="ann")


def test_everywhere_a_password_is_set(sqlite: str) -> None:
    with pytest.raises(InputError, match="too easy"):
        create_user(name="ann", password="ann12345", roles=["annotator"])
    ann = create_user(name="ann", password="correct horse", roles=["annotator"]).id
    with pytest.raises(InputError, match="too easy"):
        set_password(user_id=ann, password="ann12345")
    with pytest.raises(InputError, match="too easy"):
        change_own_password(user_id=ann, current="correct horse", new="ann12345", keep_session="")


def test_no_more_passwords_wait_than_there_is_room_for() -> None:
    taken = 0
    while passwords._room.acquire(blocking=False):
        taken += 1
    try:
        with pytest.raises(PasswordsBusy, match="try again in a few seconds"):
            password_fits("x", None)
        with pytest.raises(PasswordsBusy):
            hash_password("correct horse", name="ann")
    finally:
        for _ in range(taken):
            passwords._room.release()
    assert not password_fits("x", None)
    assert taken <= 68


def test_passwords_are_checked_by_a_few_threads_of_their_own() -> None:
    for thread in [threading.Thread(target=password_fits, args=("x", None)) for _ in range(12)]:
        thread.start()
        thread.join()
    assert 1 <= sum(thread.name.startswith("passwords") for thread in threading.enumerate()) <= 4
