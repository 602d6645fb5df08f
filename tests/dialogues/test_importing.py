"""Filters, draws and the report; and that a file need not fit into memory."""

import json
import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from proutt_core.dialogues import (
    ImportReport,
    ImportSettings,
    find_source,
    import_dialogues,
    read_dialogues,
    search_text,
    text_sha256,
)
from proutt_core.dialogues.batches import columns
from proutt_core.dialogues.files import json_window
from proutt_core.errors import InputError
from proutt_core.types import Message
from tests.dialogues.example_files import imported, jsonl, lmsys, raw, talk, wildchat


def test_the_report_adds_up(tmp_path: Path) -> None:
    rows = [
        lmsys(1),
        lmsys(2, conversation=talk("Hi", "Hello")),  # no user message after the first turn
        lmsys(3, conversation=talk("Hi")),
        lmsys(4, language="Chinese"),
        lmsys(5, conversation=[*talk("Hi", "Hello", "Hm"), *talk("more")]),
        {"nothing": 1},
        b"{",
    ]
    items, report = imported(jsonl(tmp_path / "a", *rows), min_turns=1, language="en")
    assert [item.number for item in items] == [1, 2, 5]
    assert (report.rows, report.imported, report.skipped, report.duplicates) == (7, 3, 4, 0)
    assert (report.samples, report.without_sample) == (2, 1)
    assert report.reasons == {
        "fewer turns than asked for": 1,
        "other language than asked for": 1,
        "no list of messages": 1,
        "not valid JSON": 1,
    }
    assert report.numbers["other language than asked for"] == [4]
    assert [(row.number, row.reason) for row in report.errors] == [(6, "no list of messages"), (7, "not valid JSON")]
    assert report.notes == {"adjacent messages of one role joined": 1}


def test_a_row_that_is_refused_leaves_no_personal_data_in_the_report(tmp_path: Path) -> None:
    odd = [{"role": "jane@example.com 13812345678", "content": "Hi"}]
    _, report = imported(jsonl(tmp_path / "a", lmsys(1), lmsys(2, conversation=odd)))
    assert report.errors[0].detail.startswith("message 1: '[EMAIL] [PHONE]'; known are")


def test_at_most_fifty_errors_and_ten_numbers_are_kept(tmp_path: Path) -> None:
    _, report = imported(jsonl(tmp_path / "a", lmsys(1), *[b"{"] * 80))
    assert (report.skipped, len(report.errors)) == (80, 50)
    assert report.numbers == {"not valid JSON": list(range(2, 12))}


def test_limit_takes_the_first_that_pass_and_reads_no_further(tmp_path: Path) -> None:
    rows = [lmsys(n, language="Chinese" if n % 2 else "English") for n in range(1, 11)]
    items, report = imported(jsonl(tmp_path / "a", *rows), limit=2, language="en")
    assert [item.number for item in items] == [2, 4]
    assert report.rows == 4


def test_a_sample_is_the_same_in_any_order_and_comes_in_file_order(tmp_path: Path) -> None:
    rows = [lmsys(n) for n in range(1, 201)]
    items, report = imported(jsonl(tmp_path / "a", *rows), sample=20, seed=5)
    assert len(items) == 20
    assert [i.number for i in items] == sorted(i.number for i in items)
    assert (report.imported, report.skipped, report.reasons) == (20, 180, {"not drawn": 180})
    random.Random(0).shuffle(rows)
    again, _ = imported(jsonl(tmp_path / "b", *rows), sample=20, seed=5)
    assert {i.dialogue.external_id for i in items} == {i.dialogue.external_id for i in again}
    other, _ = imported(jsonl(tmp_path / "a", *rows), sample=20, seed=6)
    assert {i.dialogue.external_id for i in items} != {i.dialogue.external_id for i in other}


def test_a_sample_holds_no_dialogue_twice(tmp_path: Path) -> None:
    rows = [lmsys(n % 30) for n in range(120)]
    items, report = imported(jsonl(tmp_path / "a", *rows), sample=25)
    assert len({i.dialogue.external_id for i in items}) == len(items) == 25
    assert report.rows == report.imported + report.duplicates + report.skipped == 120


def test_a_sample_larger_than_the_file_is_the_file(tmp_path: Path) -> None:
    items, report = imported(jsonl(tmp_path / "a", lmsys(1), lmsys(2)), sample=10)
    assert (len(items), report.skipped) == (2, 0)


