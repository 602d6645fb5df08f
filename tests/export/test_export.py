"""Which pairs go out, in which wording, and whether the trainers' own readers accept the files."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from proutt_core.errors import InputError
from proutt_core.export import final_review, final_text, goes_out, standing, write_export
from proutt_core.export.formats import ExportKind
from proutt_core.traces.as_text import parse_trace
from proutt_core.types import Message, PairReviewValue, PairStatus, ReviewedPair, VerbatimPair
from tests.example_traces import a_trace
from tests.export.trl import read_with_trl

CONTEXT = (Message(role="user", content="A hotel?"), Message(role="assistant", content="Two."))


def review(answer: str, *, number: int = 1, adjudicated: bool = False, marker: str | None = None) -> PairReviewValue:
    edited = None if marker is None else a_trace(marker)
    fields = {"review_id": number, "adjudicated": adjudicated, "answer": answer, "chosen": edited}
    return PairReviewValue.model_validate(fields)


def pair(**changes: Any) -> ReviewedPair:
    fields: dict[str, Any] = {
        "pair_id": 1,
        "external_id": "d1",
        "split": "train",
        "context": CONTEXT,
        "chosen": a_trace(" (chosen)"),
        "rejected": a_trace(" (rejected)"),
    }
    return ReviewedPair(**fields | changes)


def going_out(subject: ReviewedPair) -> set[str]:
    return {status for status in get_args(PairStatus) if goes_out(subject, status)}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], "unreviewed"),
        (["approve"], "approved"),
        (["reject"], "rejected"),
        (["approve", "approve"], "approved"),
        (["approve", "reject"], "disputed"),
    ],
)
def test_standing_is_what_everybody_said(answers: list[str], expected: str) -> None:
    assert standing(tuple(review(a) for a in answers)) == expected


def test_an_adjudicator_settles_a_dispute() -> None:
    reviews = (review("approve"), review("reject"), review("approve", adjudicated=True))
    assert standing(reviews) == "approved"
    assert standing((*reviews[:2], review("reject", adjudicated=True))) == "rejected"


def test_unreviewed_pair_that_passed_its_gates_is_clean_only() -> None:
    assert going_out(pair()) == {"clean", "all"}


def test_approved_pair_is_in_every_status() -> None:
    assert going_out(pair(reviews=(review("approve"),))) == {"approved", "clean", "all"}


@pytest.mark.parametrize("answers", [["reject"], ["approve", "reject"]])
def test_rejected_or_disputed_pair_never_goes_out(answers: list[str]) -> None:
    assert going_out(pair(reviews=tuple(review(a) for a in answers))) == set()


@pytest.mark.parametrize("changes", [{"gates_failed": ("same_traces",)}, {"imported": True}])
def test_gate_failed_or_imported_pair_goes_out_only_when_approved(changes: dict[str, Any]) -> None:
    assert going_out(pair(**changes)) == set()
    assert going_out(pair(reviews=(review("approve"),), **changes)) == {"approved", "all"}


@pytest.mark.parametrize("split", ["valid", "test"])
def test_pairs_of_other_splits_never_leave(split: str) -> None:
    assert going_out(pair(split=split, reviews=(review("approve"),))) == set()


def test_the_newest_approved_edit_goes_out() -> None:
    reviews = (review("approve", marker=" (first edit)"), review("approve", number=2, marker=" (second edit)"))
    text = final_text(pair(reviews=reviews))
    assert parse_trace(text.chosen) == a_trace(" (second edit)")
    assert parse_trace(text.rejected) == a_trace(" (rejected)")


def test_an_edit_goes_out_also_when_somebody_later_approves_the_pair_as_it_was() -> None:
    edit, plain = review("approve", marker=" (edited)"), review("approve", number=2)
    for reviews in ((edit, plain), (plain, edit)):
        subject = pair(reviews=reviews)
        assert parse_trace(final_text(subject).chosen) == a_trace(" (edited)")
        assert final_review(subject) == edit


def test_a_rejected_edit_does_not_go_out() -> None:
    reviews = (
        review("approve", marker=" (mine)"),
        review("reject", number=2, marker=" (not mine)"),
        review("approve", number=3, adjudicated=True),
    )
    assert parse_trace(final_text(pair(reviews=reviews)).chosen) == a_trace(" (chosen)")


def test_imported_text_goes_out_verbatim() -> None:
    verbatim = VerbatimPair(prompt="p\r\n", chosen="<think>{'a': 1}</think>", rejected="no")
    assert final_text(pair(chosen=None, rejected=None, verbatim=verbatim, imported=True)) == verbatim


def texts(count: int) -> list[VerbatimPair]:
    hostile = "a\u2028b \ufeff\f</think> ``` \x85"
    return [
        final_text(pair(chosen=a_trace(f" {n} {hostile}"), context=(*CONTEXT, Message(role="user", content=hostile))))
        for n in range(count)
    ]


@pytest.mark.parametrize("kind", get_args(ExportKind))
def test_trl_reads_every_row(tmp_path: Path, kind: ExportKind) -> None:
    path = tmp_path / "out.jsonl"
    expected = texts(3)
    assert write_export(path, expected, kind=kind, format="trl").rows == 3
    loaded = read_with_trl(path, cache=tmp_path / "cache")
    for (row, applied), text in zip(loaded, expected, strict=True):
        assert text.prompt in applied["prompt"]
        answer = "completion" if kind == "sft" else "chosen"
        assert row[answer] == [{"role": "assistant", "content": text.chosen}]
        if kind == "preference":
            assert row["rejected"] == [{"role": "assistant", "content": text.rejected}]


def test_llamafactory_ranking_has_one_human_prompt_and_one_dict_each(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    write_export(path, texts(3), kind="preference", format="llamafactory")
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert len(rows) == 3
    for row in rows:
        assert [turn["from"] for turn in row["conversations"]] == ["human"]
        for answer in ("chosen", "rejected"):
            assert set(row[answer]) == {"from", "value"}
            assert row[answer]["from"] == "gpt"
    info = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
    assert info["pairs"] == {
        "file_name": "pairs.json",
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
    }


def test_llamafactory_sft_has_an_even_number_of_turns_and_keeps_other_entries(tmp_path: Path) -> None:
    (tmp_path / "dataset_info.json").write_text('{"mine": {"file_name": "mine.json"}}', encoding="utf-8")
    write_export(tmp_path / "sft.json", texts(2), kind="sft", format="llamafactory")
    rows = json.loads((tmp_path / "sft.json").read_text(encoding="utf-8"))
    assert [[turn["from"] for turn in row["conversations"]] for row in rows] == [["human", "gpt"]] * 2
    assert set(json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))) == {"mine", "sft"}


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old", encoding="utf-8")
    no_rejected = VerbatimPair(prompt="p", chosen="c")
    with pytest.raises(InputError, match="no rejected text"):
        write_export(path, [no_rejected], kind="preference", format="trl")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_file_that_would_replace_dataset_info_is_refused(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('{"mine": {"file_name": "mine.json"}}', encoding="utf-8")
    with pytest.raises(InputError, match="another name"):
        write_export(info, texts(1), kind="sft", format="llamafactory")
    assert json.loads(info.read_text(encoding="utf-8")) == {"mine": {"file_name": "mine.json"}}


def test_a_dataset_info_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "dataset_info.json").write_text("{", encoding="utf-8")
    (tmp_path / "sft.json").write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match="mend it"):
        write_export(tmp_path / "sft.json", texts(1), kind="sft", format="llamafactory")
    assert (tmp_path / "sft.json").read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dataset_info.json", "sft.json"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not a folder"):
        write_export(tmp_path / "nowhere" / "out.jsonl", [], kind="sft", format="trl")


def test_training_text_holds_json(tmp_path: Path) -> None:
    text = final_text(pair()).chosen
    line = next(line for line in text.splitlines() if line.startswith("{"))
    assert json.loads(line) == {"Hotel": {"place": "北京"}}
