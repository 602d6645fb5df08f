"""`personal-data` and `near-duplicates` as they are typed, and `import --personal-data`."""

import json
from pathlib import Path

import pytest

from db.datasets import datasets
from db.engine import write
from db.tables import Job
from tests.commands.test_data import last_line, run

TALKS = (
    ("My mail is jane@example.com", "Noted.", "Bye"),
    ("where can I find a small hotel near the station", "Here.", "Thanks"),
    ("Where can I find a small hotel near the station?", "Here!", "Thanks."),
)


@pytest.fixture
def talks(database: str, tmp_path: Path) -> str:
    roles = ("user", "assistant")
    rows = [
        {"id": f"t{n}", "messages": [{"role": roles[m % 2], "content": text} for m, text in enumerate(texts)]}
        for n, texts in enumerate(TALKS)
    ]
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


def test_personal_data_is_counted_masked_and_dropped(talks: str) -> None:
    run("import", talks, "--dataset", "d")
    code, stdout, _ = run("personal-data", "d", "--json")
    assert code == 0
    assert last_line(stdout) == {
        "dataset": "d",
        "matches": {"email": 1},
        "dialogues_by_kind": {"email": 1},
        "dialogues": 1,
        "masked": 0,
        "dropped": 0,
    }
    assert last_line(run("personal-data", "d", "--mask", "--json")[1])["masked"] == 1
    assert "0 dialogues hold possible personal data" in run("personal-data", "d", "--drop")[1]
    assert datasets.required("d").dialogues == 3


def test_personal_data_of_a_dataset_in_use_is_refused(talks: str) -> None:
    run("import", talks, "--dataset", "d")
    with write() as session:
        session.add(Job(kind="synthesis", name="first", dataset_id=datasets.required("d").id, state="done"))
    for words in (
        ("personal-data", "d", "--drop"),
        ("personal-data", "d", "--mask"),
        ("near-duplicates", "d", "--drop"),
    ):
        code, _, stderr = run(*words)
        assert code == 1
        assert 'the run "first" stand on them' in stderr
    assert run("personal-data", "d")[0] == 0
    code, _, stderr = run("personal-data", "d", "--mask", "--drop")
    assert (code, "not both" in stderr) == (1, True)


@pytest.mark.parametrize(("policy", "dialogues"), [("mask", 3), ("drop", 2)])
def test_at_import(talks: str, policy: str, dialogues: int) -> None:
    assert run("import", talks, "--dataset", "d", "--personal-data", policy)[0] == 0
    assert last_line(run("personal-data", "d", "--json")[1])["dialogues"] == 0
    assert datasets.required("d").dialogues == dialogues


def test_a_policy_there_is_not_is_told(talks: str) -> None:
    code, _, stderr = run("import", talks, "--dataset", "d", "--personal-data", "hide")
    assert (code, "'keep', 'mask' or 'drop'" in stderr) == (1, True)


def test_near_duplicates_are_found_and_dropped(talks: str) -> None:
    run("import", talks, "--dataset", "d", "--split", "100/0/0")
    code, stdout, _ = run("near-duplicates", "d", "--json")
    assert code == 0
    expected = {"dataset": "d", "threshold": 0.8, "copies": 1, "clusters": 1, "across_splits": {}, "dropped": 0}
    assert last_line(stdout) == expected
    assert "1 copies dropped" in run("near-duplicates", "d", "--drop")[1]
    assert datasets.required("d").dialogues == 2
    code, _, stderr = run("near-duplicates", "d", "--threshold", "7")
    assert (code, "from 0.3 to 1" in stderr) == (1, True)
