"""A closed study as results: one verdict per case, win-tie-loss, and what a reader must know beside the numbers.

Humans appear as "person 1", "person 2", …, never by account. Methods are "a" and "b" until the study is unblinded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from proutt_core.judge import judged_cases
from proutt_core.statistics.labels import CODING, Label, raters_of, ratings
from proutt_core.statistics.win_tie_loss import WinTieLoss, win_tie_loss
from proutt_core.types import CaseVote, JudgeReading, StudyInfo

CASE_VERDICT = "a case's verdict is the strict majority of its people; without one it is a tie"


@dataclass(frozen=True, slots=True)
class JudgeOutcome:
    """Win-tie-loss by an LLM judge. `unscored` cases could not be read in every order; they are no ties."""

    outcome: WinTieLoss
    unscored: int


@dataclass(frozen=True, slots=True)
class StudyReport:
    """`a` and `b` are the methods' names once unblinded, and "a" and "b" before."""

    study: str
    public_title: str
    dataset: str
    evidence: str
    a: str
    b: str
    unblinded: bool
    cases: int
    people_wanted: int  # a case
    people: int  # who judged at least one case
    answers: int
    humans: WinTieLoss
    judges: dict[str, JudgeOutcome]
    departures: tuple[str, ...]
    notes: tuple[str, ...]
    protocol_sha256: str

    def as_json(self) -> dict[str, Any]:
        """What `study results --json` prints; rates are null where there is no case to take them over."""
        plain = asdict(self)
        plain["humans"] = _counts(self.humans)
        plain["judges"] = {
            name: _counts(judge.outcome) | {"unscored": judge.unscored} for name, judge in self.judges.items()
        }
        return plain | {
            "departures": list(self.departures),
            "notes": list(self.notes),
            "coding": CODING,
            "case_verdict": CASE_VERDICT,
            "primary": "exact two-sided sign test over decisive cases, on the humans; everything else is exploratory",
        }


def study_report(
    info: StudyInfo,
    *,
    votes: Sequence[CaseVote],
    readings: Sequence[JudgeReading],
    method_models: tuple[str, str] = ("", ""),
    judge_models: Sequence[str] = (),
) -> StudyReport:
    """The results of a closed study. Cases that nobody judged are counted, and in no verdict."""
    labels = study_labels(votes, readings)
    cases = [_item(case) for case in range(info.cases)]
    people = raters_of(labels, "human")
    unscored = [case for case in judged_cases(readings) if case.verdict is None]
    judges = {
        name: JudgeOutcome(
            outcome=win_tie_loss(ratings(labels, raters=[name], items=cases)),
            unscored=sum(case.judge == name for case in unscored),
        )
        for name in sorted({reading.judge for reading in readings})
    }
    humans = win_tie_loss(ratings(labels, raters=people, items=cases))
    return StudyReport(
        study=info.name,
        public_title=info.public_title,
        dataset=info.dataset,
        evidence=info.evidence,
        a=info.a if info.unblinded else "a",
        b=info.b if info.unblinded else "b",
        unblinded=info.unblinded,
        cases=info.cases,
        people_wanted=info.people,
        people=len(people),
        answers=len(votes),
        humans=humans,
        judges=judges,
        departures=(info.departure,) if info.departure else (),
        notes=tuple(_notes(info, humans, people, method_models=method_models, judge_models=judge_models)),
        protocol_sha256=info.protocol_sha256,
    )


def study_labels(votes: Iterable[CaseVote], readings: Iterable[JudgeReading]) -> list[Label]:
    """Verdicts as labels for `agreement_report`. An unscored case gives no label."""
    votes = list(votes)
    pseudonym = {name: f"person {n}" for n, name in enumerate(sorted({vote.voter for vote in votes}), start=1)}
    human = [
        Label(item=_item(vote.case), rater=pseudonym[vote.voter], kind="human", verdict=vote.verdict) for vote in votes
    ]
    judged = [
        Label(item=_item(case.case), rater=case.judge, kind="judge", verdict=case.verdict)
        for case in judged_cases(readings)
        if case.verdict is not None
    ]
    return human + judged


def same_model(first: str, second: str) -> bool:
    """Whether two model names mean the same model: providers put their own prefix before it."""
    plain = [name.rpartition("/")[2].casefold().strip() for name in (first, second)]
    return bool(plain[0]) and plain[0] == plain[1]


def _notes(
    info: StudyInfo,
    humans: WinTieLoss,
    people: Sequence[str],
    *,
    method_models: tuple[str, str],
    judge_models: Sequence[str],
) -> Iterable[str]:
    if humans.ties_without_majority:
        yield f"{humans.ties_without_majority} of {humans.ties} ties are cases whose people have no strict majority."
    if humans.unjudged:
        yield f"{humans.unjudged} of {info.cases} cases were judged by nobody and are in no count."
    if len(people) == 1:
        yield (
            "One person judged. If that person also ran the study under another account, this is self-judging, "
            "and a report of it should say so."
        )
    for model in sorted(set(judge_models)):
        if sides := [side for side, used in zip("ab", method_models, strict=True) if same_model(model, used)]:
            # Which side it is stays hidden with the methods' names.
            which = (
                " and ".join({"a": info.a, "b": info.b}[s] for s in sides) if info.unblinded else "a compared method"
            )
            yield f"Self-judging: the judge {model} is also the model behind {which}, and may prefer its own text."


def _counts(outcome: WinTieLoss) -> dict[str, Any]:
    return asdict(outcome) | {"n": outcome.n}


def _item(case: int) -> str:
    return f"case {case + 1}"
