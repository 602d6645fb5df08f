"""Datasets while they are imported and after: invisible until ready, duplicates told, samples rebuilt."""

import pytest
from sqlmodel import select

from db.blinding.public_titles import check_titles_in_view
from db.datasets import datasets, dialogues
from db.datasets.dialogues import NewDialogue
from db.engine import read, write
from db.tables import Job, Method, Queue
from proutt_core.errors import ConflictError, InputError
from proutt_core.types import Dialogue, Message


def talk(external_id: str, *texts: str, split: str = "train", language: str = "en") -> NewDialogue:
    roles = ("user", "assistant")
    messages = tuple(Message(role=roles[n % 2], content=text) for n, text in enumerate(texts))  # type: ignore[arg-type]
    dialogue = Dialogue(
        external_id=external_id,
        group=external_id,
        messages=messages,
        split=split,  # type: ignore[arg-type]
        language=language,
    )
    joined = "\n".join(texts)
    samples = ((2, (4,)),) if len(texts) > 4 else ()
    return NewDialogue(dialogue=dialogue, text_sha256=joined, search_text=joined.casefold(), samples=samples)


def make(name: str = "d", *talks: NewDialogue, ready: bool = True) -> int:
    dataset_id = datasets.create(name=name, public_title="T", source="f.json", settings={})
    dialogues.append(dataset_id, talks)
    if ready:
        datasets.finish(dataset_id, format="openai", report={"imported": len(talks)})
    return dataset_id


HELLO = talk("a", "hi", "hello", "book it", "done", "thanks")


def test_an_import_under_way_is_invisible(database: str) -> None:
    dataset_id = make("d", HELLO, ready=False)
    assert datasets.list_ready() == []
    assert datasets.find("d") is None
    assert datasets.get(dataset_id) is None
    assert dialogues.browse(dataset_id).total == 0
    datasets.finish(dataset_id, format="openai", report={})
    (dataset,) = datasets.list_ready()
    assert (dataset.name, dataset.dialogues, dataset.samples, dataset.format) == ("d", 1, 1, "openai")
    assert (dataset.dialogues_by_split, dataset.samples_by_split) == ({"train": 1}, {"train": 1})


def test_a_name_that_is_taken_is_refused(database: str) -> None:
    make("d")
    with pytest.raises(ConflictError, match='"d" is already there'):
        datasets.create(name="d", public_title="T", source="", settings={})
    with pytest.raises(ConflictError):
        datasets.require_free("d")


def test_what_an_interrupted_import_left_is_removed(database: str) -> None:
    make("d", HELLO, ready=False)
    datasets.require_free("d")
    assert datasets.remove_unfinished("d")
    assert not datasets.remove_unfinished("d")
    make("d", HELLO)
    assert not datasets.remove_unfinished("d")
    assert datasets.required("d").dialogues == 1


def test_a_removed_import_takes_no_more_rows(database: str) -> None:
    dataset_id = make("d", HELLO, ready=False)
    datasets.remove_unfinished("d")
    with pytest.raises(ConflictError, match="start it again"):
        dialogues.append(dataset_id, [talk("b", "x", "y")])


def test_the_same_id_is_a_duplicate_or_gets_a_suffix_by_its_text(database: str) -> None:
    dataset_id = datasets.create(name="d", public_title="T", source="", settings={})
    first, two, three = talk("a", "1", "x"), talk("a", "2", "x"), talk("a", "3", "x")
    assert dialogues.append(dataset_id, [first, two, first]) == ["a", "a#2", None]
    assert dialogues.append(dataset_id, [two, three, first]) == [None, "a#3", None]


def test_an_unknown_dataset_is_told_with_those_there_are(database: str) -> None:
    make("first")
    make("second")
    with pytest.raises(InputError, match="there are: first, second"):
        datasets.required("third")


