"""How far each step of the workflow is."""

from proutt_core.display.checklist import checklist
from proutt_core.types import Overview


def states(**counts: int) -> dict[str, str]:
    return {step.name: step.state for step in checklist(Overview(**counts))}


def test_empty_server_can_only_import() -> None:
    steps = states()
    assert steps.pop("import") == "next"
    assert set(steps.values()) == {"later"}
    assert list(states()) == [
        "import",
        "synthesise",
        "trees",
        "pairs",
        "predict",
        "study",
        "judge",
        "agreement",
        "export",
    ]


def test_running_work_is_under_way_and_not_done() -> None:
    steps = states(imports_running=1)
    assert (steps["import"], steps["synthesise"]) == ("doing", "later")
    assert states(datasets=1, runs_running=1)["synthesise"] == "doing"
    assert states(datasets=1, methods=1)["predict"] == "doing"


def test_finished_run_opens_reviewing_and_export() -> None:
    steps = states(datasets=1, runs_done=1, trees=30, pairs=30)
    assert (steps["trees"], steps["pairs"], steps["export"]) == ("next", "next", "next")


def test_reviewing_is_done_with_the_last_answer() -> None:
    assert states(pairs=30, pairs_done=29)["pairs"] == "doing"
    assert states(pairs=30, pairs_done=30)["pairs"] == "done"
    assert states(trees=0, trees_done=0)["trees"] == "later"


def test_study_goes_from_two_methods_to_the_agreement() -> None:
    assert states(datasets=1, methods=2)["study"] == "next"
    assert states(methods=2, studies=1)["study"] == "doing"  # a draft
    judging = states(methods=2, studies=1, studies_open=1, answers=3, answers_wanted=9)
    assert (judging["study"], judging["judge"], judging["agreement"]) == ("done", "doing", "later")
    closed = states(methods=2, studies=1, studies_closed=1)
    assert (closed["judge"], closed["agreement"]) == ("done", "next")
    assert states(studies=1, studies_closed=1, judge_runs=1)["agreement"] == "done"
