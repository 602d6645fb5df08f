"""Rows, order, ids, splits, samples and report are those of the first, simple import, which the hashes were taken from.

The hashes were made by commit bcc9f96, where one process read, checked and stored one dialogue after another; seven of
them anew when equal texts under several ids became duplicates, the assistant's text began to tell a language, and
answers and tools beside the messages were noted.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks._lmsys import write_jsonl, write_parquet
from proutt_core.actions.importing import import_now
from proutt_core.dialogues import ImportSettings
from proutt_core.jobs.kinds.importing import ImportRequest
from tests.jobs.kinds.imported_rows import fingerprint

FILES: dict[str, tuple[Callable[..., Path], int, str]] = {
    "lines": (write_jsonl, 3000, "0736d87c3f1e52340ae5cf3bf2d5e5fdb91539a95cb8a583812d23df093733fa"),
    "parquet": (write_parquet, 800, ""),
}
SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    ("lines", {}, "e61e0319a0fa00c8c771c86f1a6490b34058689d816075df98180d766fb52d60"),
    (
        "lines",
        {"turn": "all", "seed": 3, "min_turns": 2},
        "37d58a3d3379b6bd60999a94da778a7b1de4667b1153cb576457ebe95bce4853",
    ),
    ("lines", {"language": "zh"}, "a71c8b2776a35e1827cfad9e08c8803e075b991fecd2f95f665166911c226a34"),
    ("lines", {"limit": 700, "turn": "last"}, "fe868c1e26c247bbbbb25c8d7894454a83f827a89289c665ea472c84690651b0"),
    ("lines", {"sample": 400, "seed": 1}, "9c75c88b6cfd7d73bcd1fc31acf3899324c74cba4b0936f686db6f6daa48e461"),
    ("parquet", {"turn": "all"}, "55fa216705daafdffa1517969e19e1ec4a8326311b96b75c52b63d331ce719d0"),
]
MESSY = {
    "llamafactory/dpo_en_demo.json": "6080ab4e1ba95808555e2acaaca6fbe88dd852dd541db328514bfe2e1577670a",
    "llamafactory/glaive_toolcall_zh_demo.json": "c8ebf0702dbf64626937cb980655bf268a380381f2ac01e1cb86a2f3785a7514",
    "crosswoz/crosswoz_val_12.json": "170cb856e46a36520812a2daa3c18a816fba7e3e2982484c0585ef73753f9b97",
    "sgd/sgd_dev_12.json": "079621707f8e880a84ace1f0cac31c11b9036ec97c737bc5dee0350cdcea304d",
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each file is made once for all tests."""
    folder = tmp_path_factory.mktemp("generated")
    return {file: write(folder / file, count) for file, (write, count, _) in FILES.items()}


@pytest.mark.parametrize(("file", "settings", "expected"), SETTINGS, ids=lambda value: str(value)[:40])
def test_generated_rows_are_stored_as_ever(
    database: str, generated: dict[str, Path], file: str, settings: dict[str, Any], expected: str
) -> None:
    path, of_file = generated[file], FILES[file][2]
    if of_file:  # a parquet file's bytes differ from version to version of its writer
        assert hashlib.sha256(path.read_bytes()).hexdigest() == of_file, "the generator changed: nothing is compared"
    import_now(ImportRequest(paths=(str(path),), dataset="d", settings=ImportSettings(**settings)))
    assert fingerprint("d") == expected


@pytest.mark.parametrize("name", MESSY)
def test_real_rows_are_stored_as_ever(database: str, shared_data: Path, name: str) -> None:
    settings = ImportSettings(turn="all")
    import_now(ImportRequest(paths=(str(shared_data / name),), dataset="d", settings=settings))
    assert fingerprint("d") == MESSY[name]