def test_browsing_by_page_search_split_and_language(database: str) -> None:
    dataset_id = make(
        "d",
        talk("a", "Where is a hotel?", "100% here"),
        talk("b", "附近的酒店", "好的", language="zh"),
        talk("c", "hotel", "there", split="test"),
    )
    assert dialogues.languages(dataset_id) == {"en": 2, "zh": 1}

    def ids(**how: object) -> list[str]:
        page = dialogues.browse(dataset_id, **how)  # type: ignore[arg-type]
        return [info.dialogue.external_id for info in page.dialogues]

    assert ids() == ["a", "b", "c"]
    assert ids(search="hotel") == ["a", "c"]
    assert ids(search="酒店") == ["b"]
    assert ids(search="0% h") == ["a"]
    assert ids(search="_") == []
    assert ids(split="test") == ["c"]
    assert ids(language="zh") == ["b"]
    assert ids(offset=1, limit=1) == ["b"]
    assert dialogues.browse(dataset_id, offset=1, limit=1).total == 3


def test_a_sample_is_rebuilt_from_its_dialogue(database: str) -> None:
    dataset_id = make("d", HELLO)
    (info,) = dialogues.browse(dataset_id).dialogues
    assert info.targets == (2,)
    assert info.dialogue == HELLO.dialogue
    samples = dialogues.samples_by_id(range(1000))
    ((sample_id, stored),) = samples.items()
    assert dialogues.sample_by_id(sample_id) == stored
    assert (stored.dataset_id, stored.split, stored.group) == (dataset_id, "train", "a")
    assert [m.content for m in stored.sample.context] == ["hi", "hello"]
    assert stored.sample.next_utterance == "book it"
    assert stored.sample.later_utterances == ("thanks",)


def method(name: str, **settings: str) -> None:
    with write() as session:
        session.add(Method(name=name, family=name, settings=settings))


def queue_of_a_run(dataset_id: int, title: str) -> None:
    with write() as session:
        job = Job(kind="synthesis", name="first", dataset_id=dataset_id, state="done")
        session.add(job)
        session.flush()
        session.add(Queue(kind="pair", public_title=title, job_id=job.id, everyone=True))


@pytest.mark.parametrize("title", ["Made with dpo-v3", "Qwen3 8B talk", " "])
def test_a_title_that_tells_annotators_about_a_method_is_refused_when_it_is_saved(database: str, title: str) -> None:
    method("dpo-v3", model="Qwen/Qwen3-8B")
    with pytest.raises(InputError, match="annotators"):
        datasets.create(name="d", public_title=title, source="", settings={})
    with pytest.raises(InputError, match="annotators"):
        datasets.require_public(title)
    make("d", HELLO)
    with pytest.raises(InputError, match="annotators"):
        datasets.retitle(name="d", public_title=title)


def test_a_title_given_away_by_a_later_method_stops_a_study_until_it_is_changed(database: str) -> None:
    dataset_id = datasets.create(name="d", public_title="Weekend talk", source="", settings={})
    datasets.finish(dataset_id, format="", report={})
    queue_of_a_run(dataset_id, "Weekend talk")
    with write() as session:
        check_titles_in_view(session)
    method("weekend")
    with write() as session, pytest.raises(InputError, match=r'"Weekend talk".*"d".*"weekend".*title --dataset "d"'):
        check_titles_in_view(session)
    datasets.retitle(name="d", public_title="Everyday talk")
    with write() as session:
        check_titles_in_view(session)
        assert session.exec(select(Queue.public_title)).one() == "Everyday talk"
    dataset = datasets.find("d")
    assert dataset is not None and dataset.public_title == "Everyday talk"


def test_a_title_is_changed_on_the_queues_of_its_own_dataset_only(database: str) -> None:
    queue_of_a_run(make("d"), "T")
    make("other")
    datasets.retitle(name="other", public_title="New")
    with read() as session:
        assert session.exec(select(Queue.public_title)).one() == "T"
    with pytest.raises(InputError, match='no dataset is named "x"'):
        datasets.retitle(name="x", public_title="New")
