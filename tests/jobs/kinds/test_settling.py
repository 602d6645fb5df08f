"""Imports that hold one conversation several times: one split each, and nothing goes in silence."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

import db.datasets.settle
from db.datasets import datasets
from db.datasets.dialogues import samples_by_id
from db.engine import read
from db.tables import DialogueRow, SampleRow
from proutt_core.actions.importing import import_now
from proutt_core.dialogues import ImportReport, ImportSettings, Shares
from proutt_core.errors import InputError
from proutt_core.jobs.kinds.importing import ImportRequest


def messages(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


def row(name: str, *texts: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "messages": messages(*texts)} | more


def growing(number: int, states: Iterable[int]) -> list[dict[str, Any]]:
    """States of one conversation under ids of their own, as a request log has them."""
    texts = [f"{number} says {turn}" for turn in range(12)]
    return [row(f"request-{number}-{state}", *texts[: 2 * state + 1]) for state in states]


def run(tmp_path: Path, rows: Iterable[dict[str, Any]], **settings: Any) -> ImportReport:
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(json.dumps(value) for value in rows))
    report = import_now(ImportRequest(paths=(str(path),), dataset="d", settings=ImportSettings(**settings)))
    assert isinstance(report, ImportReport)
    return report


def stored() -> list[DialogueRow]:
    with read() as session:
        rows = select(DialogueRow).join_from(DialogueRow, DialogueRow.__table__.metadata.tables["dataset"])  # type: ignore[attr-defined]
        return list(session.exec(rows.order_by(col(DialogueRow.id))).all())


def splits_by(groups: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    splits: dict[str, set[str]] = {}
    for name, split in groups:
        splits.setdefault(name, set()).add(split)
    return splits


def test_a_request_log_becomes_its_conversations(database: str, tmp_path: Path) -> None:
    rows = [state for number in range(20) for state in growing(number, (0, 1, 2, 3))]
    rows = rows[::2] + rows[1::2]  # as they came in, not one conversation after the other
    report = run(tmp_path, rows)
    assert (report.rows, report.imported, report.earlier_states, report.duplicates) == (80, 20, 60, 0)
    assert all(len(dialogue.messages) == 7 for dialogue in stored())
    assert report.samples == datasets.required("d").samples == 20


def test_equal_texts_under_other_ids_are_kept_once(database: str, tmp_path: Path) -> None:
    texts = [(f"q{n}", "a", f"r{n}") for n in range(30)]
    report = run(tmp_path, [row(f"{part}{n}", *said) for part in "ab" for n, said in enumerate(texts)])
    assert (report.imported, report.duplicates) == (30, 30)
    assert [dialogue.external_id for dialogue in stored()] == [f"a{n}" for n in range(30)]


def test_what_begins_with_the_same_turn_is_in_one_split(database: str, tmp_path: Path) -> None:
    rows = [row(f"{n}-{m}", f"q{n}", f"a{n}", f"goes on {m}", "b") for n in range(30) for m in range(3)]
    report = run(tmp_path, rows, shares=Shares(train=50, valid=0, test=50))
    assert report.imported == 90
    torn = splits_by((dialogue.messages[0]["content"], dialogue.split) for dialogue in stored())
    assert all(len(splits) == 1 for splits in torn.values()) and len({*map(tuple, torn.values())}) == 2
    assert report.as_dict()["largest_group"]["dialogues"] == 3
    assert report.as_dict()["groups"] == 30


def test_the_same_first_turn_under_another_system_prompt_is_another_conversation(database: str, tmp_path: Path) -> None:
    system = [{"role": "system", "content": "Be brief."}]
    rows = [row("a", "q", "a", "b"), {"id": "b", "messages": system + messages("q", "a", "b")}]
    assert run(tmp_path, rows).as_dict()["groups"] == 2


def test_groups_by_id_and_by_turn_join(database: str, tmp_path: Path) -> None:
    rows = [
        row("1", "q", "a", "x", user="ann"),
        row("2", "other", "a", "y", user="ann"),
        row("3", "q", "a", "z", user="bo"),
        row("4", "third", "a", "z", user="bo"),
        row("5", "alone", "a", "z", user="cy"),
    ]
    run(tmp_path, rows)
    groups = [dialogue.group_key for dialogue in stored()]
    assert groups == ["ann"] * 4 + ["cy"]


def test_one_user_for_all_rows_is_no_group(database: str, tmp_path: Path) -> None:
    report = run(tmp_path, [row(f"r{n}", f"q{n}", "a", "b", user="service") for n in range(60)])
    assert report.as_dict()["groups"] == 60
    assert len({dialogue.split for dialogue in stored()}) == 3


def test_numbered_ids_spread_and_pieces_do_not(database: str, tmp_path: Path) -> None:
    def sharegpt(name: str, *texts: str) -> dict[str, Any]:
        said = [{"from": ("human", "gpt")[i % 2], "value": text} for i, text in enumerate(texts)]
        return {"id": name, "conversations": said}

    rows = [sharegpt(f"identity_{n}", f"q{n}", "a", "b", "c") for n in range(100)]
    rows += [sharegpt(f"{name}_{n * 4}", f"{name}{n}", "a", "b", "c") for name in ("abc", "def") for n in range(3)]
    run(tmp_path, rows)
    dialogues = stored()
    assert len({dialogue.split for dialogue in dialogues[:100]}) == 3
    assert [dialogue.group_key for dialogue in dialogues[100:]] == ["abc"] * 3 + ["def"] * 3


def named(count: int) -> list[dict[str, Any]]:
    names = ("train", "dev", "test")
    return [row(f"r{n}", f"q{n}", "a", f"b{n}", split=names[n % 3]) for n in range(count)]


def test_splits_that_the_source_names_are_kept(database: str, tmp_path: Path) -> None:
    report = run(tmp_path, named(30))
    assert [dialogue.split for dialogue in stored()] == ["train", "valid", "test"] * 10
    assert report.named_splits == {"train": 10, "valid": 10, "test": 10}
    assert report.as_dict()["splits"]["test"] == {"dialogues": 10, "samples": 10}


def test_shares_that_somebody_names_go_before_the_source(database: str, tmp_path: Path) -> None:
    run(tmp_path, named(30), shares=Shares(train=100, valid=0, test=0))
    assert {dialogue.split for dialogue in stored()} == {"train"}


def test_one_split_named_for_everything_is_no_split(database: str, tmp_path: Path) -> None:
    run(tmp_path, [value | {"split": "train"} for value in named(60)])
    assert {dialogue.split for dialogue in stored()} == {"train", "valid", "test"}


def test_what_is_in_train_and_test_stays_in_test_only(database: str, tmp_path: Path) -> None:
    rows = [
        row("1", "q", "a", "b", split="train"),
        row("2", "q", "a", "b", split="test"),
        row("3", "q", "a", "c", split="train"),
        row("4", "p", "a", "c", split="train"),
        row("5", "p", "a", "c", "d", "e", split="valid"),
        row("6", "o", "a", "c", split="train"),
    ]
    report = run(tmp_path, rows)
    assert [(d.external_id, d.split) for d in stored()] == [
        ("1", "test"),
        ("3", "test"),
        ("5", "valid"),
        ("6", "train"),
    ]
    assert report.moved == 3 and report.duplicates == 1 and report.earlier_states == 1


def test_a_draw_holds_no_conversation_twice(database: str, tmp_path: Path) -> None:
    rows = [state for number in range(40) for state in growing(number, (0, 1, 2, 3))]
    report = run(tmp_path, rows, sample=25)
    assert report.imported == len(stored()) == 25
    assert len({dialogue.messages[0]["content"] for dialogue in stored()}) == 25
    assert report.rows == report.imported + report.duplicates + report.earlier_states + report.skipped


@pytest.mark.parametrize(
    ("rows", "settings", "reason"),
    [
        ([row("a", "q", "a")], {"min_turns": 5}, "fewer turns"),
        ([row("a", "q", "a")], {"language": "zh"}, "other language"),
        ([{"messages": [{"role": "assistant", "content": "hello"}]}] * 3, {}, "no user message (rows 1, 2, 3)"),
    ],
    ids=["turns", "language", "roles"],
)
def test_an_import_of_nothing_is_an_error_that_leaves_no_name(
    database: str, tmp_path: Path, rows: list[dict[str, Any]], settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match="nothing was imported") as caught:
        run(tmp_path, rows, **settings)
    assert reason in str(caught.value)
    assert run(tmp_path, [row("a", "q", "a", "b")]).imported == 1


def test_an_import_killed_while_it_settles_ends_as_an_undisturbed_one(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [state for number in range(12) for state in growing(number, (0, 1, 2))]
    rows += [value | {"id": f"again-{n}"} for n, value in enumerate(rows[:6])]
    monkeypatch.setattr(db.datasets.settle, "AT_ONCE", 5)
    steps = 0
    real = db.datasets.settle.remove_dialogues

    def killed(*args: Any, **named: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt
        real(*args, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(db.datasets.settle, "remove_dialogues", killed)
        run(tmp_path, rows)
    report = run(tmp_path, rows)
    assert (report.rows, report.imported, report.earlier_states, report.duplicates) == (42, 12, 24, 6)
    assert report.samples == datasets.required("d").samples == 12


def test_a_model_is_told_the_language_only_where_it_is_certain(database: str, tmp_path: Path) -> None:
    rows = [
        row("guessed", "Where is the old harbour?", "By the sea.", "And how far is it?"),
        row("named", "Where is the new harbour?", "By the sea.", "And how far is it?", language="English"),
        row("script", "港口在哪里？", "在海边。", "有多远？"),
    ]
    run(tmp_path, rows)
    assert [dialogue.language for dialogue in stored()] == ["en", "en", "zh"]
    with read() as session:
        sample_ids = [number for number in session.exec(select(SampleRow.id)).all() if number is not None]
    samples = [stored_sample.sample for stored_sample in samples_by_id(sample_ids).values()]
    languages = {sample.external_id: sample.language for sample in samples}
    assert languages == {"guessed": "und", "named": "en", "script": "zh"}


def write(path: Path, rows: Iterable[dict[str, Any]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(value) for value in rows))
    return str(path)


def test_files_that_each_count_from_0_keep_their_splits(database: str, tmp_path: Path) -> None:
    for split, count in (("train", 12), ("test", 5)):
        write(tmp_path / "data" / f"{split}.jsonl", (row(str(n), f"{split} {n}", "a", "b") for n in range(count)))
    report = import_now(ImportRequest(paths=(str(tmp_path / "data"),), dataset="d"))
    assert isinstance(report, ImportReport)
    assert (report.named_splits, report.moved) == ({"train": 12, "test": 5}, 0)
    assert [dialogue.split for dialogue in stored()].count("test") == 5


def test_a_column_of_splits_whose_ids_start_anew_keeps_them(database: str, tmp_path: Path) -> None:
    rows = [row(str(n), f"{split} {n}", "a", "b", split=split) for split in ("train", "test") for n in range(6)]
    assert run(tmp_path, rows).moved == 0
    assert [dialogue.split for dialogue in stored()] == ["train"] * 6 + ["test"] * 6


def test_named_groups_of_sharegpt_rows_stay(database: str, tmp_path: Path) -> None:
    said = [{"from": ("human", "gpt")[i % 2], "value": str(i)} for i in range(3)]
    rows = [
        {
            "id": f"s{n}",
            "conversation_id": f"c{n % 4}",
            "conversations": [{"from": "human", "value": f"q{n}"}, *said[1:]],
        }
        for n in range(16)
    ]
    assert run(tmp_path, rows).as_dict()["groups"] == 4


def test_a_first_few_rows_of_one_split_are_not_split_anew(database: str, tmp_path: Path) -> None:
    for split in ("test", "train"):
        write(tmp_path / "data" / f"{split}.jsonl", (row(f"{split}{n}", f"{split} {n}", "a", "b") for n in range(20)))
    settings = ImportSettings(limit=15)
    import_now(ImportRequest(paths=(str(tmp_path / "data"),), dataset="d", settings=settings))
    assert {dialogue.split for dialogue in stored()} == {"test"}


def test_the_states_of_a_log_of_tools_are_one_conversation(database: str, tmp_path: Path) -> None:
    def state(number: int, length: int) -> dict[str, Any]:
        call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
        whole = [
            {"role": "user", "content": f"Weather in town {number}?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": f"{number} degrees"},
            {"role": "assistant", "content": "Sunny."},
            {"role": "user", "content": "Thanks"},
        ]
        return {"id": f"{number}-{length}", "messages": whole[:length]}

    report = run(tmp_path, [state(number, length) for number in range(20) for length in (1, 2, 3, 4, 5)])
    assert (report.imported, report.earlier_states) == (20, 80)


def test_a_resumed_import_with_a_limit_imports_the_same(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [state for number in range(6) for state in growing(number, (0, 1, 2))]
    undisturbed = run(tmp_path, rows, limit=9)
    assert undisturbed.rows == 9
    monkeypatch.setattr(db.datasets.settle, "AT_ONCE", 2)
    steps = 0
    real = db.datasets.settle.remove_dialogues

    def killed(*args: Any, **named: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise KeyboardInterrupt
        real(*args, **named)

    path = write(tmp_path / "g.jsonl", rows)
    request = ImportRequest(paths=(path,), dataset="e", settings=ImportSettings(limit=9))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(db.datasets.settle, "remove_dialogues", killed)
        import_now(request)
    resumed = import_now(request)
    assert isinstance(resumed, ImportReport)
    assert (resumed.rows, resumed.imported, resumed.earlier_states) == (
        *(undisturbed.rows, undisturbed.imported, undisturbed.earlier_states),
    )
