"""Released ProUtt files as pairs: which files are, what is read of a row, and what becomes of the others."""

import json
from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import ImportSettings, find_source
from proutt_core.dialogues.pairs.prompt_parts import parts_of_prompt
from proutt_core.dialogues.pairs.released import find_released, import_pairs, read_pairs, require_pair_settings
from proutt_core.dialogues.pairs.report import ImportedPair, PairReport
from proutt_core.dialogues.splits import Shares
from proutt_core.errors import InputError
from proutt_core.traces.as_text import render_prompt, render_trace
from proutt_core.types import Message, Part
from tests.dialogues.pairs.released_files import answer, preference, prompt, sft, write
from tests.example_traces import a_trace


def imported(path: Path, **settings: Any) -> tuple[list[ImportedPair], PairReport]:
    source = find_released(path)
    assert source is not None
    report = PairReport()
    pairs = list(import_pairs(read_pairs(source), ImportSettings(**settings), report))
    assert report.rows == report.imported + report.duplicates + report.skipped
    assert report.imported == report.parsed + report.verbatim == len(pairs)
    return pairs, report


def test_a_preference_row_becomes_two_traces_beside_its_texts(tmp_path: Path) -> None:
    row = preference("A weekend in Kyoto?")
    (pair,), report = imported(write(tmp_path / "pref.json", [row]))
    assert pair.verbatim.prompt == row["conversations"][0]["value"]
    assert (pair.verbatim.chosen, pair.verbatim.rejected) == (row["chosen"]["value"], row["rejected"]["value"])
    assert pair.chosen is not None and pair.rejected is not None
    assert pair.chosen.tree is not None
    assert [(a.attribute, a.value) for a in pair.chosen.tree.topics[0].attributes] == [
        ("Destination", "Kyoto"),
        ("Season", "it's autumn"),
    ]
    assert [p.text for p in pair.rejected.predictions] == [f"Prediction {n} (worse)?" for n in (1, 2, 3, 4)]
    assert (report.parsed, report.verbatim, report.sft_only) == (1, 0, 0)
    assert pair.gates_failed == ()


def test_an_sft_row_has_a_chosen_side_only(tmp_path: Path) -> None:
    (pair,), report = imported(write(tmp_path / "sft.json", [sft("A weekend?")]))
    assert pair.chosen is not None and pair.rejected is None
    assert pair.verbatim.rejected == ""
    assert (report.parsed, report.sft_only) == (1, 1)


@pytest.mark.parametrize(
    "chosen",
    [
        answer(tree="not a tree"),
        answer(tree="{'Trip': {'Where': {'City': 'Kyoto'}}}"),
        answer(predictions=3),
        "<think>nothing of the form</think><predict>a</predict>",
    ],
    ids=["no tree", "nested tree", "three predictions", "no sections"],
)
def test_what_is_no_trace_is_kept_word_for_word_with_its_cause(tmp_path: Path, chosen: str) -> None:
    (pair,), report = imported(write(tmp_path / "pref.json", [preference("A weekend?", chosen=chosen)]))
    assert (pair.chosen, pair.rejected) == (None, None)  # one side alone could not be compared
    assert pair.verbatim.chosen == chosen
    assert (report.parsed, report.verbatim, sum(report.causes.values())) == (0, 1, 1)


