"""`user add`."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.accounts.sessions import sign_in, user_of_token
from db.accounts.users import find_user, list_users
from proutt_core.__main__ import app as program
from proutt_core.commands.users import app


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["add", *words], input=stdin)
    return done.exit_code, done.stdout, done.stderr


def test_password_from_standard_input_is_its_first_line(sqlite: str) -> None:
    code, out, _err = run("Ann", "--role", "annotator", "--role", "reviewer", "--password-stdin", stdin="pass word é\n")
    assert code == 0 and out.strip() == "account ann made (annotator, reviewer)"
    who = user_of_token(sign_in(name="ann", password="pass word é", address="x"))
    assert who is not None and who.roles == {"annotator", "reviewer"}


def test_without_a_terminal_a_password_is_made_up_and_printed_once(sqlite: str) -> None:
    code, out, _err = run("ann", "--role", "admin", "--json")
    account = json.loads(out.splitlines()[-1])
    assert code == 0 and account["name"] == "ann" and account["roles"] == ["admin"]
    assert user_of_token(sign_in(name="ann", password=account["password"], address="x")) is not None


def test_the_readmes_first_accounts_come_to_be(sqlite: str) -> None:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^proutt user add (\w+ --role \w+)", text, flags=re.MULTILINE)
    for line in lines:
        code, out, _err = run(*line.split())
        assert code == 0 and "password, shown this once: " in out
    assert [(user.name, sorted(user.roles)) for user in list_users()] == [
        ("ada", ["admin"]),
        ("rene", ["reviewer"]),
        ("rosa", ["researcher"]),
    ]


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (
            ("ann", "--role", "admin", "--password-stdin"),
            "ann-admin-1\n",
            "error: this password is too easy to guess (",
        ),
        (("ann", "--role", "boss", "--password-stdin"), "long enough\n", "error: 'boss' is no role; expected one of"),
        (("ann", "--role", "admin", "--password-stdin"), "", "error: --password-stdin was given"),
        (("ann", "--role", "admin", "--password-stdin"), "short\n", "error: a password has 8 to 256 characters"),
        (("a b", "--role", "admin", "--password-stdin"), "long enough\n", "error: an account's name holds"),
    ],
)
def test_what_cannot_be_is_one_clear_line(sqlite: str, words: tuple[str, ...], stdin: str, said: str) -> None:
    code, out, err = run(*words, stdin=stdin)
    assert code == 1 and out == ""
    assert err.startswith(said) and err.count("\n") == 1
    assert list_users() == []


def test_account_needs_a_role(sqlite: str) -> None:
    done = CliRunner().invoke(program, ["user", "add", "ann", "--password-stdin"], input="long enough\n")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: Missing option '--role'. See `") and done.stderr.count("\n") == 1
    assert find_user("ann") is None
