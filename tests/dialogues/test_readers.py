"""Each format from small rows, in each layout it comes in."""

import datetime
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proutt_core.dialogues import ParsedRow, RejectedRow, find_source
from proutt_core.types import Dialogue
from tests.dialogues.example_files import json_file, jsonl, lmsys, raw, read, sharegpt, talk, wildchat


def only(path: Path, *, format: str | None = None) -> Dialogue:
    (row,) = read(path, format=format)
    assert isinstance(row, ParsedRow), row
    return row.dialogue


def said(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in dialogue.messages]


def test_lmsys(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a", lmsys(7, language="Chinese", openai_moderation=[{"flagged": False}, {"flagged": True}])
    )
    dialogue = only(path)
    assert find_source(path).format.name == "lmsys"
    assert dialogue.external_id == dialogue.group == f"{7:032x}"
    assert (dialogue.language, dialogue.checks.toxic, dialogue.checks.turns) == ("zh", True, 2)
    assert said(dialogue)[1] == ("assistant", "Answer NAME_1.")


def test_wildchat_groups_by_user_and_keeps_masks(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a", wildchat(1), wildchat(2), wildchat(3))
    assert find_source(path).format.name == "wildchat"
    dialogues = [row.dialogue for row in read(path) if isinstance(row, ParsedRow)]
    assert [d.group for d in dialogues] == ["ip1", "ip0", "ip1"]
    assert dialogues[0].messages[0].content == "Write to <PRESIDIO_ANONYMIZED_PERSON> 1"
    assert dialogues[0].checks.toxic is False


def test_older_wildchat_names_its_id_differently_and_users_in_messages(tmp_path: Path) -> None:
    row = wildchat(conversation_id="old", toxic=None)
    del row["conversation_hash"], row["hashed_ip"]
    row["conversation"][0] |= {"hashed_ip": "someone", "toxic": True}
    dialogue = only(jsonl(tmp_path / "a", row))
    assert (dialogue.external_id, dialogue.group, dialogue.checks.toxic) == ("old", "someone", True)


@pytest.mark.parametrize("make", [lmsys, wildchat])
def test_parquet_gives_what_jsonl_gives(tmp_path: Path, make: Any) -> None:
    rows = [make(n) for n in range(1, 600)]  # more than two batches
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=250)
    assert read(tmp_path / "a.parquet") == read(jsonl(tmp_path / "a.jsonl", *rows))


def test_parquet_with_a_time_keeps_the_original_as_json(tmp_path: Path) -> None:
    row = wildchat(timestamp=datetime.datetime(2023, 4, 9, tzinfo=datetime.UTC))
    row["conversation"].append({**row["conversation"][-1], "content": "And more"})
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a")
    dialogue = only(tmp_path / "a")
    assert dialogue.notes == ("adjacent messages of one role joined",)
    assert json.loads(dialogue.original or "")["timestamp"] == "2023-04-09 00:00:00+00:00"


def test_parquet_text_that_is_not_utf8_costs_its_row(tmp_path: Path) -> None:
    rows = [lmsys(n) for n in (1, 2, 3)]
    table = pa.Table.from_pylist(rows)
    models = pa.array([b"a", b"\xff\xfe", b"c"]).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("model"), "model", models), tmp_path / "a")
    kinds = [(type(row), row.number) for row in read(tmp_path / "a")]
    assert kinds == [(ParsedRow, 1), (RejectedRow, 2), (ParsedRow, 3)]


def test_crosswoz_sys_is_the_assistant_and_the_key_is_the_id(tmp_path: Path) -> None:
    row = {"messages": [{"role": "usr", "content": "你好"}, {"role": "sys", "content": "您好"}], "task description": []}
    dialogue = only(json_file(tmp_path / "a", {"10254": row}))
    assert dialogue.external_id == "10254"
    assert said(dialogue) == [("user", "你好"), ("assistant", "您好")]


def test_crosswoz_inside_a_zip_beside_a_mac_folder(tmp_path: Path) -> None:
    row = {"messages": [{"role": "usr", "content": "你好"}]}
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("data/", "")
        archive.writestr("__MACOSX/._val.json", b"\x00\x05")
        archive.writestr("data/val.json", json.dumps({"1": row}))
    assert said(only(tmp_path / "a")) == [("user", "你好")]


@pytest.mark.parametrize("speakers", [("USER", "SYSTEM"), ("user", "system")])
def test_sgd_and_multiwoz(tmp_path: Path, speakers: tuple[str, str]) -> None:
    turns = [{"speaker": who, "utterance": text} for who, text in zip(speakers, ("A hotel.", "Where?"), strict=True)]
    dialogue = only(json_file(tmp_path / "a", [{"dialogue_id": "MUL0001.json", "services": [], "turns": turns}]))
    assert dialogue.external_id == "MUL0001.json"
    assert said(dialogue) == [("user", "A hotel."), ("assistant", "Where?")]


