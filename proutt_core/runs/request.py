"""A synthesis run: what a person asks for, and what the run is frozen to.

A request is made by the form and by the command. The start adds what the program decides, and stores the settings with
the job, which reads them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from proutt_core.errors import InputError
from proutt_core.llm.providers.model_ref import BASELINE, ModelRef
from proutt_core.synthesis.stages import PROMPT_VERSIONS
from proutt_core.traces.ablation import parts_left_out
from proutt_core.types import Part, Thresholds
from proutt_core.types.numbers import require_count, require_seed

SPLITS = ("train", "all")  # all: inspection only, other splits never leave
DEFAULT_THRESHOLDS = Thresholds()


def checked_thresholds(*, tau_high: float, tau_low: float) -> Thresholds:
    """InputError where they are out of order or out of range."""
    if not 0 <= tau_low <= tau_high <= 1:
        raise InputError(f"0 <= tau_low <= tau_high <= 1 is needed; got tau_low {tau_low} and tau_high {tau_high}")
    return Thresholds(tau_high=tau_high, tau_low=tau_low)


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a person asks for: a run of this name, begun or resumed. InputError where it makes no sense.

    `without` leaves parts of the method out. `fresh` starts a new generation of calls at this address and model: no
    stored reply answers. `limit` is how many samples of the seeded order the run should have. `max_calls` and
    `max_cost` (in the currency of the model's price) pause the run before it makes or pays more; they count what the
    run spent before, and None leaves the limit that it has.
    """

    dataset: str
    run: str
    model: ModelRef = BASELINE
    split: str = "train"
    seed: int = 0
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    without: frozenset[Part] = frozenset()
    fresh: bool = False
    limit: int | None = None
    concurrency: int = 8  # calls at a time; like the limits no setting: it changes nothing in the result
    max_calls: int | None = None
    max_cost: float | None = None

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise InputError(f"the split is {' or '.join(SPLITS)}; got {self.split!r}")
        require_count(self.concurrency, "the calls at a time")
        require_seed(self.seed)
        if self.limit is not None:
            require_count(self.limit, "the limit")
        parts_left_out(self.without)

    @classmethod
    def resuming(cls, settings: "RunSettings", *, dataset: str, run: str, concurrency: int) -> Self:
        """The request that resumes a run of these settings with all samples that it lacks."""
        return cls(
            dataset=dataset,
            run=run,
            model=settings.model,
            split=settings.split,
            seed=settings.seed,
            thresholds=settings.thresholds,
            without=settings.without,
            concurrency=concurrency,
        )


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What a run is frozen to: with these equal, the same sample gives the same pair.

    `model` is explicit. `model_name`, `address`, `parameters` and `prompts` (stage → version) are as they were at the
    start; a later program may have others. `generation` is that of the call log.
    """

    model: ModelRef
    model_name: str
    address: str
    parameters: Mapping[str, Any]
    split: str
    seed: int
    thresholds: Thresholds
    without: frozenset[Part]
    prompts: Mapping[str, int]
    generation: int = 0

    @classmethod
    def of(cls, request: RunRequest, *, generation: int = 0) -> Self:
        """With this program's prompts. Raises what the model's properties do; needs no key."""
        return cls(
            model=request.model.explicit,
            model_name=request.model.name,
            address=request.model.address,
            parameters=request.model.parameters,
            split=request.split,
            seed=request.seed,
            thresholds=request.thresholds,
            without=request.without,
            prompts=dict(PROMPT_VERSIONS),
            generation=generation,
        )

    def to_stored(self) -> dict[str, Any]:
        """Named as on the command line, so that a difference is shown in the same words. What earlier versions did not
        have is stored only where it is not the default: their runs then still compare equal."""
        left_out = {"without": sorted(self.without)} if self.without else {}
        generation = {"generation": self.generation} if self.generation else {}
        return {
            "model": self.model.spec,
            "address": self.address,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            "prompts": dict(self.prompts),
            **left_out,
            "tau_high": self.thresholds.tau_high,
            "tau_low": self.thresholds.tau_low,
            **self.model.stored_upstream,
            **generation,
            "model_name": self.model_name,
            "base_url": self.model.base_url,
            "split": self.split,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Of a run of any version."""
        return cls(
            model=ModelRef.from_stored(stored),
            model_name=stored["model_name"],
            address=stored["address"],
            parameters=stored["parameters"],
            split=stored["split"],
            seed=stored["seed"],
            thresholds=Thresholds(tau_high=stored["tau_high"], tau_low=stored["tau_low"]),
            without=parts_left_out(stored.get("without", ())),
            prompts=stored["prompts"],
            generation=stored.get("generation", 0),
        )
