"""What a message holds besides text, and what stands beside the messages: kept, or left out with a note."""

import json
from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import ParsedRow, RejectedRow
from proutt_core.types import Dialogue
from tests.dialogues.example_files import jsonl, read, talk

IMAGE = {"type": "image_url", "image_url": {"url": "data:,x"}}
SHOWN = "messages without text shown as [image], [audio], [video] or [file]"
DROPPED = "message parts other than text dropped"
THOUGHTS = "hidden thoughts left out"


def only(tmp_path: Path, row: Any) -> Dialogue:
    (parsed,) = read(jsonl(tmp_path / "a", row))
    assert isinstance(parsed, ParsedRow), parsed
    return parsed.dialogue


def said(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in dialogue.messages]


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ({"content": [IMAGE]}, "[image]"),
        ({"content": [{"type": "input_image", "image_url": "x"}]}, "[image]"),
        ({"content": [{"type": "image", "source": {"type": "base64", "data": "x"}}]}, "[image]"),
        ({"content": [{"type": "image_url", "value": "x"}]}, "[image]"),
        ({"content": [{"type": "input_audio", "input_audio": {"data": "x"}}]}, "[audio]"),
        ({"content": [{"type": "video_url", "video_url": {"url": "x"}}]}, "[video]"),
        ({"content": [{"type": "file", "file": {"file_id": "x"}}]}, "[file]"),
        ({"content": [{"type": "document", "source": {}}]}, "[file]"),
        ({"parts": [{"inlineData": {"mimeType": "image/png", "data": "x"}}]}, "[image]"),
        (
            {"content": {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}]}},
            "[image]",
        ),
        ({"content": "", "images": ["x"]}, "[image]"),
        ({"content": None, "attachments": [{"file_name": "a.pdf"}]}, "[file]"),
        ({"content": [IMAGE, {"type": "file", "file": {}}]}, "[image] [file]"),
    ],
)
def test_a_turn_that_is_only_an_image_keeps_the_replies_around_it_apart(
    tmp_path: Path, user: dict[str, Any], text: str
) -> None:
    messages = [*talk("Hi", "Hello."), {"role": "user", **user}, {"role": "assistant", "content": "A cat."}]
    dialogue = only(tmp_path, {"messages": messages})
    assert said(dialogue)[1:] == [("assistant", "Hello."), ("user", text), ("assistant", "A cat.")]
    assert dialogue.notes == (SHOWN,)
    assert json.loads(dialogue.original or "")["messages"] == messages


def test_an_image_beside_text_is_left_out_and_noted(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": [IMAGE, {"type": "text", "text": " What is it?\n"}]}]
    dialogue = only(tmp_path, {"messages": messages})
    assert (said(dialogue), dialogue.notes) == ([("user", " What is it?\n")], (DROPPED,))


@pytest.mark.parametrize(
    "answer",
    [
        {"content": [{"type": "thinking", "thinking": "h"}, {"type": "text", "text": "Yes."}]},
        {"content": [{"type": "redacted_thinking", "data": "h"}, {"type": "text", "text": "Yes."}]},
        {"content": [{"type": "reasoning", "text": "h"}, {"type": "output_text", "text": "Yes."}]},
        {"parts": [{"thought": True, "text": "h"}, {"text": "Yes."}]},
        {"content": "Yes.", "reasoning_content": "h"},
        {"content": "Yes.", "reasoning": "h"},
        {"content": [{"type": "think", "think": "h"}, {"type": "text", "text": "Yes."}]},
    ],
)
def test_hidden_thoughts_are_left_out_and_noted(tmp_path: Path, answer: dict[str, Any]) -> None:
    dialogue = only(tmp_path, {"messages": [*talk("Is it?"), {"role": "assistant", **answer}]})
    assert (said(dialogue)[1], dialogue.notes) == (("assistant", "Yes."), (THOUGHTS,))


@pytest.mark.parametrize(
    "beside",
    [
        {"system": "Be brief."},
        {"system": [{"type": "text", "text": "Be brief.", "cache_control": {}}]},
        {"system_prompt": "Be brief."},
        {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
        {"system_instruction": {"role": "system", "parts": {"text": "Be brief."}}},
    ],
)
@pytest.mark.parametrize("key", ["messages", "conversations", "dialogue"])
def test_a_system_prompt_beside_the_messages_is_the_first_of_them(
    tmp_path: Path, beside: dict[str, Any], key: str
) -> None:
    assert said(only(tmp_path, {key: talk("Hi", "Yo"), **beside}))[0] == ("system", "Be brief.")


def test_a_system_prompt_that_stands_twice_is_read_once(tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *talk("Hi")]
    assert said(only(tmp_path, {"system": "Be brief.", "messages": messages})) == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]


def test_the_system_prompt_within_a_request_or_a_pair_is_read(tmp_path: Path) -> None:
    request = {"instructions": "Be brief.", "input": [*talk("Hi")]}
    assert said(only(tmp_path, {"request": request, "response": {"output_text": "Yo"}})) == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Yo"),
    ]
    xtuner = {"conversation": [{"system": "Be brief.", "input": "Hi", "output": "Yo"}]}
    assert said(only(tmp_path, xtuner))[0] == ("system", "Be brief.")


