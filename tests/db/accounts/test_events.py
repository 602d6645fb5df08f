"""The append-only log."""

import pytest

from db.accounts.events import recent, record
from db.engine import write
from tests.db import work


def test_events_come_newest_first_with_the_name_of_who_did_it(database: str) -> None:
    ann = work.person("ann", "annotator")
    with write() as session:
        record(session, user_id=ann, kind="skip", subject="assignment:x", detail={"queue": "q"})
        record(session, user_id=None, kind="study.open", subject="s")
    opened, skipped = recent()
    assert (opened.user, opened.kind, opened.detail) == (None, "study.open", {})
    assert (skipped.user, skipped.subject, skipped.detail) == ("ann", "assignment:x", {"queue": "q"})
    assert [event.kind for event in recent(limit=1)] == ["study.open"]
    assert [event.kind for event in recent(kinds=("skip",))] == ["skip"]


def test_event_of_a_change_that_fails_is_not_kept(database: str) -> None:
    with pytest.raises(RuntimeError), write() as session:
        record(session, user_id=None, kind="study.open", subject="s")
        raise RuntimeError("the change failed")
    assert recent() == []