@pytest.mark.parametrize("bot", ["gpt", "chatgpt", "bing", "bard", "assistant"])
@pytest.mark.parametrize("person", ["human", "user"])
def test_sharegpt_roles(tmp_path: Path, person: str, bot: str) -> None:
    row = sharegpt(("system", "Be brief."), (person, "Hi"), (bot, "Hello"))
    assert said(only(json_file(tmp_path / "a", [row]))) == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
    ]


def test_sharegpt_text_under_other_names(tmp_path: Path) -> None:
    turns = [
        {"from": "human", "text": "Hi"},
        {"from": "bing", "value": None, "markdown": {"answer": "**Hello**"}},
        {"from": "human", "value": "Bye"},
    ]
    dialogue = only(jsonl(tmp_path / "a", {"id": "x", "conversations": turns}))
    assert said(dialogue) == [("user", "Hi"), ("assistant", "**Hello**"), ("user", "Bye")]


def test_sharegpt_pieces_of_one_conversation_are_one_group(tmp_path: Path) -> None:
    rows = [sharegpt(("human", f"Part {i}"), id=name) for i, name in enumerate(("abc_0", "abc_17", "abc", "x_1_2"))]
    dialogues = [row.dialogue for row in read(json_file(tmp_path / "a", rows)) if isinstance(row, ParsedRow)]
    assert [(d.external_id, d.group) for d in dialogues] == [
        ("abc_0", "abc"),
        ("abc_17", "abc"),
        ("abc", "abc"),
        ("x_1_2", "x_1"),
    ]


def test_openai_parts_tool_calls_and_null_content(tmp_path: Path) -> None:
    messages = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Weather"}, {"type": "text", "text": "in Rome?"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "w", "arguments": '{"city":"Rome"}'}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "18 °C"},
        {"role": "assistant", "content": "It is 18 °C."},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "Here?"}],
        },
    ]
    row = {"id": 5, "messages": messages, "user": "u1", "language": "en"}
    dialogue = only(jsonl(tmp_path / "a", row))
    assert said(dialogue) == [
        ("system", "Be kind."),
        ("user", "Weather\nin Rome?"),
        ("assistant", '{"name": "w", "arguments": {"city": "Rome"}}\n18 °C\nIt is 18 °C.'),
        ("user", "Here?"),
    ]
    assert (dialogue.external_id, dialogue.group, dialogue.language) == ("5", "u1", "en")
    assert set(dialogue.notes) == {
        "text parts of a message joined",
        "message parts other than text dropped",
        "tool messages joined to the assistant's turn",
    }


@pytest.mark.parametrize("key", ["messages", "conversation"])
def test_openai_as_a_list_and_without_an_id(tmp_path: Path, key: str) -> None:
    rows = [{key: talk("Hi", "Hello")}, {key: talk("Hi", "Hello")}, {key: talk("Hi", "Hallo")}]
    dialogues = [row.dialogue for row in read(json_file(tmp_path / "a", rows)) if isinstance(row, ParsedRow)]
    assert len(dialogues[0].external_id) == 64
    assert dialogues[0].external_id == dialogues[1].external_id == dialogues[0].group
    assert dialogues[0].external_id != dialogues[2].external_id


def test_tool_call_arguments_that_are_not_json_stay_text(tmp_path: Path) -> None:
    calls = [{"function": {"name": "w", "arguments": "{city:"}}]
    row = {"messages": [*talk("Go"), {"role": "assistant", "tool_calls": calls}]}
    assert said(only(jsonl(tmp_path / "a", row)))[1] == ("assistant", '{"name": "w", "arguments": "{city:"}')


def test_gzip(tmp_path: Path) -> None:
    path = raw(tmp_path / "a", gzip.compress(json.dumps(lmsys()).encode()))
    assert only(path).external_id == f"{1:032x}"


def test_a_format_by_name_reads_what_the_content_alone_would_not_tell(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a", {"conversation": talk("Hi", "Hello"), "openai_moderation": [{"flagged": True}]})
    assert only(path).checks.toxic is None  # taken for OpenAI messages
    assert only(path, format="lmsys").checks.toxic is True


def test_multiwoz_is_another_name_of_sgd(tmp_path: Path) -> None:
    path = json_file(tmp_path / "a", [{"turns": [{"speaker": "USER", "utterance": "Hi"}]}])
    assert find_source(path, format="MultiWOZ").format.name == "sgd"
