"""Small files of every kind, damaged at random (seeded): they end in rows, reported rows or an InputError."""

import gzip
import json
import random
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proutt_core.errors import InputError
from tests.dialogues.files import imported, json_file, jsonl, lmsys, raw, sharegpt, talk, wildchat

GOOD = json.dumps(lmsys()).encode()


def seeds(tmp_path: Path) -> list[bytes]:
    crosswoz = {
        str(i): {"messages": [{"role": "usr", "content": "你好"}, {"role": "sys", "content": "好"}]} for i in range(3)
    }
    pq.write_table(pa.Table.from_pylist([lmsys(i) for i in range(4)]), tmp_path / "p")
    with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(crosswoz))
    return [
        jsonl(tmp_path / "s", lmsys(1), wildchat(2), lmsys(3)).read_bytes(),
        json_file(
            tmp_path / "s", [sharegpt(("human", "嗨"), ("function_call", "{}"), ("observation", "1"))] * 3
        ).read_bytes(),
        json_file(tmp_path / "s", crosswoz).read_bytes(),
        json_file(
            tmp_path / "s", [{"dialogue_id": "1", "turns": [{"speaker": "USER", "utterance": "a"}]}] * 3
        ).read_bytes(),
        jsonl(tmp_path / "s", *[{"messages": talk("a", "b", "c"), "id": i} for i in range(3)]).read_bytes(),
        (tmp_path / "p").read_bytes(),
        (tmp_path / "z").read_bytes(),
        gzip.compress(GOOD + b"\n" + GOOD, mtime=0),
    ]


PIECES = (
    *(bytes([c]) for c in b'"\\[]{},:-\n\r \x00\xff'),
    *(b"", b"\\ud800", b"\\u0000", b"NaN", b"true", b"null", b"1e999", b"\xef\xbb\xbf", b"[" * 3000, b"9" * 5000),
)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files_end_in_rows_or_an_input_error(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for content in seeds(tmp_path):
        for _ in range(8):
            mutated = bytearray(content)
            for _ in range(draw.choice((1, 1, 2, 5))):
                at = draw.randrange(len(mutated) + 1)
                mutated[at : at + draw.choice((0, 0, 1, 1, 4, 40))] = draw.choice(PIECES)
            if draw.random() < 0.2:
                del mutated[draw.randrange(len(mutated) + 1) :]
            try:
                items, report = imported(raw(tmp_path / "m", bytes(mutated)), turn="all")
            except InputError as exc:
                assert str(exc)
            else:
                assert report.rows == report.imported + report.skipped == len(items) + report.skipped
                for item in items:
                    item.dialogue.model_dump_json().encode()  # nothing a database would refuse
                    assert "\x00" not in "".join(m.content for m in item.dialogue.messages)
