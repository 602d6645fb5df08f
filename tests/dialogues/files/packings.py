"""The same three dialogues in every packing, encoding and layout."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = [
    ("Which tram goes to the harbour?", "Line 7, every ten minutes.", "And the last one at night?"),
    ("我想学做红烧肉，难不难？", "不难，主要是火候。", "需要炖多久？"),
    ("¿Cómo hago un gazpacho?", "Tritura tomates.", "¿Y cuánto ajo?"),
]
ROWS: list[dict[str, Any]] = [
    {
        "id": f"c{n}",
        "messages": [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)],
    }
    for n, said in enumerate(TEXTS)
]
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode() + b"\n"


def zst(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)  # type: ignore[no-any-return]


def zipped(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def tarred(mode: str = "w", **files: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


def arrow(new: Callable[..., Any]) -> bytes:
    sink, table = io.BytesIO(), pa.Table.from_pylist(ROWS)
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bot.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE log (session_id TEXT, role TEXT, content TEXT)")
            rows = [(row["id"], m["role"], m["content"]) for row in ROWS for m in row["messages"]]
            database.executemany("INSERT INTO log VALUES (?, ?, ?)", rows)
        database.close()
        return path.read_bytes()


def table(separator: str) -> bytes:
    rows = [(row["id"], m["role"], m["content"]) for row in ROWS for m in row["messages"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([("session_id", "role", "content"), *rows])
    return text.getvalue().encode()


PRETTY = "\n".join(json.dumps(row, indent=2) for row in ROWS).encode()
PACKINGS: dict[str, bytes] = {
    "lines": LINES,
    "list": json.dumps(ROWS).encode(),
    "a pretty list": json.dumps(ROWS, indent=1).encode(),
    "pretty objects": PRETTY,
    "an object of rows": json.dumps({row["id"]: row for row in ROWS}).encode(),
    "wrapped": json.dumps({"version": 1, "data": ROWS}).encode(),
    "wrapped under conversations": json.dumps({"conversations": ROWS}, indent=2).encode(),
    "wrapped after much else": json.dumps({"meta": {"a": [1, 2], "x": "y" * 9000}, "n": [], "items": ROWS}).encode(),
    "wrapped behind a list of something else": json.dumps({"tags": ["a", "b"], "data": ROWS}).encode(),
    "wrapped twice": json.dumps({"export": {"version": 2, "data": ROWS}}).encode(),
    "wrapped with the users first": json.dumps({"users": [{"id": 1}], "conversations": ROWS}).encode(),
    "rows of a data viewer": json.dumps({"rows": [{"row_idx": n, "row": row} for n, row in enumerate(ROWS)]}).encode(),
    "lines that are lists": b"\n".join(json.dumps(row["messages"]).encode() for row in ROWS),
    "lines with commas": LINES.replace(b"\n", b",\n"),
    "a JSON text sequence": b"".join(b"\x1e" + line + b"\n" for line in LINES.splitlines()),
    "a BOM": b"\xef\xbb\xbf" + LINES,
    "CRLF": LINES.replace(b"\n", b"\r\n"),
    "gzip": gzip.compress(LINES),
    "bzip2": bz2.compress(LINES),
    "xz": lzma.compress(LINES),
    "lzma": lzma.compress(LINES, format=lzma.FORMAT_ALONE),
    "zstd": zst(LINES),
    "zip": zipped(**{"data.jsonl": LINES}),
    "zip with a readme": zipped(**{"README.md": b"# Talk", "LICENSE": b"MIT", "__MACOSX/._d": b"x", "d.jsonl": LINES}),
    "zip of parts": zipped(**{f"p{n}.json": json.dumps([row]).encode() for n, row in enumerate(ROWS)}),
    "zip of gz": zipped(**{"d.jsonl.gz": gzip.compress(LINES)}),
    "zip of parquet": zipped(**{"d.parquet": parquet()}),
    "tar": tarred(**{"data.jsonl": LINES}),
    "tar of a table": tarred(**{"log.csv": table(",")}),
    "tar.gz of a table and a text": tarred("w:gz", **{"log.csv": table(";"), "notes.txt": b"hello\nthere"}),
    "tar.gz": tarred("w:gz", **{"data.jsonl": LINES, "README": b"hello"}),
    "tar.bz2": tarred("w:bz2", **{"data.jsonl": LINES}),
    "tar.xz": tarred("w:xz", **{"data.jsonl": LINES}),
    "tar.zst": zst(tarred(**{f"p{n}.json": json.dumps([row]).encode() for n, row in enumerate(ROWS)})),
    "parquet": parquet(),
    "parquet.gz": gzip.compress(parquet()),
    "arrow stream": arrow(pa.ipc.new_stream),
    "arrow file": arrow(pa.ipc.new_file),
    "sqlite": sqlite(),
    **{f"a table with {separator!r}": table(separator) for separator in ",;\t|"},
    **{
        name: LINES.decode().encode(name)
        for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "gb18030")
    },
    "utf-16 in gzip": gzip.compress(LINES.decode().encode("utf-16")),
}
