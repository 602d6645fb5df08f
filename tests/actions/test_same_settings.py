"""What earlier versions stored is started again with the same words, and nothing of it is written anew."""

from typing import Any

import pytest

from db.engine import write
from db.jobs import jobs
from db.studies import methods
from db.studies.studies import create_study, open_study
from db.synthesis import runs as synthesis
from db.tables import Job
from proutt_core.actions.judging import start
from proutt_core.actions.prediction import prompted_method
from proutt_core.actions.synthesis import start_synthesis
from proutt_core.jobs.kinds.importing import ImportRequest
from proutt_core.judge.settings import JudgeRequest
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.request import RunRequest
from proutt_core.types import StudyDesign
from tests.jobs.project import DATASET, import_talks
from tests.runs.test_request import ABLATION_REQUEST, PLAIN_REQUEST
from tests.stored_settings import ABLATION, IMPORT, JUDGE, METHOD, METHOD_BEHIND, PLAIN
from tests.study_setup import DATASET as CHATS
from tests.study_setup import add_user, two_methods


@pytest.mark.parametrize(
    ("words", "stored"), [(PLAIN_REQUEST, PLAIN), (ABLATION_REQUEST, ABLATION)], ids=["plain", "ablation"]
)
def test_a_run_is_the_same(
    database: str, monkeypatch: pytest.MonkeyPatch, words: RunRequest, stored: dict[str, Any]
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-0123456789")
    import_talks(2)
    dataset_id = jobs.list_jobs(kind="import")[0].dataset_id
    assert dataset_id is not None and words.dataset == DATASET
    begun = synthesis.start_run(name=words.run, dataset_id=dataset_id, settings=stored)
    again = start_synthesis(words)
    assert (again.job_id, again.added) == (begun.job_id, 0)
    assert jobs.required(again.job_id).settings == stored


def test_a_method_is_the_same(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-0123456789")
    here = methods.ensure(name="here", family="here", settings=METHOD)
    behind = methods.ensure(name="behind", family="behind", settings=METHOD_BEHIND)
    url = "http://127.0.0.1:8000/v1/"
    assert prompted_method(name="here", model=ModelRef("Qwen/Qwen3-8B", base_url=url)) == here
    named = ModelRef("openrouter/z-ai/glm-4.6", upstream="novita")
    assert prompted_method(name="behind", model=named, without_tree=True) == behind
    assert prompted_method(name="behind", model=None) == behind


def test_a_judge_run_is_the_same(sqlite: str) -> None:
    two_methods()
    add_user("person")
    create_study(
        StudyDesign(name="check", public_title="?", dataset=CHATS, a="alpha-model", b="beta-model", cases=2, people=1)
    )
    open_study("check")
    request = JudgeRequest(study="check", mode="pointwise", tie_margin=0.2)
    begun = start(request)
    with write() as session:
        session.get_one(Job, begun.id).settings = JUDGE
    assert start(request).id == begun.id


def test_an_import_is_read_as_it_was_stored() -> None:
    request = ImportRequest.from_stored(IMPORT, dataset="talks")
    assert (request.dataset, request.paths, request.settings.limit) == ("talks", ("/srv/talks.jsonl",), 2)
    of_today = {"paths": ["/srv/talks.jsonl"], **{name: value for name, value in IMPORT.items() if name != "path"}}
    assert request.to_stored() == of_today  # one path, in step 2
    assert ImportRequest.from_stored(request.to_stored(), dataset="talks") == request