@pytest.mark.parametrize(
    ("beside", "note"),
    [
        ({"tools": [{"type": "function", "function": {"name": "w"}}]}, "tool definitions beside the messages left out"),
        ({"tools": '[{"name": "w"}]'}, "tool definitions beside the messages left out"),
        ({"functions": [{"name": "w"}]}, "tool definitions beside the messages left out"),
        ({"images": ["a.png"]}, "images, sounds or files beside the messages left out"),
        ({"rejected": [{"role": "assistant", "content": "x"}]}, "rejected answers left out"),
        ({"tools": "[]", "images": [], "rejected": None}, None),
    ],
)
@pytest.mark.parametrize("key", ["messages", "conversations"])
def test_what_is_left_out_beside_the_messages_is_noted(
    tmp_path: Path, beside: dict[str, Any], note: str | None, key: str
) -> None:
    assert only(tmp_path, {key: talk("Hi", "Yo"), **beside}).notes == ((note,) if note else ())


def test_blocks_of_tools_become_the_assistants_turn(tmp_path: Path) -> None:
    messages = [
        *talk("Weather?"),
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "name": "w", "input": {"city": "Rome"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "18 °C"}]}]},
        {"role": "assistant", "content": "It is 18 °C."},
    ]
    call = '{"name": "w", "arguments": {"city": "Rome"}}'
    assert said(only(tmp_path, {"messages": messages}))[1:] == [
        ("assistant", f"Let me see.\n{call}\n18 °C\nIt is 18 °C."),
    ]
    gemini = [
        {"role": "user", "parts": [{"text": "Weather?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "w", "args": {"city": "Rome"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "w", "response": {"t": 18}}}]},
        {"role": "model", "parts": [{"text": "It is 18 °C."}]},
    ]
    assert said(only(tmp_path, {"contents": gemini}))[1:] == [("assistant", f'{call}\n{{"t": 18}}\nIt is 18 °C.')]


@pytest.mark.parametrize("text", ['[{"a": 1}]', "[1, 2]", '{"role": "user"}', "[{'type': 'cat'}]", " [image] "])
def test_a_text_that_looks_like_a_list_stays_as_it_is(tmp_path: Path, text: str) -> None:
    assert said(only(tmp_path, {"messages": talk(text, "Yes")}))[0] == ("user", text)


@pytest.mark.parametrize("role", [["user"], {"a": 1}, 7, True, None, "", "narrator", "x" * 20_000, "\x00"])
@pytest.mark.parametrize("key", ["messages", "conversations", "dialogue"])
def test_a_role_that_is_none_costs_its_row(tmp_path: Path, role: Any, key: str) -> None:
    bad = {key: [{"role": role, "content": "Hi"}, *talk("Hi")]}
    rows = read(jsonl(tmp_path / "a", bad, {key: talk("Hi", "Yo")}))
    assert [type(row) for row in rows] == [RejectedRow, ParsedRow]
    assert isinstance(rows[0], RejectedRow) and rows[0].reason == "unknown role"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"conversation_id": "a", "data_split": "validation"}, ("a", "a", "validation")),
        ({"id": "r1", "session_id": "s", "split": "test"}, ("r1", "s", "test")),
        ({"_id": {"$oid": "6f"}, "user_id": 8}, ("6f", "8", None)),
        ({"chatId": "a"}, ("a", "a", None)),
        ({"uuid": "a", "user": "u"}, ("a", "u", None)),
        ({"id": "a", "split": ["x"], "lang": "de"}, ("a", "a", None)),
    ],
)
def test_ids_groups_and_splits_under_their_many_names(
    tmp_path: Path, row: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    (parsed,) = read(jsonl(tmp_path / "a", {**row, "messages": talk("Hi", "Yo")}))
    assert isinstance(parsed, ParsedRow)
    named = {"validation": "valid"}.get(expected[2] or "", expected[2])
    assert (parsed.dialogue.external_id, parsed.dialogue.group, parsed.named_split) == (*expected[:2], named)
