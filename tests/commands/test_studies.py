"""`study …`, `judge` and `agreement` as typed: what they print, what they refuse, and PandaLM's published agreement."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from db.studies.studies import get_study
from proutt_core.commands import judging, studies
from tests.statistics.pandalm import needs_pandalm, pandalm_labels, write_labels
from tests.study_setup import DATASET, add_user, judge_all, two_methods

app = typer.Typer()
app.add_typer(studies.app, name="study")
app.command("judge")(judging.judge)
app.command("agreement")(judging.agreement)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def last_line(*arguments: str) -> dict[str, Any]:
    done = call(*arguments, "--json")
    assert done.exit_code == 0, done.output
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


def refused(*arguments: str) -> str:
    done = call(*arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def create(*more: str) -> dict[str, Any]:
    named = ("--title", "Which fits?", "--dataset", DATASET, "--a", "alpha-model", "--b", "beta-model")
    return last_line("study", "create", "check", *named, "--cases", "3", "--people", "2", *more)


def judged_study() -> None:
    two_methods()
    users = [add_user("ann"), add_user("bob")]
    create()
    call("study", "open", "check")
    for user, verdicts in zip(users, (["a", "a", "b"], ["a", "tie", "b"]), strict=True):
        judge_all(get_study("check").id, user, verdicts)  # type: ignore[arg-type]


@pytest.mark.usefixtures("sqlite")
def test_a_study_goes_from_made_to_results() -> None:
    judged_study()
    assert "withheld from everybody until it is closed" in refused("study", "results", "check")
    assert "withheld" in refused("agreement", "--study", "check")
    judged = last_line("judge", "--study", "check")
    assert (judged["run"], judged["total"], judged["read"], judged["unscored"]) == ("check · rules · pairwise", 6, 6, 0)
    assert judged["llm_calls"] + judged["cached_calls"] == 6
    again = last_line("judge", "--study", "check")
    assert (again["read"], again["llm_calls"]) == (6, 0)
    assert last_line("study", "close", "check")["departure"] == ""
    results = last_line("study", "results", "check")
    # Case 1: a, a = a; case 2: a and tie = no majority = tie; case 3: b, b = b.
    assert {key: results["humans"][key] for key in ("wins", "ties", "losses", "ties_without_majority", "unjudged")} == {
        "wins": 1,
        "ties": 1,
        "losses": 1,
        "ties_without_majority": 1,
        "unjudged": 0,
    }
    assert (results["humans"]["net_win_rate"], results["humans"]["sign_test_p"]) == (0.0, 1.0)
    assert (results["a"], results["b"], results["unblinded"]) == ("a", "b", False)
    assert results["coding"].startswith("by method") and "strict majority" in results["case_verdict"]
    assert "alpha-model" not in json.dumps(results)
    last_line("study", "unblind", "check")
    unblinded = last_line("study", "results", "check")
    assert (unblinded["a"], unblinded["b"]) == ("alpha-model", "beta-model")


@pytest.mark.usefixtures("sqlite")
def test_agreement_of_a_study_has_people_without_their_names_and_judges_by_case() -> None:
    judged_study()
    last_line("judge", "--study", "check", "--mode", "pointwise")
    last_line("study", "close", "check")
    report = last_line("agreement", "--study", "check")
    assert (report["n_items"], report["n_raters"], list(report["judges"])) == (3, 2, ["rules (pointwise)"])
    assert report["human"]["raw_pairs"] == pytest.approx(2 / 3)
    assert [(k["a"], k["b"], k["n"]) for k in report["human"]["cohen_kappa"]] == [("person 1", "person 2", 3)]
    judge = report["judges"]["rules (pointwise)"]
    assert (judge["n"], judge["without_majority"], judge["without_judge"]) == (2, 1, 0)
    words = call("agreement", "--study", "check").stdout
    assert "coding by method" in words and "ann" not in words.split()


@pytest.mark.usefixtures("sqlite")
def test_an_early_close_is_named_in_the_results() -> None:
    two_methods()
    users = [add_user("ann"), add_user("bob")]
    create("--member", "ann", "--member", "bob")
    call("study", "open", "check")
    judge_all(get_study("check").id, users[0], ["b"])
    assert "needs a reason" in refused("study", "close", "check")
    last_line("study", "close", "check", "--reason", "the server moved")
    results = last_line("study", "results", "check")
    assert results["departures"] == ["closed early, with 1 of 6 answers: the server moved"]
    assert results["humans"]["unjudged"] == 2
    assert any("One person judged" in note for note in results["notes"])
    assert "departure: closed early" in call("study", "results", "check").stdout


@pytest.mark.usefixtures("sqlite")
def test_what_cannot_be_done_is_one_line_and_a_non_zero_exit() -> None:
    two_methods()
    assert 'no study is named "none"' in refused("study", "results", "none")
    plan = ("--title", "T", "--dataset", DATASET, "--a", "alpha-model", "--b", "beta-model")
    assert "has samples of 6 dialogue groups, fewer than 100 cases" in refused("study", "create", "x", *plan)
    assert "either --study NAME or --labels" in refused("agreement")
    create()
    assert "draft" in refused("judge", "--study", "check")
    assert "names no model" in refused("judge", "--study", "check", "--model", "nonsense")


def pandalm(tmp_path: Path, **how: Any) -> dict[str, Any]:
    return last_line("agreement", "--labels", str(write_labels(tmp_path / "labels.csv", pandalm_labels(**how))))


@needs_pandalm
def test_pandalm_with_garbage_dropped_gives_the_oracle(tmp_path: Path) -> None:
    report = pandalm(tmp_path, garbage="drop")
    human, gpt, small = report["human"], report["judges"]["gpt-3.5-turbo"], report["judges"]["pandalm-7b"]
    assert (report["n_items"], report["n_raters"]) == (999, 3)
    alphas = [round(human[f"alpha_{level}"], 4) for level in ("nominal", "ordinal", "interval")]
    assert alphas == [0.8642, 0.8775, 0.8772]
    assert round(human["fleiss_kappa"], 6) == 0.864175
    assert [round(pair["kappa"], 4) for pair in human["cohen_kappa"]] == [0.8520, 0.8789, 0.8617]
    assert [round(human[name], 4) for name in ("raw_pairs", "raw_all_equal")] == [0.9199, 0.8799]
    assert gpt["n"] == 974
    numbers = ("raw", "cohen_kappa", "alpha_nominal", "alpha_ordinal")
    assert [round(gpt[name], 4) for name in numbers] == [0.7156, 0.4929, 0.4919, 0.5879]
    assert gpt["confusion"] == [[360, 20, 86], [45, 5, 42], [71, 13, 332]]
    decisive = gpt["decisive"]
    assert (decisive["n"], round(decisive["raw"], 4), round(decisive["cohen_kappa"], 4)) == (849, 0.8151, 0.6299)
    assert small["n"] == 999
    assert [round(small[name], 4) for name in numbers] == [0.6677, 0.4354, 0.4356, 0.5047]


@needs_pandalm
def test_pandalm_with_garbage_as_tie_gives_the_oracle(tmp_path: Path) -> None:
    gpt = pandalm(tmp_path, garbage="tie")["judges"]["gpt-3.5-turbo"]
    assert (gpt["n"], round(gpt["raw"], 4), round(gpt["cohen_kappa"], 4)) == (999, 0.7107, 0.4958)


@needs_pandalm
def test_pandalm_with_the_judge_as_fourth_rater_gives_the_oracle(tmp_path: Path) -> None:
    report = pandalm(tmp_path, garbage="drop", judge_as_human=True)
    assert (report["n_raters"], report["judges"]) == (4, {})
    assert [round(report["human"][f"alpha_{level}"], 4) for level in ("nominal", "ordinal")] == [0.6795, 0.7225]


def test_undefined_is_null_in_json_and_undefined_with_why_in_words(tmp_path: Path) -> None:
    rows = [f"{item},{rater},human,a" for item in (1, 2) for rater in ("ann", "bob")]
    path = tmp_path / "same.csv"
    path.write_text("\n".join(["item,rater,kind,verdict", *rows]))
    report = last_line("agreement", "--labels", str(path))
    assert report["human"]["alpha_nominal"] is None and report["human"]["raw_pairs"] == 1.0
    words = call("agreement", "--labels", str(path)).stdout
    assert "Krippendorff's alpha, nominal: undefined (nothing varies" in words
    assert "raw, pairs of people: 100.0 %, n = 2" in words


def test_a_label_file_that_cannot_be_read_is_one_line_with_row_and_value(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("item,rater,kind,verdict\n1,ann,human,left\n")
    line = refused("agreement", "--labels", str(path))
    assert "row 2" in line and "left" in line


@pytest.mark.usefixtures("sqlite")
def test_a_draft_is_changed_and_deleted_and_an_open_study_is_not() -> None:
    two_methods()
    add_user("ann")
    add_user("bob")
    create()
    changed = last_line("study", "change", "check", "--cases", "2", "--name", "renamed")
    assert (changed["name"], changed["cases"], changed["people"], changed["state"]) == ("renamed", 2, 2, "draft")
    asked = call("study", "delete", "renamed")
    assert (asked.exit_code, get_study("renamed").state) == (2, "draft")
    assert 'the draft "renamed" goes for good: 2 cases of ' in asked.stderr and "give --yes" in asked.stderr
    last_line("study", "open", "renamed")
    for words in (("study", "change", "renamed", "--cases", "3"), ("study", "delete", "renamed", "--yes")):
        assert 'study "renamed" is open; only a draft study can be' in refused(*words)
    create()
    assert last_line("study", "delete", "check", "--yes") == {"study": "check", "deleted": True}
    assert 'no study is named "check"' in refused("study", "open", "check")


def labels_file(folder: Path, text: str) -> str:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-16")
    return str(path)


def test_agreement_of_a_file_with_chosen_columns_and_a_judge(tmp_path: Path) -> None:
    path = labels_file(
        tmp_path, "no;who;first;second\n1;ann;A;B\n1;bo;A;b\n1;gpt;B;B\n2;ann;Tie;a\n2;bo;tie;b\n2;gpt;tie;b\n"
    )
    chosen = ("--labels", path, "--item", "no", "--rater", "WHO")
    report = last_line("agreement", *chosen, "--verdict", "first", "--judge", "gpt")
    assert (report["n_items"], report["n_raters"], report["human"]["raw_pairs"]) == (2, 2, 1.0)
    assert report["judges"]["gpt"]["raw"] == 0.5
    assert last_line("agreement", *chosen, "--verdict", "second", "--judge", "gpt")["human"]["raw_pairs"] == 0.5


def test_agreement_of_a_column_for_each_rater(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "case|ann|bo|sum\n1|a|a|b\n2|b|tie|b\n")
    columns = ("--rater-column", "ann", "--rater-column", "bo")
    assert last_line("agreement", "--labels", path, *columns)["n_raters"] == 2
    assert last_line("agreement", "--labels", path)["n_raters"] == 3


def test_columns_of_a_study_cannot_be_chosen() -> None:
    assert "a study has no columns to choose" in refused("agreement", "--study", "check", "--item", "id")
