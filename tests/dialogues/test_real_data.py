"""The files of ../shared/data, as they are."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import ParsedRow, find_source
from proutt_core.errors import InputError
from tests.dialogues.example_files import imported, read


def test_crosswoz_zip_imports_all_500_and_skips_none(shared_data: Path) -> None:
    items, report = imported(shared_data / "crosswoz/val.json.zip")
    assert (report.rows, report.imported, report.skipped, report.without_sample) == (500, 500, 0, 0)
    assert {item.dialogue.language for item in items} == {"zh"}
    assert not report.notes
    assert len({item.dialogue.external_id for item in items}) == 500


def test_crosswoz_texts_and_roles_are_the_files(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "crosswoz/val.json.zip") as archive:
        source = json.loads(archive.read("val.json"))
    for item in imported(shared_data / "crosswoz/val.json.zip")[0]:
        expected = [
            ({"usr": "user", "sys": "assistant"}[m["role"]], m["content"])
            for m in source[item.dialogue.external_id]["messages"]
        ]
        assert [(m.role, m.content) for m in item.dialogue.messages] == expected


def test_the_unzipped_crosswoz_file_and_sgd_are_read_whole(shared_data: Path) -> None:
    for name, format, language in (
        ("crosswoz/crosswoz_val_12.json", "crosswoz", "zh"),
        ("sgd/sgd_dev_12.json", "sgd", "en"),
    ):
        assert find_source(shared_data / name).format.name == format
        items, report = imported(shared_data / name)
        assert (report.imported, report.skipped) == (12, 0)
        assert {item.dialogue.language for item in items} == {language}


def test_sgd_ids_are_kept_and_not_taken_for_pieces(shared_data: Path) -> None:
    first = imported(shared_data / "sgd/sgd_dev_12.json")[0][0].dialogue
    assert first.external_id == first.group == "7_00000"
    assert first.messages[0].content == "I need help finding local events."


@pytest.mark.parametrize("name", ["dpo_en_demo.json", "glaive_toolcall_zh_demo.json"])
def test_every_messy_row_is_imported_with_every_text_of_its_source_in_order(shared_data: Path, name: str) -> None:
    source: list[dict[str, Any]] = json.loads((shared_data / "llamafactory" / name).read_text(encoding="utf-8"))
    rows = read(shared_data / "llamafactory" / name)
    assert len(rows) == len(source) == 300
    for raw, row in zip(source, rows, strict=True):
        assert isinstance(row, ParsedRow)
        texts = [turn["value"] for turn in raw["conversations"]]
        assert "\n".join(m.content for m in row.dialogue.messages) == "\n".join(texts)
        if row.dialogue.notes:
            assert json.loads(row.dialogue.original or "") == raw
        else:
            assert [m.content for m in row.dialogue.messages] == texts


def test_the_rows_with_an_orphan_observation_keep_it_in_the_assistants_turn(shared_data: Path) -> None:
    # ../shared/data/README.md counts from 0 (197 and 293); row numbers count from 1
    rows = read(shared_data / "llamafactory/glaive_toolcall_zh_demo.json")
    orphans = [r for r in rows if isinstance(r, ParsedRow) and "tool result without a tool call" in r.dialogue.notes]
    assert [r.number for r in orphans] == [198, 294]
    reply = orphans[0].dialogue.messages[1]
    assert reply.role == "assistant"
    assert reply.content.split("\n")[-2:] == [
        '{"discounted_price": 160}',
        "在应用20%的折扣后，您必须支付160美元购买这件衣服。",
    ]


def test_rows_of_only_a_system_message_and_a_question_are_imported_without_a_sample(shared_data: Path) -> None:
    _, report = imported(shared_data / "llamafactory/dpo_en_demo.json")
    assert (report.imported, report.skipped, report.without_sample) == (300, 0, 194)  # 114 human + 80 system, human


def test_byte_order_mark_form_feed_and_markup_inside_texts_stay(shared_data: Path) -> None:
    path = shared_data / "llamafactory/dpo_en_demo.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    whole = "\n".join(t["value"] for row in source for t in row["conversations"])
    read_back = "\n".join(m.content for r in read(path) if isinstance(r, ParsedRow) for m in r.dialogue.messages)
    for mark in ("\x0c", "\ufeff", "</"):
        assert read_back.count(mark) == whole.count(mark)


def test_a_file_of_comparisons_is_refused(shared_data: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"no known format.*'idx'.*Nearest: Prompt and answer.*but no prompt with an answer.*docs/formats",
    ):
        read(shared_data / "pandalm/testset-v1.json")