def test_splits_hold_groups_together_and_depend_on_no_order(tmp_path: Path) -> None:
    rows = [wildchat(n, hashed_ip=f"ip{n % 40}") for n in range(400)]
    first, _ = imported(jsonl(tmp_path / "a", *rows))
    second, _ = imported(jsonl(tmp_path / "b", *rows[::-1][:300]))
    by_group: dict[str, set[str]] = {}
    for item in first + second:
        by_group.setdefault(item.dialogue.group, set()).add(item.dialogue.split)
    assert all(len(splits) == 1 for splits in by_group.values())
    assert {item.dialogue.split for item in first} == {"train", "valid", "test"}


def test_what_was_joined_is_where_it_stands_now(tmp_path: Path) -> None:
    conversation = [*talk("a", "x", "b", "c\nd"), *talk("c"), *talk("d")]
    (item,), report = imported(jsonl(tmp_path / "a", lmsys(1, conversation=conversation)), turn="all")
    assert report.notes == {"adjacent messages of one role joined": 1}
    assert [message.content for message in item.dialogue.messages[3:]] == ["c\nd", "c\nd"]
    assert columns(item).samples == ((2, "[4]"), (4, "[]"))


def test_same_file_same_settings_same_result(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a", *[lmsys(n) for n in range(50)])
    assert imported(path, seed=9)[0] == imported(path, seed=9)[0]


def test_a_duplicate_the_database_found_counts_as_nothing_else(tmp_path: Path) -> None:
    row = lmsys(2, conversation=[*talk("Hi", "Hello", "Hm"), *talk("more")])
    items, report = imported(jsonl(tmp_path / "a", lmsys(1), row, b"{"), turn="all")
    report.take_back(notes=items[1].dialogue.notes, samples=len(items[1].cuts))
    assert report.rows == report.imported + report.duplicates + report.skipped
    assert report.as_dict() == {
        "rows": 3,
        "imported": 1,
        "duplicates": 1,
        "earlier_states": 0,
        "renamed": 0,
        "skipped": 1,
        "samples": 1,
        "without_sample": 0,
        "moved": 0,
        "reasons": {"not valid JSON": 1},
        "notes": {},
        "named_splits": {},
        "files": [],
        "numbers": {"not valid JSON": [3]},
        "errors": [{"number": 3, "reason": "not valid JSON", "detail": report.errors[0].detail}],
    }
    json.dumps(report.as_dict())


def test_progress_is_told_and_may_end_the_import(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def stop(report: ImportReport) -> None:
        raise Cancelled(report.rows)

    path = jsonl(tmp_path / "a", *[lmsys(n) for n in range(500)])
    for sample in (None, 10):
        settings = ImportSettings(sample=sample)
        with pytest.raises(Cancelled, match="200"):
            list(import_dialogues(read_dialogues(path), settings, ImportReport(), progress=stop))


def test_text_hash_tells_roles_and_borders_apart() -> None:
    def sha(*pairs: tuple[str, str]) -> str:
        return text_sha256(Message(role=role, content=text) for role, text in pairs)  # type: ignore[arg-type]

    hashes = [sha(("user", "a\nb")), sha(("user", "a"), ("user", "b")), sha(("assistant", "a\nb")), sha(("user", "ab"))]
    assert len(set(hashes)) == 4
    assert sha(("user", "é")) != sha(("user", "e\u0301"))  # not folded: other bytes are another text


def test_search_text_is_folded() -> None:
    messages = [Message(role="user", content="ＡＢＣ Straße"), Message(role="assistant", content="你好")]
    assert search_text(messages) == "abc strasse\n你好"


@pytest.mark.parametrize("form", ["list", "object", "lines", "zip"])
def test_a_file_larger_than_the_memory_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(json_window, "CHUNK", 1 << 14)
    rows = [json.dumps(lmsys(n, conversation=talk("Q" * 500, "A" * 500, "R"))) for n in range(3000)]
    if form == "object":
        content = "{" + ",".join(f'"{n}":{row}' for n, row in enumerate(rows)) + "}"
    else:
        content = "\n".join(rows) if form == "lines" else "[" + ",\n".join(rows) + "]"
    path = raw(tmp_path / "a", content.encode())
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "a.json")
        path = tmp_path / "z"
    assert len(content) > 4_000_000
    list(import_dialogues(read_dialogues(path), ImportSettings(limit=5), ImportReport()))  # warm
    del rows, content
    source = find_source(path)
    tracemalloc.start()
    try:
        count = sum(row.error is None for _, row in source.rows())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3000
    assert peak < 1_000_000


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w") as archive:
        archive.writestr("a.json", json.dumps([lmsys()]))
    content = bytearray((tmp_path / "z").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the directory's flag "encrypted"
    content[6] |= 1  # and the member's
    with pytest.raises(InputError, match="password"):
        read_dialogues(raw(tmp_path / "e", bytes(content)))
