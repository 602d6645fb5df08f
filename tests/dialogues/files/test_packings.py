"""The same three dialogues in every packing, encoding and layout; and what is refused is told what it is."""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import socket
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from proutt_core.dialogues import ParsedRow, find_source, read_dialogues
from proutt_core.dialogues.files import compression, opening
from proutt_core.dialogues.files.members import members_of, natural_key
from proutt_core.dialogues.files.split_names import split_in_name
from proutt_core.errors import InputError
from tests.dialogues.files.packings import LINES, PACKINGS, ROWS, tarred, zipped, zst


def said(path: Path) -> list[list[tuple[str, str]]]:
    rows = list(read_dialogues(path))
    assert all(isinstance(row, ParsedRow) for row in rows), rows
    return sorted([(m.role, m.content) for m in row.dialogue.messages] for row in rows if isinstance(row, ParsedRow))


EXPECTED = sorted([(m["role"], m["content"]) for m in row["messages"]] for row in ROWS)


@pytest.mark.parametrize("name", PACKINGS)
def test_the_same_dialogues_in_every_packing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "data"  # the name says nothing
    path.write_bytes(PACKINGS[name])
    assert said(path) == EXPECTED


def test_a_folder_is_read_with_its_splits_in_natural_order(tmp_path: Path) -> None:
    for name, row in zip(("train/p10.jsonl", "train/p2.jsonl", "test/p1.jsonl"), ROWS, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(row))
    (tmp_path / "README.md").write_text("# data")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.json").write_bytes(LINES)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "notes.json").write_text('{"seen": true}')
    source = find_source(tmp_path)
    assert [file.member.name for file in source.files] == ["test/p1.jsonl", "train/p2.jsonl", "train/p10.jsonl"]
    assert [file.member.split for file in source.files] == ["test", "train", "train"]
    assert {note.name for note in source.notes} == {"README.md", "notes.json", "empty.jsonl"}
    rows = [row for row in read_dialogues(tmp_path) if isinstance(row, ParsedRow)]
    assert [(row.file, row.number, row.named_split) for row in rows] == [
        ("test/p1.jsonl", 1, "test"),
        ("train/p2.jsonl", 1, "train"),
        ("train/p10.jsonl", 1, "train"),
    ]


def test_a_saved_dataset_of_several_splits_is_read(tmp_path: Path) -> None:
    for split, row in zip(("train", "validation", "test"), ROWS, strict=True):
        folder = tmp_path / split
        folder.mkdir()
        table = pa.Table.from_pylist([row])
        path = str(folder / "data-00000-of-00001.arrow")
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        (folder / "state.json").write_text("{}")
        (folder / "dataset_info.json").write_text("{}")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "validation", "test"]}')
    rows = [row for row in read_dialogues(tmp_path) if isinstance(row, ParsedRow)]
    assert sorted(row.named_split or "" for row in rows) == ["test", "train", "valid"]


def test_several_files_are_one_source_and_each_that_is_named_must_be_readable(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.json" for n in range(3)]
    for path, row in zip(paths, ROWS, strict=True):
        path.write_text(json.dumps([row]))
    assert len(list(read_dialogues(*paths))) == 3
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(InputError, match=r"x\.pdf is a PDF"):
        read_dialogues(paths[0], tmp_path / "x.pdf")


@pytest.mark.parametrize("skip", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "name", ["lines", "list", "pretty objects", "wrapped", "parquet", "arrow file", "zip of parts"]
)
def test_reading_goes_on_after_any_row(tmp_path: Path, name: str, skip: int) -> None:
    path = tmp_path / "data"
    path.write_bytes(PACKINGS[name])
    source = find_source(path)
    whole = [row.value for _, row in source.rows()]
    assert [row.value for _, row in source.rows(skip=skip)] == whole[skip:]


# --- encodings --------------------------------------------------------------------------------------------------------

WRITTEN = {
    "gb18030": "我想学做红烧肉，难不难？不难，主要是火候。需要炖多久？",
    "big5": "我想學做紅燒肉，難不難？不難，主要是火候。需要燉多久？",
    "shift_jis": "レストランを探しています。駅の近くがいいです。予約はできますか。",
    "iso2022_jp": "レストランを探しています。駅の近くがいいです。予約はできますか。",
    "euc_kr": "식당을 찾고 있어요. 역에서 가까운 곳이 좋아요. 예약이 되나요?",
    "cp1251": "Я ищу ресторан рядом с вокзалом, пожалуйста. Можно ли заказать столик?",
    "cp1252": "Où est l’hôtel près de la gare ? J’aimerais réserver une chambre à côté, s’il vous plaît.",
}


@pytest.mark.parametrize("encoding", WRITTEN)
def test_an_encoding_that_is_not_told_is_read_from_the_text_and_said_to_be_a_guess(
    tmp_path: Path, encoding: str
) -> None:
    text = WRITTEN[encoding]
    row = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text}]}
    path = tmp_path / "f.jsonl"
    path.write_bytes("\n".join(json.dumps(row, ensure_ascii=False) for _ in range(5)).encode(encoding))
    (row_0, *_) = list(read_dialogues(path))
    assert isinstance(row_0, ParsedRow) and row_0.dialogue.messages[0].content == text
    (note,) = find_source(path).notes
    assert "is a guess" in note.note


