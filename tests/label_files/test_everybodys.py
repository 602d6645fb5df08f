"""One set of labels, as everybody writes it: the same each time, with judges named where no column says them."""

from pathlib import Path

import pytest

from proutt_core.errors import InputError
from proutt_core.label_files import LabelColumns, meanings_of, read_label_set, read_labels
from proutt_core.statistics.labels import Label
from tests.label_files.everybodys import ROWS, TEXTS, write_shapes

NAMES = [*TEXTS, "xlsx", "parquet"]
# No column of theirs says who is a judge.
WITHOUT_KIND = ("label studio json-min", "label studio csv", "potato", "prodigy", "wide", "votes")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_shapes(tmp_path_factory.mktemp("shapes"))


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_holds_the_same_labels(paths: dict[str, Path], name: str) -> None:
    judges = ("gpt-4o",) if name.startswith(WITHOUT_KIND) else ()
    assert set(read_labels(paths[name], LabelColumns(judges=judges))) == {Label(*row) for row in ROWS}  # type: ignore[arg-type]


@pytest.mark.parametrize("raters", [("A", "B"), ("a", "tie")])
def test_raters_who_are_called_like_verdicts(tmp_path: Path, raters: tuple[str, str]) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"item,annotator,verdict\nq1,{raters[0]},a\nq1,{raters[1]},b\n")
    assert read_labels(path) == [Label("q1", raters[0], "human", "a"), Label("q1", raters[1], "human", "b")]


@pytest.mark.parametrize("names", ["Task,Annotator,Choice", "编号,标注者,判断", "Question,User,Winner"])
def test_names_that_people_give_columns(tmp_path: Path, names: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"{names}\nq1,ann,A\nq1,bo,平局\n", encoding="utf-8")
    assert read_labels(path) == [Label("q1", "ann", "human", "a"), Label("q1", "bo", "human", "tie")]


def test_what_words_mean_is_said(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item,rater,verdict\nq1,ann,1\nq1,bo,2\nq2,ann,left\nq2,bo,B\nq3,ann,0\n")
    with pytest.raises(InputError, match=r"'1' is not allowed, only a, tie, b.*--value 1=a"):
        read_labels(path)
    read = read_label_set(path, LabelColumns(meanings=meanings_of(["1=a", "2=B", "0=tie", "left=a"])))
    assert [label.verdict for label in read.labels] == ["a", "b", "a", "b", "tie"]


@pytest.mark.parametrize("pair", ["1", "=a", "1=left", ""])
def test_a_meaning_that_is_none(pair: str) -> None:
    with pytest.raises(InputError, match="--value is WORD=a, WORD=tie or WORD=b"):
        meanings_of([pair])
