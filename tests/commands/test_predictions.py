"""`import-predictions`: what a model elsewhere predicted becomes a method, all or nothing; the report; blinding."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from sqlmodel import select
from typer.testing import CliRunner

from db.accounts.users import find_user
from db.engine import read
from db.jobs import jobs
from db.review.queues import claim_next, titles
from db.studies import methods
from db.studies.comparisons import compare_task
from db.studies.draw import predicted_methods
from db.studies.studies import create_study, open_study
from db.tables import PredictionRow
from proutt_core.commands import predictions, runs
from proutt_core.errors import InputError
from proutt_core.types import StudyDesign
from tests.study_setup import DATASET, add_dataset, add_method, add_user

pytestmark = pytest.mark.usefixtures("sqlite")

app = typer.Typer()
app.command("import-predictions")(predictions.import_predictions)
app.command("predict")(runs.predict)


def row(n: int, **more: Any) -> dict[str, Any]:
    return {"dialogue_id": f"d{n}", "turn": 4, "utterances": [f"{word} {n}?" for word in ("A", "B", "C", "D")], **more}


def call(tmp_path: Path, *rows: dict[str, Any], method: str = "outside", dataset: str = DATASET) -> Result:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(values) + "\n" for values in rows), encoding="utf-8")
    return CliRunner().invoke(
        app, ["import-predictions", str(path), "--dataset", dataset, "--method", method, "--json"]
    )


def report(tmp_path: Path, *rows: dict[str, Any], method: str = "outside") -> dict[str, Any]:
    done = call(tmp_path, *rows, method=method)
    assert done.exit_code == 0, done.output
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


def refused(tmp_path: Path, *rows: dict[str, Any], method: str = "outside", dataset: str = DATASET) -> str:
    before = stored()
    done = call(tmp_path, *rows, method=method, dataset=dataset)
    assert done.exit_code == 1 and done.stdout == ""
    assert stored() == before, "nothing of a refused file is stored"
    (line,) = done.stderr.splitlines()
    return line.replace(str(tmp_path), "")


def stored() -> tuple[list[str], list[str], int]:
    with read() as session:
        count = len(session.exec(select(PredictionRow.id)).all())
    return [method.name for method in methods.list_methods()], [job.name for job in jobs.list_jobs()], count


def test_a_file_becomes_a_method_that_a_study_compares(tmp_path: Path) -> None:
    add_dataset(test=6)
    add_method("beta-model")
    said = report(tmp_path, *(row(n) for n in range(6)))
    assert {
        key: said[key] for key in ("matched", "added", "known", "uncovered", "outside_test", "fewer_than_four")
    } == {
        "matched": 6,
        "added": 6,
        "known": 0,
        "uncovered": 0,
        "outside_test": 0,
        "fewer_than_four": 0,
    }
    (job,) = [job for job in jobs.list_jobs(kind="predict") if job.dataset == DATASET]
    assert (job.state, job.name) == ("done", "outside on chats (imported)")
    design = StudyDesign(
        name="check", public_title="Which fits?", dataset=DATASET, a="outside", b="beta-model", cases=6, people=1
    )
    create_study(design)
    add_user("ann")
    open_study("check")
    ann = find_user("ann")
    assert ann is not None
    queue = titles(kind="compare", user_id=ann.id)[0][0]
    claim = claim_next(queue_public_id=queue, user_id=ann.id)
    assert claim is not None
    task = compare_task(assignment_id=claim.assignment_id, user_id=ann.id)
    assert {"A ", "B ", "C ", "D "} <= {text[:2] for text in (*task.left, *task.right)}
    assert "outside" not in task.model_dump_json()


def test_the_report_names_unknown_rows_repeats_and_what_is_missing(tmp_path: Path) -> None:
    add_dataset(test=3, train=2)
    said = report(
        tmp_path,
        row(0),
        row(0),
        row(99),
        row(1, turn=2),
        {"sample": "d1#4", "utterances": "One?"},
        row(4),
        {"sample": "nowhere#1", "utterances": ["x"]},
    )
    assert (said["matched"], said["by_split"], said["outside_test"]) == (3, {"test": 2, "train": 1}, 1)
    assert said["unknown"] == [
        "line 3: no dialogue 'd99', turn 4",
        "line 4: dialogue 'd1', turn 2: its samples are at turn 4",
        "line 7: no sample 'nowhere#1'",
    ]
    assert said["repeated"] == ["line 2: as line 1"]
    assert (said["uncovered"], said["uncovered_samples"], said["fewer_than_four"]) == (1, ["d2#4"], 1)
    assert [(m.name, m.predicted) for m in predicted_methods(DATASET)] == [("outside", 2)]


def test_the_report_in_words(tmp_path: Path) -> None:
    add_dataset(test=2, train=1)
    done = call(tmp_path, row(0), row(2, utterances=["One?"]), row(7))
    assert done.stderr.splitlines() == [
        "outside: 2 samples matched, 2 new, 1 of them in the test split",
        "  1 are outside the test split and in no study",
        "  1 rows that match no sample: line 3: no dialogue 'd7', turn 4",
        "  1 test samples without a prediction: d1#4",
        "  1 samples have fewer than 4 utterances, by which judges may tell methods apart",
    ]


@pytest.mark.parametrize("names", [{"sample": "d1#4"}, {"sample": "d1"}, {"dialogue_id": "d1"}, {"id": "d1#4"}])
def test_ways_to_name_a_sample(tmp_path: Path, names: dict[str, Any]) -> None:
    add_dataset(test=3)
    said = report(tmp_path, {**names, "utterances": ["One?"]})
    assert (said["matched"], said["uncovered_samples"]) == (1, ["d0#4", "d2#4"])


def test_the_rest_of_a_method_may_come_later_but_nothing_changes(tmp_path: Path) -> None:
    add_dataset(test=4)
    report(tmp_path, row(0), row(1))
    more = report(tmp_path, row(1), row(2))
    assert (more["added"], more["known"], more["uncovered_samples"]) == (1, 1, ["d3#4"])
    changed = refused(tmp_path, row(3), row(0, utterances=["Other?"]))
    assert 'the method "outside" has other predictions already for 1 of these samples' in changed


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), row(1, utterances=[])], "/mine.jsonl, line 2: no utterance"),
        (
            [row(0), row(0, utterances=["Other?"])],
            "/mine.jsonl, line 2: dialogue 'd0', turn 4 has other utterances in line 1",
        ),
        ([row(8), row(9)], "none of 2 rows is about a sample of \"chats\": line 1: no dialogue 'd8', turn 4"),
    ],
)
def test_a_file_that_is_refused_leaves_no_name_behind(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    add_dataset(test=2)
    assert message in refused(tmp_path, *rows)


def test_names_that_cannot_be_used(tmp_path: Path) -> None:
    add_dataset(test=2)
    add_method("beta-model", model="rules")
    assert 'the method "beta-model" has other settings' in refused(tmp_path, row(0), method="beta-model")
    assert "a method needs a name" in refused(tmp_path, row(0), method=" ")
    assert "no dataset" in refused(tmp_path, row(0), dataset="none")


def test_a_number_that_names_a_sample_and_a_dialogue_is_told(tmp_path: Path) -> None:
    from db.datasets import datasets, dialogues
    from tests.study_setup import new_dialogue

    dataset_id = datasets.create(name="numbered", public_title="Chats", source="", settings={})
    made = [new_dialogue(n, "test") for n in (1, 2)]
    renamed = [
        type(new)(
            dialogue=new.dialogue.model_copy(update={"external_id": str(n)}),
            text_sha256=new.text_sha256,
            search_text="",
            samples=new.samples,
        )
        for n, new in enumerate(made, start=1)
    ]
    dialogues.append(dataset_id, renamed)
    datasets.finish(dataset_id, format="openai", report={})
    said = refused(tmp_path, {"sample": 1, "utterances": ["x"]}, dataset="numbered")
    assert "is one sample's number and a dialogue's id" in said


def test_an_imported_method_is_not_asked(tmp_path: Path) -> None:
    add_dataset(test=2)
    report(tmp_path, row(0))
    done = CliRunner().invoke(app, ["predict", "--dataset", DATASET, "--method", "outside"])
    assert done.exit_code == 1 and 'the method "outside" has other settings' in done.stderr


def test_a_public_title_may_not_name_the_method(tmp_path: Path) -> None:
    add_dataset(test=2)
    add_method("beta-model")
    report(tmp_path, row(0), row(1), method="gpt-outside")
    design = StudyDesign(
        name="check", public_title="GPT outside?", dataset=DATASET, a="gpt-outside", b="beta-model", cases=2, people=1
    )
    with pytest.raises(InputError, match="would tell annotators"):
        create_study(design)


@pytest.mark.parametrize(
    ("turn", "count"),
    [
        (4, "places of messages, the first 0"),
        (3, "numbers of the user's messages, the first 1"),
        (2, "numbers of the user's messages, the first 0"),
    ],
)
def test_turns_are_read_by_the_count_that_fits_every_row(tmp_path: Path, turn: int, count: str) -> None:
    add_dataset()
    made = report(
        tmp_path, *(row(n, turn=turn) for n in range(3)), {"dialogue_id": "d9", "turn": 1, "utterances": ["?"]}
    )
    assert (made["matched"], made["turns"], len(made["unknown"])) == (3, count, 1)


def test_turns_that_fit_by_no_one_count_are_places(tmp_path: Path) -> None:
    add_dataset()
    made = report(tmp_path, row(0), row(1, turn=3))
    assert (made["matched"], made["turns"]) == (1, "places of messages, the first 0")
    assert "its samples are at turn 4" in made["unknown"][0]


def test_a_place_is_never_another_count(tmp_path: Path) -> None:
    add_dataset()
    assert "none of 1 rows" in refused(tmp_path, {"external_id": "d0", "target_index": 3, "utterances": ["Why?"]})


@pytest.mark.parametrize(
    ("method", "text", "is_refused"),
    [
        ("GPT-4o mini", "As gpt-4o  MINI, I would ask about temples.", True),
        ("小鹿模型", "小鹿模型 会问什么?", True),
        ("rain", "Is there a training session?", False),
        ("a", "Is there a temple?", False),
    ],
)
def test_an_utterance_that_holds_its_method_s_name_is_refused(
    tmp_path: Path, method: str, text: str, is_refused: bool
) -> None:
    add_dataset()
    if is_refused:
        assert "line 1: an utterance holds the name of the method" in refused(
            tmp_path, row(0, utterances=["Why?", text]), row(1), method=method
        )
    else:
        assert report(tmp_path, row(0, utterances=["Why?", text]), method=method)["matched"] == 1