def test_a_few_wrong_bytes_cost_their_rows_and_not_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(LINES * 3 + b'{"messages": [{"role": "user", "content": "caf\xe9"}]}\n' + LINES)
    rows = list(read_dialogues(path))
    assert sum(not isinstance(row, ParsedRow) for row in rows) == 1 and len(rows) == 13
    assert not find_source(path).notes


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("head", ["", "\ufeff", "sep"])
def test_a_table_with_any_separator(tmp_path: Path, separator: str, head: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["id", "messages"])
    for row in ROWS:
        writer.writerow([row["id"], json.dumps(row["messages"], ensure_ascii=False) + " " * 200_000])
    start = f"sep={separator}\n" if head == "sep" else head
    path = tmp_path / "f.csv"
    path.write_bytes((start + text.getvalue()).encode())
    (member,), _ = members_of([path])
    rows = list(opening.rows(member, "csv"))
    assert [row.value["id"] for row in rows] == ["c0", "c1", "c2"]
    assert [json.loads(row.value["messages"]) for row in rows] == [row["messages"] for row in ROWS]


def test_a_record_with_too_many_cells_or_wrong_bytes_costs_that_record(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b'id,text\n1,a\n2,b,c\n\n3,caf\xe9\n4,"two\nlines"\n5\n')
    (member,), _ = members_of([path])
    rows = list(opening.rows(member, "csv"))
    assert [row.error is None for row in rows] == [True, False, False, True, True]
    assert rows[3].value == {"id": "4", "text": "two\nlines"} and rows[4].value == {"id": "5", "text": None}
    assert [row.value for row in opening.rows(member, "csv", skip=3)] == [row.value for row in rows[3:]]


def test_the_table_of_a_database_that_holds_messages_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE users (id INTEGER, name TEXT)")
        database.execute('CREATE TABLE "the log" (session_id TEXT, role TEXT, content TEXT)')
        database.execute("CREATE TABLE settings (key TEXT, text TEXT)")
        database.executemany('INSERT INTO "the log" VALUES (?, ?, ?)', [("a", "user", "hi"), ("a", "bot", "hello")])
    database.close()
    before = path.read_bytes()
    (member,), _ = members_of([path])
    assert opening.possible_layouts(member) == ("sqlite",)
    rows = list(opening.rows(member, "sqlite"))
    assert rows[0].value == {"session_id": "a", "role": "user", "content": "hi"} and len(rows) == 2
    assert path.read_bytes() == before and not list(tmp_path.glob("bot.db-*"))


def test_a_database_without_messages_or_a_damaged_one_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE users (id INTEGER)")
    database.close()
    with pytest.raises(InputError, match=r"no table of the SQLite database holds messages \(its tables: users\)"):
        find_source(tmp_path / "a.db")
    (tmp_path / "b.db").write_bytes(b"SQLite format 3\x00" + os.urandom(4096))
    with pytest.raises(InputError, match="cannot be read"):
        find_source(tmp_path / "b.db")


