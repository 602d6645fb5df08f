"""The workflow as a list of steps, and how far each is."""

from dataclasses import dataclass
from typing import Literal

from proutt_core.types import Overview

StepName = Literal["import", "synthesise", "trees", "pairs", "predict", "study", "judge", "agreement", "export"]
StepState = Literal["done", "doing", "next", "later"]


@dataclass(frozen=True)
class Step:
    """`next`: can be begun; `later`: something before it is missing; `doing`: begun and not complete."""

    name: StepName
    state: StepState


def checklist(o: Overview) -> tuple[Step, ...]:
    return (
        Step("import", _state(done=o.datasets > 0, doing=o.imports_running > 0, possible=True)),
        Step("synthesise", _state(done=o.runs_done > 0, doing=o.runs_running > 0, possible=o.datasets > 0)),
        Step("trees", _state(done=0 < o.trees <= o.trees_done, doing=o.trees_done > 0, possible=o.trees > 0)),
        Step("pairs", _state(done=0 < o.pairs <= o.pairs_done, doing=o.pairs_done > 0, possible=o.pairs > 0)),
        # A study compares two methods, so one is half of the step.
        Step(
            "predict",
            _state(done=o.methods > 1, doing=o.predictions_running + o.methods > 0, possible=o.datasets > 0),
        ),
        Step("study", _state(done=o.studies_open + o.studies_closed > 0, doing=o.studies > 0, possible=o.methods > 1)),
        Step("judge", _state(done=o.studies_closed > 0, doing=o.answers > 0, possible=o.studies_open > 0)),
        Step(
            "agreement",
            _state(
                done=o.studies_closed > 0 and o.judge_runs > 0,
                doing=o.judge_runs_running > 0,
                possible=o.studies_closed > 0,
            ),
        ),
        Step("export", _state(done=o.exports > 0, doing=False, possible=o.runs_done > 0 or o.pairs > 0)),
    )


def _state(*, done: bool, doing: bool, possible: bool) -> StepState:
    if done:
        return "done"
    if doing:
        return "doing"
    return "next" if possible else "later"