@pytest.mark.parametrize(
    "left_out", [("tree",), ("category",), ("mining",), ("exploration",), ("tree", "category", "mining")]
)
def test_our_own_ablated_exports_come_back_too(tmp_path: Path, left_out: tuple[Part, ...]) -> None:
    without = frozenset(left_out)
    context = (Message(role="user", content="A hotel?"), Message(role="assistant", content="Two."))
    text = render_prompt(context, without=without)
    lacking = dict.fromkeys(left_out) | ({"category_reasoning": None} if "category" in without else {})
    chosen, rejected = (a_trace(marker).model_copy(update=lacking) for marker in ("", " (worse)"))
    row = {
        "conversations": [{"from": "human", "value": text}],
        "chosen": {"from": "gpt", "value": render_trace(chosen)},
        "rejected": {"from": "gpt", "value": render_trace(rejected)},
    }
    (pair,), _ = imported(write(tmp_path / "ours.json", [row]))
    assert (pair.chosen, pair.rejected) == (chosen, rejected)
    assert pair.gates_failed == ()  # without a tree there is none whose topics the paths should start from
    # The same answers to the whole method's question are no whole traces.
    row["conversations"][0]["value"] = render_prompt(context)  # type: ignore[index]
    (pair,), _ = imported(write(tmp_path / "other.json", [row]))
    assert pair.chosen is None


def test_our_own_exports_come_back_with_their_paths(tmp_path: Path) -> None:
    text = render_prompt((Message(role="user", content="A hotel?"), Message(role="assistant", content="Two.")))
    row = {
        "conversations": [{"from": "human", "value": text}],
        "chosen": {"from": "gpt", "value": render_trace(a_trace())},
        "rejected": {"from": "gpt", "value": render_trace(a_trace(" (worse)"))},
    }
    (pair,), _ = imported(write(tmp_path / "ours.json", [row]))
    assert (pair.chosen, pair.rejected) == (a_trace(), a_trace(" (worse)"))


def test_crlf_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    rows = [preference("One?"), preference("Two?")]
    text = json.dumps(rows, ensure_ascii=False, indent=4).replace("\n", "\r\n")
    path = tmp_path / "crlf.json"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    pairs, _ = imported(path)
    assert [pair.verbatim.prompt for pair in pairs] == [row["conversations"][0]["value"] for row in rows]
    crlf = answer().replace("\n", "\r\n")
    (pair,), report = imported(write(tmp_path / "inside.json", [preference("Three?", chosen=crlf)]))
    assert pair.verbatim.chosen == crlf
    assert report.parsed == 1
    assert pair.chosen is not None and "\r" not in pair.chosen.mining.reasoning  # type: ignore[union-attr]


def test_bad_rows_cost_themselves_and_are_named(tmp_path: Path) -> None:
    broken: list[Any] = [
        preference("Kept?"),
        7,
        {"conversations": [{"from": "human", "value": "p"}]},
        {"conversations": [{"from": "human", "value": 3}], "chosen": {"from": "gpt", "value": "c"}},
        {"conversations": [{"from": "human", "value": "p"}], "chosen": "c"},
        {"messages": [{"role": "user", "content": " "}, {"role": "assistant", "content": answer()}]},
        preference("Kept too?", chosen="   "),
        preference("Kept?"),
    ]
    pairs, report = imported(write(tmp_path / "bad.json", broken))
    assert [pair.number for pair in pairs] == [1]
    assert (report.rows, report.duplicates, report.skipped) == (8, 1, 6)
    assert [error.number for error in report.errors] == [2, 3, 4, 5, 6, 7]
    assert sum(report.reasons.values()) == 6
    assert json.loads(json.dumps(report.as_dict()))["numbers"]["not a JSON object"] == [2]


def test_characters_that_no_database_holds_are_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "nul.json"
    path.write_text(json.dumps([sft("A\x00B \ud800?")]), encoding="utf-8")
    (pair,), report = imported(path)
    assert "A\ufffdB \ufffd?" in pair.verbatim.prompt
    assert sum(report.notes.values()) == 1


def test_equal_prompts_share_a_split_whatever_the_seed(tmp_path: Path) -> None:
    rows = [preference(f"Trip {n % 40}?", chosen=answer(f" {n}")) for n in range(120)]
    path = write(tmp_path / "many.json", rows)
    for seed in (0, 1):
        pairs, _ = imported(path, seed=seed, shares=Shares(train=50, valid=0, test=50))
        splits: dict[str, set[str]] = {}
        for pair in pairs:
            splits.setdefault(pair.group, set()).add(pair.split)
        assert len(splits) == 40
        assert {len(found) for found in splits.values()} == {1}
        assert {pair.split for pair in pairs} == {"train", "test"}


