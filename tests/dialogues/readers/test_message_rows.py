"""One message a row: interleaved, unordered, from any table; a row that is no message costs that row."""

import datetime
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proutt_core.dialogues import ParsedRow, RejectedRow, find_source, rows_of
from proutt_core.dialogues.files.rows import RawRow, RowError
from proutt_core.dialogues.readers import message_rows
from tests.dialogues.example_files import jsonl, read


def message(conversation: Any, n: int, **more: Any) -> dict[str, Any]:
    return {"conversation_id": conversation, "turn": n, "role": ("user", "assistant")[n % 2], "content": f"{n}", **more}


def texts(row: Any) -> list[str]:
    assert isinstance(row, ParsedRow), row
    return [m.content for m in row.dialogue.messages]


def test_conversations_that_interleave_come_in_the_order_of_their_first_rows(tmp_path: Path) -> None:
    rows = [message(f"c{c}", n) for c in range(50) for n in range(6)]
    random.Random(3).shuffle(rows)
    parsed = read(jsonl(tmp_path / "a", *rows))
    assert [texts(row) for row in parsed] == [list("012345")] * 50
    order = list(dict.fromkeys(row["conversation_id"] for row in rows))
    assert [row.dialogue.external_id for row in parsed if isinstance(row, ParsedRow)] == order
    numbers = [row.number for row in parsed]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1


def test_reading_goes_on_after_any_number_of_conversations(tmp_path: Path) -> None:
    source = find_source(jsonl(tmp_path / "a", *[message(c, n) for n in range(4) for c in range(9)]))
    whole = list(rows_of(source))
    assert [list(rows_of(source, skip=k)) for k in range(10)] == [whole[k:] for k in range(10)]


def test_a_row_that_is_no_message_costs_that_row(tmp_path: Path) -> None:
    rows = [
        message("a", 0),
        b"{broken",
        {**message("a", 1), "role": "narrator"},
        {"conversation_id": "a", "role": "user"},
        message(None, 1),
        message("a", 1),
    ]
    parsed = read(jsonl(tmp_path / "a", *rows))
    assert [(row.number, row.reason) for row in parsed if isinstance(row, RejectedRow)] == [
        (2, "not valid JSON"),
        (3, "unknown role"),
        (4, "a message has no text field"),
        (5, "a message names no conversation"),
    ]
    assert texts(parsed[-1]) == ["0", "1"]


def test_parquet_with_times_and_whole_numbers_with_a_gap(tmp_path: Path) -> None:
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    rows = [
        {"session": 4.0, "is_bot": n % 2 == 1, "text": f"{n}", "created_at": start + datetime.timedelta(hours=n)}
        for n in reversed(range(4))
    ]
    pq.write_table(pa.Table.from_pylist([*rows, {**rows[0], "session": None}]), tmp_path / "a")
    rejected, parsed = read(tmp_path / "a")
    assert isinstance(rejected, RejectedRow) and rejected.number == 5
    assert texts(parsed) == list("0123")
    assert isinstance(parsed, ParsedRow) and parsed.dialogue.external_id == "4"


def test_times_that_are_not_iso_leave_the_files_order(tmp_path: Path) -> None:
    stamps = ["9/1/2026 9:00", "10/1/2026 8:00", "2/2/2026 7:00", "11/11/2026 1:00"]
    rows = [{**message("a", n), "turn": None, "timestamp": stamp} for n, stamp in enumerate(stamps)]
    assert texts(read(jsonl(tmp_path / "a", *rows))[0]) == list("0123")


def test_times_of_other_zones_are_the_same_time_line(tmp_path: Path) -> None:
    stamps = ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "2026-01-01 10:00:00", "2026-01-01T05:30:00-06:00"]
    rows = [{**message("a", n), "turn": None, "timestamp": stamp} for n, stamp in enumerate(stamps)]
    assert texts(read(jsonl(tmp_path / "a", *reversed(rows)))[0]) == list("0123")


def test_without_any_id_a_conversation_begins_where_turns_start_again(tmp_path: Path) -> None:
    rows = [{k: v for k, v in message("", n).items() if k != "conversation_id"} for n in (0, 1, 2, 3, 0, 1)]
    assert [texts(row) for row in read(jsonl(tmp_path / "a", *rows))] == [list("0123"), list("01")]


def test_a_user_of_several_conversations_is_their_group(tmp_path: Path) -> None:
    rows = [message(c, n, user_id="u", split="test") for c in "ab" for n in range(2)]
    parsed = [row for row in read(jsonl(tmp_path / "a", *rows)) if isinstance(row, ParsedRow)]
    assert [(row.dialogue.external_id, row.dialogue.group, row.named_split) for row in parsed] == [
        ("a", "u", "test"),
        ("b", "u", "test"),
    ]


def test_a_message_that_is_only_an_image_is_shown(tmp_path: Path) -> None:
    rows = [message("a", 0), message("a", 1), message("a", 2, content=None, media_url="x.png"), message("a", 3)]
    assert texts(read(jsonl(tmp_path / "a", *rows))[0]) == ["0", "1", "[file]", "3"]


@pytest.mark.parametrize("name", ["\ud800", "x" * 20_000, "\x00", " a ", 10**30])
def test_odd_names_of_conversations(name: Any) -> None:
    rows = [RawRow(n + 1, message(name, n)) for n in range(2)]
    (row,) = message_rows.gather(iter(rows))
    assert row.error is None and len(row.value["messages"]) == 2


def test_a_conversation_longer_than_a_row_may_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_rows, "LONGEST_ROW", 2000)
    rows = [RawRow(n + 1, message("a", n, content="x" * 300)) for n in range(9)]
    (row,) = message_rows.gather(iter([*rows[:8], RawRow(9, error=RowError("row too long")), rows[8]][:8]))
    assert isinstance(row.error, RowError) and row.error.reason == "row too long" and row.number == 1


def test_nothing_gives_nothing() -> None:
    assert list(message_rows.gather(iter(()))) == []