# --- refusals ---------------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[bytes, str]] = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345678\n", "Git LFS.*git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s1--abc.json\n", "git annex get"),
    "xlsx": (zipped(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "Excel.*CSV"),
    "docx": (zipped(**{"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "Word"),
    "ods": (zipped(**{"mimetype": b"application/vnd", "content.xml": b"<x/>"}), "OpenDocument"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office file"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "png": (b"\x89PNG\r\n", "image"),
    "web page": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "7z archive"),
    "rar": (b"Rar!\x1a\x07\x00", "RAR"),
    "pickle": (b"\x80\x04\x95\x10\x00\x00", "pickle"),
    "torch": (zipped(**{"model/data.pkl": b"x", "model/version": b"3"}), "pickled"),
    "safetensors": ((200).to_bytes(8, "little") + b'{"a": 1}' + bytes(200), "weights"),
    "numpy": (b"\x93NUMPY\x01\x00", "NumPy"),
    "empty": (b"", "is empty"),
    "blank": (b" \n\t\r\n", "nothing but white space"),
    "cut zip": (zipped(**{"a.jsonl": LINES * 50})[:300], "cannot be unpacked"),
    "cut gzip": (gzip.compress(os.urandom(5000))[:900], "cannot be unpacked"),
    "cut zst": (zst(os.urandom(5000))[:900], "cannot be unpacked"),
    "cut tar.gz": (tarred("w:gz", **{"a": os.urandom(5000)})[:900], "cannot be unpacked|no known format"),
    "empty zip": (zipped(), "without files"),
    "packed twice": (gzip.compress(gzip.compress(LINES)), "packed twice"),
    "an archive in an archive": (zipped(**{"a.zip": zipped(**{"a.jsonl": LINES})}), "archive inside an archive"),
    "a film": (b"\x00\x00\x00\x18ftypmp42" + bytes(64), "film"),
    "binary": (bytes(range(256)) * 4, "no text"),
    "no dialogue": (b'{"name": "x", "version": "1.0"}', "no known format"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_what_it_is(tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    path = tmp_path / "train.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        find_source(path)
    assert str(caught.value).isprintable()


def test_pipes_devices_and_sockets_are_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero"), Path("/dev/null")):
            with pytest.raises(InputError, match="a device, a pipe or a socket"):
                find_source(path)
        (tmp_path / "link").symlink_to("/dev/zero")
        with pytest.raises(InputError, match="a device"):
            find_source(tmp_path / "link")
    with pytest.raises(InputError, match="is empty"):
        find_source(Path("/proc/self/mem"))
    with pytest.raises(InputError, match="no data file"):
        find_source(tmp_path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zst, lambda c: zipped(**{"a": c})])
def test_a_file_that_unpacks_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(compression, "ALWAYS_ALLOWED", 1 << 20)
    path = tmp_path / "bomb"
    path.write_bytes(pack(b'{"messages": [' + b" " * (64 << 20)))
    with pytest.raises(InputError, match="unpacks to more than"):
        list(read_dialogues(path))


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(**{"../../evil.jsonl": LINES, "/etc/other.jsonl": LINES}))
    assert len(list(read_dialogues(path))) == 6
    assert sorted(tmp_path.iterdir()) == [path]


def test_links_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        link = tarfile.TarInfo("link.jsonl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "a.tar").write_bytes(sink.getvalue())
    with pytest.raises(InputError, match="without files"):
        find_source(tmp_path / "a.tar")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00002.parquet", "train"),
        ("validation/part.jsonl", "valid"),
        ("my_dev_set.json", "valid"),
        ("test.jsonl.gz", "test"),
        ("train_test.json", None),
        ("latest/contest.json", None),
        ("train/test.json", "test"),
    ],
)
def test_the_split_in_a_name(name: str, split: str | None) -> None:
    assert split_in_name(name) == split


def test_part_2_comes_before_part_10() -> None:
    assert sorted(["p10", "p2", "p", "q1"], key=natural_key) == ["p", "p2", "p10", "q1"]


def test_lists_that_name_splits_are_all_read_with_their_splits(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"version": 1, "train": ROWS[:2], "validation": [], "test": ROWS[2:]}))
    rows = [row for row in read_dialogues(path) if isinstance(row, ParsedRow)]
    assert [row.named_split for row in rows] == ["train", "train", "test"]


def test_one_path_named_twice_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert len(list(read_dialogues(tmp_path / "a.jsonl", tmp_path / "a.jsonl"))) == 3


def test_a_small_file_with_a_few_accents_is_no_broken_utf_8(tmp_path: Path) -> None:
    text = "¿Cuántos años tiene, señor?".replace("¿", "")
    path = tmp_path / "f.jsonl"
    path.write_bytes(json.dumps({"messages": [{"role": "user", "content": text}]}, ensure_ascii=False).encode("cp1252"))
    (row,) = read_dialogues(path)
    assert isinstance(row, ParsedRow) and row.dialogue.messages[0].content == text


def test_the_names_of_a_tables_columns_are_made_different(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"\n,role,content,role,\n0,user,hi,x,\n")
    (member,), _ = members_of([path])
    (row,) = opening.rows(member, "csv")
    assert row.value == {"column 1": "0", "role": "user", "content": "hi", "role 4": "x", "column 5": ""}


def test_a_file_locked_with_a_password_says_so(tmp_path: Path) -> None:
    content = bytearray(zipped(**{"a.jsonl": LINES}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(bytes(content))
    with pytest.raises(InputError, match="locked with a password: unpack it first"):
        find_source(tmp_path / "a.zip")


@pytest.mark.parametrize("damage", [b"CREA\xef\xbb\xbfE", b"CREATE\x14T", b"CREA\x1b[2E"])
def test_a_damaged_schema_is_told_without_its_raw_characters(tmp_path: Path, damage: bytes) -> None:
    content = PACKINGS["sqlite"]
    at = content.index(b"CREATE T")
    (tmp_path / "a.db").write_bytes(content[:at] + damage + content[at + len(damage) :])
    with pytest.raises(InputError, match="cannot be read") as caught:
        find_source(tmp_path / "a.db")
    assert str(caught.value).isprintable()
