"""What reviewers may read of a call: an allow-list, so a field that is added is not on it."""

from dataclasses import fields, replace

import pytest

from proutt_core.runs.reviewed_calls import reviewed
from proutt_core.types import Message
from proutt_core.types.calls import Call, Completion
from tests.calls import FULL_CALL, answered


def only(call: Call) -> Call:
    return reviewed([call])[0]


def test_nothing_is_left_of_who_answered_and_of_how_it_failed() -> None:
    shown = only(FULL_CALL)
    kept = {field.name for field in fields(Call) if getattr(shown, field.name) == getattr(FULL_CALL, field.name)}
    assert kept == {"stage", "version", "draw", "messages", "schema_name", "from_cache", "asked_at", "attempt"}
    nothing = Completion(text="", started_at=FULL_CALL.answer.started_at, latency_s=FULL_CALL.answer.latency_s)
    assert shown.answer == nothing
    assert not shown.valid and "cut off" not in repr(shown)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('{"topics": []}', '{\n "topics": []\n}'),
        ('<think>I am glm.</think>\n{"topics": []}', '{\n "topics": []\n}'),
        ('```json\n{"topics": []}\n```', '{\n "topics": []\n}'),
        ("As glm I would say: temples.", ""),
        ('"glm"', ""),
        ("", ""),
    ],
)
def test_of_a_usable_reply_the_json_is_shown_that_counted(said: str, read: str) -> None:
    assert only(replace(answered(FULL_CALL, text=said), problem=None)).answer.text == read


def test_a_repair_shows_the_question_and_not_what_was_refused() -> None:
    question = FULL_CALL.messages
    refused = (Message(role="assistant", content="I am glm."), Message(role="user", content="glm, answer again."))
    assert only(replace(FULL_CALL, messages=question + refused)).messages == question
