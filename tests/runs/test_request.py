"""What is asked of a synthesis run, and what is stored of it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.runs.request import RunRequest, RunSettings, checked_thresholds
from proutt_core.types import Thresholds
from tests.stored_settings import ABLATION, PLAIN

PLAIN_REQUEST = RunRequest(dataset="talks", run="plain")
ABLATION_REQUEST = RunRequest(
    dataset="talks",
    run="full",
    model=ModelRef("openrouter/z-ai/glm-4.6"),
    split="all",
    seed=3,
    without=frozenset({"mining", "category"}),
)


@pytest.mark.parametrize(
    ("request_", "generation", "stored"),
    [(PLAIN_REQUEST, 0, PLAIN), (ABLATION_REQUEST, 1, ABLATION)],
    ids=["plain", "upstream, ablation and generation"],
)
def test_what_is_stored_is_what_earlier_versions_stored_to_the_byte(
    request_: RunRequest, generation: int, stored: dict[str, Any]
) -> None:
    settings = replace(RunSettings.of(request_, generation=generation), prompts=stored["prompts"])
    assert json.dumps(settings.to_stored()) == json.dumps(stored)
    assert RunSettings.from_stored(stored) == settings


def test_settings_of_a_run_with_other_prompts_are_read_as_they_were_stored() -> None:
    old = PLAIN | {"prompts": {"insight": 1}, "model_name": "rules-0"}
    settings = RunSettings.from_stored(old)
    assert (settings.prompts, settings.model_name) == ({"insight": 1}, "rules-0")
    assert json.dumps(settings.to_stored()) == json.dumps(old)


def test_the_request_that_resumes_a_run_freezes_it_to_the_same() -> None:
    settings = RunSettings.from_stored(ABLATION)
    again = RunRequest.resuming(settings, dataset="talks", run="full", concurrency=3)
    assert (again.limit, again.concurrency) == (None, 3)
    assert replace(RunSettings.of(again, generation=1), prompts=settings.prompts) == settings


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"split": "test"}, "the split is train or all; got 'test'"),
        ({"concurrency": 0}, "the calls at a time must be at least 1; got 0"),
        ({"without": frozenset({"leaf"})}, "cannot leave out leaf; the parts are tree, "),
        ({"without": frozenset({"mining", "exploration"})}, "cannot both be left out"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RunRequest(dataset="d", run="r", **words)


@pytest.mark.parametrize(("high", "low"), [(0.3, 0.8), (1.1, 0.0), (0.5, -0.1), (float("nan"), 0.1)])
def test_thresholds_out_of_order_or_range_are_refused(high: float, low: float) -> None:
    with pytest.raises(InputError, match="0 <= tau_low <= tau_high <= 1 is needed; got"):
        checked_thresholds(tau_high=high, tau_low=low)


def test_equal_thresholds_are_in_order() -> None:
    assert checked_thresholds(tau_high=0.5, tau_low=0.5) == Thresholds(tau_high=0.5, tau_low=0.5)


def test_a_request_may_name_a_model_that_is_not_there_and_is_refused_when_it_is_frozen() -> None:
    with pytest.raises(SettingsError, match="no preset is called"):
        RunSettings.of(RunRequest(dataset="d", run="r", model=ModelRef("nothing/m")))
