"""Normalising: what is done, and that it is recorded."""

import pytest

from proutt_core.dialogues.files.rows import RowError
from proutt_core.dialogues.normalise import is_blank, normalise
from proutt_core.dialogues.readers.source import SourceMessage, SourceRole


def said(*messages: tuple[SourceRole, str]) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    turns, notes = normalise(SourceMessage(role, text) for role, text in messages)
    return [(m.role, m.content) for m in turns], notes


def test_an_orderly_dialogue_is_left_alone_without_a_note() -> None:
    messages: list[tuple[SourceRole, str]] = [("system", " s "), ("user", "\ufeffa\x0c"), ("assistant", "<b>b</b>\n")]
    assert said(*messages) == (messages, ())


def test_adjacent_messages_are_joined_by_a_newline() -> None:
    assert said(("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", "d")) == (
        [("user", "a\nb"), ("assistant", "c\nd")],
        ("adjacent messages of one role joined",),
    )


@pytest.mark.parametrize("blank", ["", " \n\t", "\u3000", "\u200b", "\ufeff \u2060", "\x0c"])
def test_empty_messages_go_and_their_neighbours_are_joined(blank: str) -> None:
    assert is_blank(blank)
    assert said(("user", "a"), ("assistant", blank), ("user", "b")) == (
        [("user", "a\nb")],
        ("empty messages dropped", "adjacent messages of one role joined"),
    )


def test_what_comes_before_the_user_goes_but_not_the_system_message() -> None:
    assert said(("assistant", "Welcome"), ("system", "s"), ("tool_result", "1"), ("user", "a")) == (
        [("system", "s"), ("user", "a")],
        ("messages before the first user message dropped",),
    )


def test_system_messages_at_the_start_are_one_and_later_ones_go() -> None:
    assert said(("system", "s"), ("system", "t"), ("user", "a"), ("system", "u"), ("user", "b"), ("system", "v")) == (
        [("system", "s\nt"), ("user", "a\nb")],
        ("adjacent messages of one role joined", "system messages inside the conversation dropped"),
    )


def test_tool_messages_are_text_of_the_assistants_turn() -> None:
    assert said(
        ("user", "a"), ("tool_call", "{c}"), ("tool_result", "1"), ("tool_result", "2"), ("assistant", "b")
    ) == (
        [("user", "a"), ("assistant", "{c}\n1\n2\nb")],
        ("tool messages joined to the assistant's turn",),
    )


def test_a_tool_result_without_a_call_stays_and_is_noted() -> None:
    turns, notes = said(("user", "a"), ("assistant", "b"), ("tool_result", "1"), ("assistant", "c"), ("user", "d"))
    assert turns == [("user", "a"), ("assistant", "b\n1\nc"), ("user", "d")]
    assert notes == ("tool result without a tool call", "tool messages joined to the assistant's turn")


def test_a_tool_result_right_after_the_user_is_the_assistants() -> None:
    assert said(("user", "a"), ("tool_result", "1"))[0] == [("user", "a"), ("assistant", "1")]


def test_characters_no_database_holds_are_replaced() -> None:
    assert said(("user", "a\x00\ud800")) == (
        [("user", "a\ufffd\ufffd")],
        ("characters that cannot be stored replaced by U+FFFD",),
    )


def test_without_a_user_message_the_row_is_refused() -> None:
    for messages in ([], [("system", "s")], [("assistant", "a"), ("system", "s")], [("user", " ")]):
        with pytest.raises(RowError, match="no user message"):
            said(*messages)  # type: ignore[arg-type]


def test_roles_alternate_whatever_comes_in() -> None:
    source_roles: tuple[SourceRole, ...] = ("system", "user", "assistant", "tool_call", "tool_result")
    for number in range(5**5):
        picked = [source_roles[number // 5**i % 5] for i in range(5)]
        if "user" not in picked:
            continue
        roles = [role for role, _ in said(*((role, f"{i}") for i, role in enumerate(picked)))[0]]
        talk = roles[1:] if roles[0] == "system" else roles
        assert talk == [("user", "assistant")[i % 2] for i in range(len(talk))]
