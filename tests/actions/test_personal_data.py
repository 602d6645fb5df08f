"""Possible personal data of a dataset: counted, looked for again, masked, dropped, and left where something uses it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

import proutt_core.actions.personal_data
from db.accounts import events
from db.datasets import datasets, dialogues, personal_data
from db.datasets.seeded_order import samples_for_job
from db.datasets.uses import uses
from db.engine import read, write
from db.tables import DialogueRow, Job, Method, SampleRow, Study
from proutt_core.actions.importing import import_now
from proutt_core.actions.personal_data import drop_from_dataset, look, mask_dataset
from proutt_core.actions.prediction import prompted_method, start_prediction
from proutt_core.actions.synthesis import start_synthesis
from proutt_core.dialogues import ImportSettings, search_text, text_sha256
from proutt_core.dialogues.personal_data.finding import count
from proutt_core.errors import ConflictError
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.llm.providers.model_ref import BASELINE
from proutt_core.runs.request import RunRequest

TALKS = {
    "plain": ("Where is a hotel?", "In the park.", "Thanks.", "Bye."),
    "mail": ("I am jane@example.com", "Noted.", "Again: JANE@example.com, or 13812345678", "Fine.", "Bye now", "Bye."),
    "zh": ("我的手机是13812345678", "好的", "身份证11010519491231002X", "好的", "谢谢", "再见"),
    # Holds a placeholder already, as masked files do.
    "same": (
        "hi",
        "Your number?",
        "415-555-2671",
        "Sure?",
        "it is 415-555-2671",
        "Ok.",
        "[PHONE_1]",
        "?",
        "415-555-2671!",
    ),
}


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    roles = ("user", "assistant")
    rows = [
        {"id": name, "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]}
        for name, texts in TALKS.items()
    ]
    path = tmp_path / "talks.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def imported(talks: Path, **how: str) -> int:
    import_now(ImportRequest((str(talks),), "d", settings=ImportSettings.model_validate({"turn": "all"} | how)))
    return datasets.required("d").id


def stored(dataset_id: int) -> dict[str, DialogueRow]:
    with read() as session:
        rows = session.exec(select(DialogueRow).where(DialogueRow.dataset_id == dataset_id)).all()
        return {row.external_id: row for row in rows}


def texts(row: DialogueRow) -> list[str]:
    return [message["content"] for message in row.messages]


def test_what_a_dataset_holds(database: str, talks: Path) -> None:
    dataset_id = imported(talks)
    summary = personal_data.summary(dataset_id)
    assert summary.matches == {"phone": 5, "email": 2, "id": 1}
    assert summary.dialogues_by_kind == {"phone": 3, "email": 1, "id": 1}
    assert (summary.dialogues, summary.unchecked) == (3, 0)
    assert personal_data.summary(dataset_id + 1) == personal_data.PersonalDataSummary()


def test_the_dialogues_concerned_by_kind_and_page(database: str, talks: Path) -> None:
    dataset_id = imported(talks)

    def ids(**how: object) -> list[str]:
        return [held.dialogue.external_id for held in personal_data.page_of(dataset_id, **how)]  # type: ignore[arg-type]

    assert ids() == ["mail", "zh", "same"]
    assert ids(kind="phone", offset=1, limit=1) == ["zh"]
    assert ids(kind="id") == ["zh"]
    assert ids(kind="ip") == []


def test_masking_replaces_texts_and_all_that_comes_from_them(
    database: str, talks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proutt_core.actions.personal_data, "BATCH", 2)
    dataset_id = imported(talks)
    with write() as session:
        session.exec(sa.update(DialogueRow).values(original="{…}", notes=["x"]))
    before = stored(dataset_id)
    treated = mask_dataset(dataset_id)
    assert (treated.dialogues, treated.places) == (3, {"phone": 5, "email": 2, "id": 1})
    after = stored(dataset_id)
    assert texts(after["mail"])[:3] == ["I am [EMAIL_1]", "Noted.", "Again: [EMAIL_1], or [PHONE_1]"]
    assert texts(after["zh"])[:3] == ["我的手机是[PHONE_1]", "好的", "身份证[ID_1]"]
    assert after["mail"].notes == ["x", "personal data masked: 2 e-mail", "personal data masked: 1 phone"]
    assert (after["mail"].original, after["mail"].personal_data) == (None, "")
    assert after["mail"].checks["personal_data"] == {}
    assert vars(after["plain"]).items() >= {"original": "{…}", "text_sha256": before["plain"].text_sha256}.items()
    for info in dialogues.browse(dataset_id).dialogues:
        row = after[info.dialogue.external_id]
        assert count(texts(row)) == {}
        assert row.text_sha256 == text_sha256(info.dialogue.messages)
        assert row.search_text == search_text(info.dialogue.messages)
    assert dialogues.browse(dataset_id, search="13812345678").total == 0
    assert personal_data.summary(dataset_id).dialogues == 0
    noted = events.recent(kinds=("dataset.personal_data.mask",))
    assert sum(event.detail["dialogues"] for event in noted) == 3


def test_masking_twice_changes_nothing_more(database: str, talks: Path) -> None:
    dataset_id = imported(talks)
    mask_dataset(dataset_id)
    once = {name: row.model_dump() for name, row in stored(dataset_id).items()}
    assert mask_dataset(dataset_id).dialogues == 0
    assert {name: row.model_dump() for name, row in stored(dataset_id).items()} == once
    assert len(events.recent(kinds=("dataset.personal_data.mask",))) == 1


def test_no_later_utterance_equals_the_next_one_after_masking(database: str, talks: Path) -> None:
    dataset_id = imported(talks)

    def later() -> list[int]:
        with read() as session:
            dialogue = select(DialogueRow.id).where(DialogueRow.external_id == "same").scalar_subquery()
            query = select(SampleRow.later_indexes)
            query = query.where(SampleRow.dialogue_id == dialogue, SampleRow.target_index == 2)
            return list(session.exec(query).one())

    assert later() == [4, 6]
    mask_dataset(dataset_id)
    # The number became [PHONE_2], because [PHONE_1] was there; message 6 still says [PHONE_1].
    assert texts(stored(dataset_id)["same"])[2:9:2] == ["[PHONE_2]", "it is [PHONE_2]", "[PHONE_1]", "[PHONE_2]!"]
    assert later() == [4, 6]
    with read() as session:
        samples = session.exec(select(SampleRow.id)).all()
    for held in dialogues.samples_by_id([n for n in samples if n is not None]).values():
        assert held.sample.next_utterance not in held.sample.later_utterances


def test_a_later_utterance_that_became_equal_gives_its_place_to_another(database: str, tmp_path: Path) -> None:
    said = ("hi", "x", "+86 13812345678", "x", "13812345678", "x", "yes", "x", "no", "x")
    roles = ("user", "assistant")
    row = {"id": "a", "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]}
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    dataset_id = imported(path)

    def later() -> list[int]:
        with read() as session:
            return list(session.exec(select(SampleRow.later_indexes).where(SampleRow.target_index == 2)).one())

    assert later() == [4, 6]
    mask_dataset(dataset_id)
    assert later() == [6, 8]


def test_later_utterances_are_the_users_where_masking_makes_the_assistant_say_the_same(
    database: str, tmp_path: Path
) -> None:
    said = ("hi", "x", "my number?", "13812345678", "+86 13812345678", "x", "yes")
    roles = ("user", "assistant")
    row = {"id": "a", "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]}
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    dataset_id = imported(path)
    mask_dataset(dataset_id)
    assert texts(stored(dataset_id)["a"])[3:5] == ["[PHONE_1]", "[PHONE_1]"]
    with read() as session:
        assert session.exec(select(SampleRow.later_indexes).where(SampleRow.target_index == 2)).one() == [4, 6]


def test_dropping_takes_the_dialogues_and_their_samples(database: str, talks: Path) -> None:
    dataset_id = imported(talks)
    treated = drop_from_dataset(dataset_id)
    assert (treated.dialogues, treated.places) == (3, {"phone": 5, "email": 2, "id": 1})
    assert [info.dialogue.external_id for info in dialogues.browse(dataset_id).dialogues] == ["plain"]
    assert datasets.required("d").samples == 1
    assert drop_from_dataset(dataset_id).dialogues == 0
    (event,) = events.recent(kinds=("dataset.personal_data.drop",))
    assert event.detail == {"dialogues": 3, "found": {"email": 2, "phone": 5, "id": 1}}


def use(dataset_id: int, by: str) -> str:
    with write() as session:
        if by == "study":
            methods = [Method(name=name, family=name) for name in ("one", "two")]
            session.add_all(methods)
            session.flush()
            a, b = (method.id for method in methods)
            assert a is not None and b is not None
            session.add(Study(name="s", public_title="T", dataset_id=dataset_id, method_a_id=a, method_b_id=b))
            return 'the study "s"'
        session.add(Job(kind=by, name="first", dataset_id=dataset_id, state="cancelled"))
    return {"synthesis": 'the run "first"', "predict": 'the prediction "first"'}[by]


@pytest.mark.parametrize("by", ["synthesis", "predict", "study"])
def test_a_dataset_in_use_is_refused_with_what_uses_it_and_what_to_do(database: str, talks: Path, by: str) -> None:
    dataset_id = imported(talks)
    assert uses(dataset_id) == ()
    said = use(dataset_id, by)
    assert uses(dataset_id) == (said,)
    before = {name: row.model_dump() for name, row in stored(dataset_id).items()}
    for treat in (mask_dataset, drop_from_dataset):
        with pytest.raises(ConflictError, match=f"{said} stand on them. Import the file again under another name"):
            treat(dataset_id)
    assert {name: row.model_dump() for name, row in stored(dataset_id).items()} == before
    assert personal_data.summary(dataset_id).dialogues == 3


def test_a_run_that_begins_meanwhile_stops_masking_between_batches(
    database: str, talks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proutt_core.actions.personal_data, "BATCH", 1)
    dataset_id = imported(talks)

    def begin_a_run(done: int, total: int) -> None:
        assert (done, total) == (1, 3)
        use(dataset_id, "synthesis")

    with pytest.raises(ConflictError, match='the run "first"'):
        mask_dataset(dataset_id, progress=begin_a_run)
    assert personal_data.summary(dataset_id).dialogues == 2


def test_datasets_of_the_first_version_are_looked_through_first(database: str, talks: Path) -> None:
    dataset_id = imported(talks)
    with write() as session:
        session.exec(
            sa.update(DialogueRow).values(personal_data=None, checks={"personal_data": ["email"], "toxic": True})
        )
    assert personal_data.summary(dataset_id) == personal_data.PersonalDataSummary(unchecked=4)
    assert look(dataset_id) == 4
    summary = personal_data.summary(dataset_id)
    assert (summary.matches, summary.unchecked) == ({"phone": 5, "email": 2, "id": 1}, 0)
    assert stored(dataset_id)["mail"].checks["toxic"] is True
    assert look(dataset_id) == 0
    with write() as session:
        session.exec(sa.update(DialogueRow).where(col(DialogueRow.external_id) != "zh").values(personal_data=None))
    assert mask_dataset(dataset_id).dialogues == 3


@pytest.mark.parametrize(("policy", "left", "skipped"), [("keep", 4, 0), ("mask", 4, 0), ("drop", 1, 3)])
def test_at_import(database: str, talks: Path, policy: str, left: int, skipped: int) -> None:
    dataset_id = imported(talks, personal_data=policy)
    made = datasets.required("d")
    assert (made.dialogues, made.settings["personal_data"]) == (left, policy)
    assert made.report["reasons"].get("possible personal data", 0) == skipped
    assert personal_data.summary(dataset_id).dialogues == (3 if policy == "keep" else 0)
    if policy == "mask":
        row = stored(dataset_id)["zh"]
        assert texts(row)[0] == "我的手机是[PHONE_1]"
        assert row.original is None
        assert made.report["notes"]["personal data masked: 1 ID"] == 1


def test_a_policy_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="keep"):
        ImportSettings.model_validate({"personal_data": "hide"})


@pytest.mark.parametrize("by", ["synthesis", "predict"])
def test_dialogues_do_not_go_while_a_run_takes_its_samples(
    database: str, talks: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    dataset_id = imported(talks)
    refused: list[str] = []

    def drop() -> None:
        try:
            drop_from_dataset(dataset_id)
        except ConflictError as exc:
            refused.append(str(exc))

    dropping = threading.Thread(target=drop)

    def order(**choice: Any) -> list[int]:
        sample_ids = samples_for_job(**choice)
        dropping.start()
        dropping.join(0.5)  # as long as it takes to get between the reading and the writing
        return sample_ids

    module = "db.synthesis.runs" if by == "synthesis" else "db.studies.predictions"
    monkeypatch.setattr(f"{module}.samples_for_job", order)
    if by == "synthesis":
        start_synthesis(RunRequest(dataset="d", run="first", split="all"))
    else:
        method = prompted_method(name="m", model=BASELINE)
        start_prediction(dataset="d", method=method, split="all", limit=None, concurrency=1)
    dropping.join()
    assert len(refused) == 1 and "stand on them" in refused[0]
