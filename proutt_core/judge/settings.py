"""A judge run: what a person asks for, and what the run is frozen to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, get_args

from proutt_core.errors import InputError
from proutt_core.judge.cases import PROMPT_VERSIONS, Mode
from proutt_core.llm.providers.model_ref import BASELINE, ModelRef
from proutt_core.types import Evidence
from proutt_core.types.numbers import require_count


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """What a person asks for: an LLM over all cases of a study. InputError where it makes no sense.

    `tie_margin` belongs to the mode pointwise: scores no further apart are a tie.
    """

    study: str
    model: ModelRef = BASELINE
    mode: Mode = "pairwise"
    tie_margin: float = 0.0
    concurrency: int = 8  # cases at a time; no setting: it changes nothing in the result

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise InputError(f"the mode is {self.mode!r}; expected one of {', '.join(get_args(Mode))}")
        require_count(self.concurrency, "the cases at a time")
        if not 0 <= self.tie_margin < 1:
            raise InputError(f"the tie margin must be at least 0 and below 1; got {self.tie_margin}")
        if self.tie_margin and self.mode == "pairwise":
            raise InputError("a tie margin belongs to the mode pointwise; a pairwise judge says tie itself")


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """What a judge run is frozen to. `model` is explicit; `model_name` and `prompt_version` are as they were at the
    start; a later program may have others."""

    model: ModelRef
    model_name: str
    mode: Mode
    tie_margin: float
    prompt_version: int
    evidence: Evidence  # what the study lets a judge see

    @classmethod
    def of(cls, request: JudgeRequest, *, evidence: Evidence) -> Self:
        """With this program's prompt. Raises what the model's properties do; needs no key."""
        return cls(
            model=request.model.explicit,
            model_name=request.model.name,
            mode=request.mode,
            tie_margin=request.tie_margin,
            prompt_version=PROMPT_VERSIONS[request.mode],
            evidence=evidence,
        )

    def to_stored(self) -> dict[str, Any]:
        return {
            "model": self.model.spec,
            "base_url": self.model.base_url,
            "model_name": self.model_name,
            "mode": self.mode,
            "tie_margin": self.tie_margin,
            "prompt_version": self.prompt_version,
            "evidence": self.evidence,
            **self.model.stored_upstream,
            **self.model.stored_parameters,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            model=ModelRef.from_stored(stored),
            model_name=stored["model_name"],
            mode=stored["mode"],
            tie_margin=stored["tie_margin"],
            prompt_version=stored["prompt_version"],
            evidence=stored["evidence"],
        )
