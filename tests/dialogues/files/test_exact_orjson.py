"""The quick decoder reads what the careful one reads, or leaves the line to it."""

import json
import random

import pytest

from benchmarks._lmsys import rows
from proutt_core.dialogues.files.exact_orjson import NotExact, loads_if_exact
from proutt_core.dialogues.files.json_stream import _line_with_care

# What the two read differently, and what looks like it and is not.
PIECES = (
    *(
        rb'"a":1,',
        rb'"a" :1,',
        rb'"a\\":1,',
        rb'"b\":":2,',
        rb'":":1,',
        rb'"c":"\":",',
        rb'"\u0061":1,',
        rb'"h":"a\\\":b",',
    ),
    *(rb'"n":123456789012345678901,', rb'"m":[9223372036854775808],', rb'"l":-12345678901234567890,', rb'"f":1e30,'),
    *(rb'"g":18446744073709551615,', rb'"k":0.00012345678901234567,', rb'"i":0.1e1,', rb'"q":-0,', rb'"r":-0.0,'),
    *(
        rb'"s":"\ud800",',
        rb'"t":"\ud83d\ude00",',
        b'"u":"\t",',
        rb'"x":NaN,',
        rb'"x":1e999,',
        b'"e":"\xff",',
        b"\xef\xbb\xbf",
    ),
    *(rb'"d":[{"a":1,"a":2}],', rb'"d":[{"a":1,"b":2}],', rb'"a":"\u0022",', rb'"j":"\"",', rb'"w":"\u0022:",'),
)
DAMAGE = (b'"', b"\\", b":", b" ", b",", b"{", b"}", b"[", b"1", b"")


def same_or_left(line: bytes) -> bool:
    """Whether the quick decoder took it; if so, both gave the same, -0.0 and types included."""
    try:
        value = loads_if_exact(line)
    except NotExact:
        return False
    careful = _line_with_care(1, line)
    assert careful.error is None, line
    assert repr(careful.value) == repr(value), line
    return True


def test_whatever_the_quick_decoder_takes_it_reads_as_the_careful_one() -> None:
    draw = random.Random(0)
    read_quickly = 0
    for _ in range(30_000):
        line = b"{" + b"".join(draw.choice(PIECES) for _ in range(draw.randint(0, 5))) + b'"z":0}'
        if draw.random() < 0.2:
            at = draw.randrange(len(line))
            line = line[:at] + draw.choice(DAMAGE) + line[at + draw.randint(0, 1) :]
        read_quickly += same_or_left(line)
    assert read_quickly > 5_000


def test_almost_all_rows_of_a_real_file_need_no_care() -> None:
    lines = [
        json.dumps(row, ensure_ascii=number % 4 == 0).encode("utf-8", "surrogatepass")
        for number, row in enumerate(rows(500))
    ]
    assert sum(map(same_or_left, lines)) > 490


@pytest.mark.parametrize(
    "line", [b'{"a":1,"a":2}', b'{"a":{"b":[{"c":1,"d":"","c":2}]}}', rb'{"a":1,"\u0061":"\u0022"}']
)
def test_a_key_that_appears_twice_is_never_lost_in_silence(line: bytes) -> None:
    with pytest.raises(NotExact):
        loads_if_exact(line)


@pytest.mark.parametrize("depth", [100, 253, 300, 1000, 1023, 3000])
def test_deep_rows_are_read_or_left(depth: int) -> None:
    line = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    try:
        assert loads_if_exact(line)
    except NotExact:
        assert depth > 200
