"""Small real files of every format, and what may become of a file on its way: damaged bytes, damaged structure."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._lmsys import rows, write_parquet
from proutt_core.actions.sample import sample_path
from proutt_core.dialogues import FORMATS
from tests.dialogues.example_files import json_values
from tests.dialogues.files.packings import PACKINGS
from tests.dialogues.pairs.released_files import preference, sft

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HEADS = {  # of shared third-party files: a few rows each, where the folder is there
    "crosswoz/crosswoz_val_12.json": 2,
    "sgd/sgd_dev_12.json": 2,
    "llamafactory/dpo_en_demo.json": 6,
    "llamafactory/glaive_toolcall_zh_demo.json": 6,
}
TEXT = (
    *(b'"', b"\\", b"[", b"]", b"{", b"}", b",", b":", b"-", b"\n", b"\r", b" ", b"\x00", b"\xff", b"", b"\\ud800"),
    *(b"\\u0000", b"NaN", b"true", b"null", b"1e999", b"-Infinity", b"\xef\xbb\xbf", b"[" * 3000, b'{"a":' * 2000),
    *(b"9" * 5000, b"\xed\xa0\x80", "你".encode("gb18030"), b"\xe2\x80\xa8", b"\x1f\x8b"),
    b'"role": "user", "role": "x"',
)
ODD: tuple[Any, ...] = (
    *(None, True, -1, 10**40, 1e308, "", " ", "\x00", "\ud800", "x" * 20_000, "\u202e", [], {}, [None], [[]]),
    *({"role": "user"}, [{"role": "user", "content": ["a", {"text": "b"}]}], {"a": {"b": {"c": []}}}),
)

Mutate = Callable[[random.Random, bytes], bytes]


def seeds(folder: Path) -> dict[str, bytes]:
    """Each at most some 30 kB, by name. `folder` is for files that are made here."""
    talks = [row for row in rows(12, seed=3) if row["turn"] < 4][:4]
    wild = [
        {"conversation_hash": f"{n:032x}", "toxic": False, "hashed_ip": f"ip{n}", "language": "English"}
        | {"conversation": row["conversation"], "openai_moderation": row["openai_moderation"], "turn": row["turn"]}
        for n, row in enumerate(talks)
    ]
    sharegpt = [
        {"id": f"a_{n}", "conversations": [{"from": who, "value": text} for who, text in pairs]}
        for n, pairs in enumerate([[("human", "嗨"), ("function_call", "{}"), ("observation", "1"), ("gpt", "好")]] * 3)
    ]
    files = {
        "sample.jsonl": b"\n".join(sample_path().read_bytes().splitlines()[:6]),
        "lmsys.jsonl": _lines(talks),
        "wildchat.jsonl": _lines(wild),
        "sharegpt.json": json.dumps(sharegpt, ensure_ascii=False).encode(),
        "openai.jsonl": _lines([{"id": n, "messages": talks[n % 4]["conversation"]} for n in range(4)]),
        "preference.json": json.dumps([preference("Which temple?"), preference("When is it open?")]).encode(),
        "sft.jsonl": _lines([sft("Which temple?"), sft("When is it open?")]),
        "lmsys.parquet": write_parquet(folder / "seed.parquet", 5, seed=3).read_bytes(),
    }
    files |= _examples() | {f"{name.replace(' ', '-')}.packed": content for name, content in PACKINGS.items()}
    for name, count in HEADS.items():
        if (SHARED / name).exists():
            files[Path(name).name] = _head(SHARED / name, count)
    files["lmsys.jsonl.gz"] = gzip.compress(files["lmsys.jsonl"], mtime=0)
    files["sharegpt.zip"] = _zipped(files["sharegpt.json"])
    return files


def _examples() -> dict[str, bytes]:
    """The rows of every format as the readers' own examples have them, three conversations of each."""
    files = {}
    for format in FORMATS.values():
        copies = [format.example.replace("c-17", f"c-{n}").replace("harbour", f"harbour {n}") for n in range(3)]
        files[f"{format.name}-example.jsonl"] = _lines([row for copy in copies for row in json_values(copy)])
    return files


