"""Names that forms are filled in with."""

import pytest

from proutt_core.display.names import free_name, name_for, name_from_file, title_from_name


@pytest.mark.parametrize(
    ("file", "name", "title"),
    [
        ("val.json.zip", "val", "Val"),
        ("/srv/data/sgd_dev-12.json", "sgd_dev-12", "Sgd dev 12"),
        ("对话 1.JSONL", "对话 1", "对话 1"),
        (".json", "", ""),
        ("v1.2.parquet", "v1.2", "V1 2"),
    ],
)
def test_a_file_names_the_dataset(file: str, name: str, title: str) -> None:
    assert name_from_file(file) == name
    assert title_from_name(name) == title


def test_a_taken_name_gets_a_number() -> None:
    assert free_name("val", []) == "val"
    assert free_name("val", ["val"]) == "val-2"
    assert free_name("val", ["val", "val-2", "x"]) == "val-3"


def test_what_has_these_settings_already_keeps_its_name() -> None:
    settings_by_name = {
        "rules": {"model": "rules", "tree": True},
        "mine": {"model": "rules", "tree": False},
        "other": None,
    }
    assert name_for({"model": "rules", "tree": False}, name="rules", settings_by_name=settings_by_name) == "mine"
    assert name_for({"model": "x", "tree": True}, name="rules", settings_by_name=settings_by_name) == "rules-2"
