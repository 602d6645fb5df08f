"""Studies: methods compared case by case, votes and judges' readings."""

from typing import Literal

from proutt_core.types.dialogues import Message
from proutt_core.types.values import Value

Verdict = Literal["a", "tie", "b"]
Evidence = Literal["context", "context_and_next"]
StudyState = Literal["draft", "open", "closed"]


class StudyDesign(Value):
    """What a study is asked to be; it is frozen, with its cases, when the study is made.

    `a` and `b` are method names, `members` account names; without any, everyone judges who may when it opens.
    """

    name: str
    public_title: str
    dataset: str
    a: str
    b: str
    cases: int = 100
    people: int = 3  # for each case
    members: tuple[str, ...] = ()
    seed: int = 0
    evidence: Evidence = "context"


class StudyInfo(Value):
    """A study as researchers see it. `a` and `b` are method names; annotators never receive this value."""

    id: int
    public_id: str
    name: str
    public_title: str
    dataset: str
    a: str
    b: str
    state: StudyState
    cases: int
    people: int  # answers wanted for each case
    members: tuple[str, ...]
    evidence: Evidence
    seed: int
    protocol_sha256: str
    departure: str = ""
    unblinded: bool = False


class CaseEvidence(Value):
    """One case as frozen in the study: what a judge may see of it."""

    case_id: int
    position: int
    context: tuple[Message, ...]
    next_utterance: str | None  # None where the protocol shows the context only
    a: tuple[str, ...]
    b: tuple[str, ...]


class CaseVote(Value):
    """One person's verdict on one case of a closed study."""

    case: int  # position in the study
    voter: str
    verdict: Verdict


class AnnotatorProgress(Value):
    name: str
    done: int
    total: int  # cases this person may still be asked for, and those answered


class StudyProgress(Value):
    """All that anybody may see of an open study: how far it is, and the share of ties among all its answers."""

    answers: int
    answers_wanted: int
    answers_lost: int = 0  # of them: too few people are left who have not read what was really said
    tie_share: float | None  # None while there is no answer
    people: tuple[AnnotatorProgress, ...]


class JudgeReading(Value):
    """One reading of one case by an LLM judge. `verdict` None: unscored, `error` says why."""

    case: int  # position in the study
    judge: str  # the judge run's name
    reading: Literal["ab", "ba", "single"]
    verdict: Verdict | None
    score_a: float | None = None
    score_b: float | None = None
    reasoning: str | None = None
    error: str | None = None
