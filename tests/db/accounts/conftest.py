"""A clock of their own for signing in and slowing down."""

import pytest

import db.accounts.attempts
import db.accounts.sessions
from tests.db.accounts.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (db.accounts.attempts, db.accounts.sessions):
        monkeypatch.setattr(module, "now", made)
    return made