def _lines(made: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") for row in made) + b"\n"


def _head(path: Path, count: int) -> bytes:
    value = json.loads(path.read_text(encoding="utf-8"))
    head = dict(list(value.items())[:count]) if isinstance(value, dict) else value[:count]
    return json.dumps(head, ensure_ascii=False).encode()


def _zipped(content: bytes, name: str = "a.json") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


# --- what happens to a file -------------------------------------------------------------------------------------------


def mutated(draw: random.Random, content: bytes) -> bytes:
    """The file after one to three mishaps, of its structure where it is text, else of its bytes."""
    is_text = _is_text(content)
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(TEXTUAL if is_text else BINARY)(draw, content)
    return content


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _insert(draw: random.Random, content: bytes) -> bytes:
    at = draw.randrange(len(content) + 1)
    return content[:at] + draw.choice(TEXT) + content[at + draw.choice((0, 0, 1, 1, 4, 40)) :]


def _cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _flip(draw: random.Random, content: bytes) -> bytes:
    made = bytearray(content)
    for _ in range(draw.choice((1, 1, 4, 30)) if made else 0):
        made[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
    return bytes(made)


def _at_the_ends(draw: random.Random, content: bytes) -> bytes:
    """Headers, directories and footers: where packed files say what they hold."""
    made = bytearray(content)
    for _ in range(draw.choice((1, 2, 8))):
        near = draw.randrange(min(64, len(made))) if made else 0
        if made:
            made[near if draw.random() < 0.3 else -1 - near] = draw.randrange(256)
    return bytes(made)


def _double(draw: random.Random, content: bytes) -> bytes:
    start = draw.randrange(len(content) + 1)
    piece = content[start : start + draw.choice((1, 20, 400, 5000))]
    return content[:start] + piece * draw.choice((2, 2, 9)) + content[start:]


def _encode(draw: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    encoding = draw.choice(("utf-16", "utf-8-sig", "utf-32", "gb18030", "latin-1", "utf-16-be", "cp1252"))
    return text.encode(encoding, "replace")


def _restructure(draw: random.Random, content: bytes) -> bytes:
    """A value somewhere inside one row becomes an odd one, goes away, or comes twice."""
    try:
        value = json.loads(content)
        lines: list[Any] | None = None
    except (ValueError, RecursionError):
        try:
            lines = [json.loads(line) for line in content.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            return _insert(draw, content)
        value = lines
    _disturb(draw, value)
    try:
        parts = [json.dumps(part) for part in lines] if lines is not None else [json.dumps(value)]
    except (ValueError, RecursionError):
        return content
    text = "\n".join(parts)
    if draw.random() < 0.2:
        text = text.replace('"content"', '"role"', 1)  # a key twice
    return text.encode()


def _disturb(draw: random.Random, value: Any) -> None:
    for _ in range(draw.randrange(1, 7)):
        if not isinstance(value, dict | list) or not value:
            return
        key: Any = draw.choice(list(value)) if isinstance(value, dict) else draw.randrange(len(value))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and draw.random() < 0.75:
            value = inner
            continue
        if draw.random() < 0.2:
            del value[key]
        else:
            value[key] = draw.choice(ODD)
        return


def _pack(draw: random.Random, content: bytes) -> bytes:
    """Packed under a name that says otherwise, now and then twice or with a second file."""
    return draw.choice((gzip.compress(content, mtime=0), _zipped(content, "../a.json"), _zipped(content, ".hidden")))


TEXTUAL: tuple[Mutate, ...] = (
    *(_insert, _insert, _insert, _cut, _flip, _double, _encode),
    *(_restructure, _restructure, _pack),
)
BINARY: tuple[Mutate, ...] = (_flip, _flip, _cut, _at_the_ends, _at_the_ends, _double, _insert)