def test_a_limit_takes_the_first(tmp_path: Path) -> None:
    pairs, report = imported(write(tmp_path / "many.json", [sft(f"{n}?") for n in range(5)]), limit=2)
    assert [pair.number for pair in pairs] == [1, 2]
    assert report.rows == 2


def test_gates_that_can_be_judged_are(tmp_path: Path) -> None:
    same = preference("Same?", rejected=answer())
    twice = answer().replace("Prediction 2?", "PREDICTION 1?")
    chinese = preference("周末去哪里玩比较好呢？请推荐几个景点。", chosen=answer(" about the gardens of the old town"))
    text_twice = preference("Text?", chosen=answer(tree="none").replace("Prediction 2?", "Prediction 1?"))
    rows = [same, preference("Twice?", chosen=twice), chinese, text_twice, sft("Alone?")]
    pairs, report = imported(write(tmp_path / "gates.json", rows))
    assert [[failure.gate for failure in pair.gates_failed] for pair in pairs] == [
        ["same_traces"],
        ["repeated_prediction"],
        ["other_script"],
        ["repeated_prediction"],
        [],
    ]
    assert report.gate_failed == 4


@pytest.mark.parametrize("rows", [[sft("A?")], [preference("A?")]], ids=["sft", "preference"])
def test_another_format_by_name_wins(tmp_path: Path, rows: list[Any]) -> None:
    path = write(tmp_path / "file.json", rows)
    assert find_released(path) is not None
    assert find_released(path, format="sharegpt") is None


def test_other_preference_and_chat_files_stay_dialogues(tmp_path: Path) -> None:
    rows = [
        {
            "conversations": [{"from": "human", "value": "Hello?"}],
            "chosen": {"from": "gpt", "value": "<think>Well.</think>Good day."},
            "rejected": {"from": "gpt", "value": "No."},
        }
    ]
    path = write(tmp_path / "dpo.json", rows)
    assert find_released(path) is None
    assert find_source(path).format.name == "sharegpt"
    assert find_released(path, format="proutt") is not None  # named, the shape is enough
    chat = [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]
    assert find_released(write(tmp_path / "chat.json", chat)) is None


def test_the_public_preference_file_stays_dialogues(shared_data: Path) -> None:
    path = shared_data / "llamafactory" / "dpo_en_demo.json"
    assert find_released(path) is None
    assert find_source(path).format.name == "sharegpt"


def test_a_file_named_so_that_is_none_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as ProUtt pairs"):
        find_released(write(tmp_path / "x.json", [{"a": 1}]), format="proutt")
    with pytest.raises(InputError, match="no file"):
        find_released(tmp_path / "none.json")


def test_settings_of_dialogues_are_refused_by_name() -> None:
    require_pair_settings(ImportSettings(seed=3, limit=5, shares=Shares(train=100, valid=0, test=0)))
    with pytest.raises(InputError, match="min_turns, sample"):
        require_pair_settings(ImportSettings(sample=5, min_turns=2))


def test_the_dialogue_in_a_prompt_is_found_and_nothing_said_is_lost() -> None:
    text = prompt(("First?\nMore.", "One.\n\nUser: quoted"), ("Second?", "Two.\n```\ncode\n```"))
    parts = parts_of_prompt(text)
    assert parts.instruction.endswith("--Input Information--")
    assert [(m.role, m.content) for m in parts.messages] == [
        ("user", "First?\nMore."),
        ("assistant", "One."),
        ("user", "quoted"),
        ("user", "Second?"),
        ("assistant", "Two.\n```\ncode\n```"),
    ]
    context = (Message(role="user", content="A hotel?"), Message(role="assistant", content="Two."))
    assert parts_of_prompt(render_prompt(context)).messages == context
    assert parts_of_prompt("just words") == ("just words", ())
