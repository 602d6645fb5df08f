"""The tables. What each holds and what the database itself enforces; reading and writing live in db/<noun>.py."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime, now, one_of, random_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _time(default: bool = True) -> Any:
    if default:
        return Field(default_factory=now, sa_type=UtcDateTime, nullable=False)
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


def _json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_type=Json, nullable=False)


def _defaulted(value: Any, said: str) -> Any:
    """A column that a later migration added: `said` is what the database itself gives the rows that were there."""
    return Field(default=value, nullable=False, sa_column_kwargs={"server_default": sa.text(said)})


def _maybe_json() -> Any:
    return Field(default=None, sa_type=Json, nullable=True)


# --- people -----------------------------------------------------------------------------------------------------------


class User(SQLModel, table=True):
    __table_args__ = (sa.UniqueConstraint("name"), one_of("kind", "expert", "skilled", "crowd"))
    id: int | None = Field(default=None, primary_key=True)
    name: str  # casefolded; what one signs in with
    password_hash: str  # argon2id
    kind: str = "skilled"
    languages: list[str] = _json(list)
    active: bool = True
    created_at: datetime = _time()


class RoleGrant(SQLModel, table=True):
    """A role somebody has or had. Kept after it is revoked: blinding asks who had which role since a study's freeze."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", "annotator", "reviewer", "researcher", "admin"),
        sa.Index(
            "uq_role_grant_held",
            "user_id",
            "role",
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    role: str
    granted_at: datetime = _time()
    revoked_at: datetime | None = _time(False)


class LoginSession(SQLModel, table=True):
    __tablename__ = "login_session"
    __table_args__ = (sa.UniqueConstraint("token_sha256"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    token_sha256: str
    created_at: datetime = _time()
    expires_at: datetime = _time()
    revoked_at: datetime | None = _time(False)


class LoginFailure(SQLModel, table=True):
    """Failed attempts to sign in, for slowing down per account and per address."""

    __tablename__ = "login_failure"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    address: str = Field(index=True)
    at: datetime = _time()


# --- dialogues --------------------------------------------------------------------------------------------------------


class Dataset(SQLModel, table=True):
    __table_args__ = (
        sa.UniqueConstraint("name"),
        one_of("state", "importing", "ready", "failed"),
        one_of("kind", "dialogues", "pairs"),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str
    kind: str = _defaulted("dialogues", "'dialogues'")  # "pairs": a released preference or SFT file
    public_title: str  # what annotators may see
    redistributable: bool = _defaulted(True, "true")  # False: exports hold ids and traces, no texts
    format: str = ""
    licence: str = ""
    source: str = ""  # path or file name
    state: str = "importing"
    settings: dict[str, Any] = _json()  # seed, split, turn policy, filters
    report: dict[str, Any] = _json()  # ImportReport; while importing, as of the last committed batch
    rows_read: int = _defaulted(0, "0")  # of the source, as of the last committed batch: where an import goes on
    created_at: datetime = _time()


class DialogueRow(SQLModel, table=True):
    __tablename__ = "dialogue"
    __table_args__ = (
        sa.UniqueConstraint("dataset_id", "external_id"),
        one_of("split", "train", "valid", "test"),
        sa.Index("ix_dialogue_personal_data", "dataset_id", "personal_data"),
    )
    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", index=True)
    external_id: str
    group_key: str
    split: str
    language: str
    messages: list[dict[str, Any]] = _json(list)
    notes: list[str] = _json(list)
    original: str | None = None
    checks: dict[str, Any] = _json()
    text_sha256: str
    search_text: str
    # As in `checks`, in a form that an index counts: "email:2 phone:1". None: nobody looked with the rules of today.
    personal_data: str | None = None


class NearDuplicate(SQLModel, table=True):
    """A dialogue that is nearly another of its dataset: `like_id` is the one of the cluster that came first."""

    __tablename__ = "near_duplicate"
    __table_args__ = (sa.UniqueConstraint("dialogue_id"),)
    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", index=True)
    dialogue_id: int = Field(foreign_key="dialogue.id")
    like_id: int = Field(foreign_key="dialogue.id", index=True)
    similarity: float  # Jaccard, 0 to 1


class SampleRow(SQLModel, table=True):
    __tablename__ = "sample"
    __table_args__ = (sa.UniqueConstraint("dialogue_id", "target_index"),)
    id: int | None = Field(default=None, primary_key=True)
    dialogue_id: int = Field(foreign_key="dialogue.id")
    target_index: int
    later_indexes: list[int] = _json(list)


# --- jobs -------------------------------------------------------------------------------------------------------------


class Job(SQLModel, table=True):
    """Long work. `settings` are frozen: the same name with other settings is refused.

    How many items and how many at a time are not settings.
    """

    __table_args__ = (
        sa.UniqueConstraint("kind", "name"),
        one_of("kind", "import", "synthesis", "predict", "judge", "near_duplicates"),
        one_of("state", "queued", "running", "paused", "cancelled", "done", "failed"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    kind: str
    name: str
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id")
    method_id: int | None = Field(default=None, foreign_key="method.id")
    study_id: int | None = Field(default=None, foreign_key="study.id")
    settings: dict[str, Any] = _json()
    concurrency: int = 8
    max_calls: int | None = None  # the job pauses before it makes more; None: no limit
    max_cost: float | None = None  # in the currency of the model's price
    state: str = "queued"
    reason: str = ""
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = _time()
    started_at: datetime | None = _time(False)
    finished_at: datetime | None = _time(False)
    # single-piece jobs (import, near_duplicates) are claimed whole
    claim_token: str | None = None
    lease_until: datetime | None = _time(False)
    progress: int = 0


class JobUsage(SQLModel, table=True):
    """What a job's calls came to: one row a process, stage and answering model, so that processes do not wait for each
    other; added to in the transaction that stores the calls."""

    __tablename__ = "job_usage"
    __table_args__ = (sa.UniqueConstraint("job_id", "process", "stage", "answered_by", "provider"),)
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    process: str  # random, one a process
    stage: str
    answered_by: str
    provider: str
    calls: int = 0  # made
    valid_calls: int = 0
    cached_calls: int = 0  # answered by the call log instead
    prompt_tokens: int = 0  # of the calls made; cached_tokens are part of them
    cached_tokens: int = 0
    completion_tokens: int = 0
    unmetered_calls: int = 0  # answered, but without usage from the server
    seconds: float = 0.0  # sum of latencies


class ModelPrice(SQLModel, table=True):
    """What a model costs from a day on: a run is billed at the newest price that is not after its start."""

    __tablename__ = "model_price"
    __table_args__ = (sa.UniqueConstraint("address", "model", "since"),)
    id: int | None = Field(default=None, primary_key=True)
    address: str  # base URL
    model: str
    since: date
    currency: str  # ISO 4217
    prompt: float  # a million tokens that the server did not have cached
    cached: float
    completion: float
    source: str = ""  # where this was read


class Worker(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    host: str
    pid: int
    version: str
    started_at: datetime = _time()
    heartbeat_at: datetime = _time()


class SynthesisItem(SQLModel, table=True):
    """One sample in a run. variant 0 is the run's; n > 0 will name the tree review it was corrected from."""

    __tablename__ = "synthesis_item"
    __table_args__ = (
        sa.UniqueConstraint("job_id", "sample_id", "variant"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.Index("ix_synthesis_item_claim", "job_id", "state", "position"),
        # How fast a run moves is asked every second while somebody looks; `finished_at` lies behind long results.
        sa.Index("ix_synthesis_item_finished", "job_id", "finished_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    sample_id: int = Field(foreign_key="sample.id", index=True)
    variant: int = 0
    position: int  # in the run's seeded order
    state: str = "waiting"
    results: dict[str, Any] = _json()  # StageResults
    branch: str | None = None
    top_similarity: float | None = None
    # Hindsight: how much of the next utterance the true view's reasoning holds, revised and as it was.
    overlap_chosen: float | None = None
    overlap_insight: float | None = None
    failed_stage: str | None = None
    error: str | None = None
    claim_token: str | None = None
    attempt: int = 0
    lease_until: datetime | None = _time(False)
    finished_at: datetime | None = _time(False)


class LlmCall(SQLModel, table=True):
    """Every attempt. Only a valid, not superseded reply answers later calls."""

    __tablename__ = "llm_call"
    __table_args__ = (
        sa.Index(
            "uq_llm_call_valid",
            "key",
            "generation",
            unique=True,
            sqlite_where=sa.text("valid = 1 AND superseded = 0"),
            postgresql_where=sa.text("valid AND NOT superseded"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    generation: int = 0
    stage: str
    valid: bool
    superseded: bool = False
    problem: str | None = None
    request: bytes  # zlib-compressed JSON of messages and schema
    reply: str
    address: str
    model: str  # asked for
    answered_by: str  # what the server says answered
    provider: str = _defaulted("", "''")  # the upstream provider, where the server names one
    reasoning: str | None = None  # a reasoning model's thoughts, where the server sends them apart
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float = 0.0
    started_at: datetime | None = _time(False)  # when the answering request went out
    created_at: datetime = _time()


class ItemCall(SQLModel, table=True):
    """Which call served which item's stage; exactly one of the three item columns is set."""

    __tablename__ = "item_call"
    id: int | None = Field(default=None, primary_key=True)
    synthesis_item_id: int | None = Field(default=None, foreign_key="synthesis_item.id", index=True)
    prediction_id: int | None = Field(default=None, foreign_key="prediction.id", index=True)
    judge_verdict_id: int | None = Field(default=None, foreign_key="judge_verdict.id", index=True)
    stage: str
    attempt: int = 1
    call_id: int = Field(foreign_key="llm_call.id", index=True)
    from_cache: bool = False
    asked_at: datetime | None = _time(False)  # when the stage asked; it may have waited for a place


# --- pairs ------------------------------------------------------------------------------------------------------------


class PreferencePair(SQLModel, table=True):
    """Immutable. Synthesised pairs hold traces; imported ones may hold verbatim text."""

    __tablename__ = "preference_pair"
    __table_args__ = (sa.UniqueConstraint("item_id"), sa.UniqueConstraint("dataset_id", "source_row"))
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    item_id: int | None = Field(default=None, foreign_key="synthesis_item.id")
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id")  # set on imported pairs, with source_row
    source_row: int | None = None
    chosen: dict[str, Any] | None = _maybe_json()
    rejected: dict[str, Any] | None = _maybe_json()
    verbatim: dict[str, Any] | None = _maybe_json()  # prompt, chosen, rejected as imported
    split: str
    group_key: str
    branch: str | None = None
    perturbed: list[str] = _json(list)
    gates_failed: list[dict[str, Any]] = _json(list)
    created_at: datetime = _time()


# --- work for people --------------------------------------------------------------------------------------------------


class Queue(SQLModel, table=True):
    __table_args__ = (one_of("kind", "pair", "tree", "compare"), one_of("state", "draft", "open", "closed"))
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    kind: str
    public_title: str
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)  # the run whose pairs or trees these are
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", index=True)  # of imported pairs
    study_id: int | None = Field(default=None, foreign_key="study.id", unique=True)  # the study whose cases these are
    state: str = "open"
    everyone: bool = False  # open to all with a fitting role; else queue_member says who
    settings: dict[str, Any] = _json()
    created_at: datetime = _time()


class QueueMember(SQLModel, table=True):
    __tablename__ = "queue_member"
    __table_args__ = (sa.UniqueConstraint("queue_id", "user_id"),)
    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    user_id: int = Field(foreign_key="user.id", index=True)


class QueueItem(SQLModel, table=True):
    """One thing in a queue; exactly one subject column is set, by the queue's kind."""

    __tablename__ = "queue_item"
    __table_args__ = (
        sa.CheckConstraint(
            "(pair_id IS NOT NULL AND item_id IS NULL AND case_id IS NULL)"
            " OR (pair_id IS NULL AND item_id IS NOT NULL AND case_id IS NULL)"
            " OR (pair_id IS NULL AND item_id IS NULL AND case_id IS NOT NULL)",
            name="subject",
        ),
        sa.UniqueConstraint("queue_id", "position"),
        sa.UniqueConstraint("queue_id", "pair_id"),
        sa.UniqueConstraint("queue_id", "item_id"),
        sa.UniqueConstraint("queue_id", "case_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id")
    position: int  # random order, frozen
    pair_id: int | None = Field(default=None, foreign_key="preference_pair.id")
    item_id: int | None = Field(default=None, foreign_key="synthesis_item.id")
    case_id: int | None = Field(default=None, foreign_key="study_case.id")
    people: int = 1  # answers wanted
    treatment: str = "plain"


class Assignment(SQLModel, table=True):
    """One thing given to one person under a lease. `public_id` is all that a browser sees of it."""

    __table_args__ = (
        sa.UniqueConstraint("queue_item_id", "user_id", "role"),
        one_of("role", "annotate", "adjudicate"),
        one_of("state", "open", "done", "skipped", "surplus"),
        sa.Index("ix_assignment_user_id_state", "user_id", "state"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    queue_item_id: int = Field(foreign_key="queue_item.id", index=True)
    user_id: int = Field(foreign_key="user.id")
    role: str = "annotate"
    state: str = "open"
    left_is: str = ""  # compare: "a" or "b"; pairs: "chosen" or "rejected"
    draft: dict[str, Any] = _json()
    lease_until: datetime = _time()
    given_at: datetime = _time()
    answered_at: datetime | None = _time(False)


class PairReview(SQLModel, table=True):
    __tablename__ = "pair_review"
    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "approve", "reject", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    chosen: dict[str, Any] | None = _maybe_json()  # edited traces; None: as synthesised
    rejected: dict[str, Any] | None = _maybe_json()
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = _time()


class TreeReview(SQLModel, table=True):
    __tablename__ = "tree_review"
    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "correct", "partly", "wrong", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = _time()


class Judgement(SQLModel, table=True):
    """A person's verdict on a case: the method, never the side."""

    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "revision"),
        one_of("answer", "a", "tie", "b", "withdrawn"),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    revision: int = 1
    answer: str
    comment: str = ""
    seconds: float | None = None
    created_at: datetime = _time()


# --- methods, studies, judges -----------------------------------------------------------------------------------------


class Method(SQLModel, table=True):
    """Anything that predicts next utterances. Immutable: other settings are another method."""

    __table_args__ = (sa.UniqueConstraint("name"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str
    family: str
    seed: int | None = None
    settings: dict[str, Any] = _json()
    created_at: datetime = _time()


class PredictionRow(SQLModel, table=True):
    __tablename__ = "prediction"
    __table_args__ = (
        sa.UniqueConstraint("method_id", "sample_id"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.Index("ix_prediction_claim", "job_id", "state", "position"),
    )
    id: int | None = Field(default=None, primary_key=True)
    method_id: int = Field(foreign_key="method.id")
    sample_id: int = Field(foreign_key="sample.id", index=True)
    job_id: int = Field(foreign_key="job.id")
    position: int
    state: str = "waiting"
    utterances: list[str] = _json(list)  # four when done; two of an ablation of one view
    reasoning: str | None = None
    raw: str | None = None
    failed_stage: str | None = None
    error: str | None = None
    claim_token: str | None = None
    attempt: int = 0
    lease_until: datetime | None = _time(False)
    finished_at: datetime | None = _time(False)


class Study(SQLModel, table=True):
    __table_args__ = (
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("method_a_id <> method_b_id", name="two_methods"),
        one_of("state", "draft", "open", "closed"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=random_id, unique=True)
    name: str
    public_title: str
    dataset_id: int = Field(foreign_key="dataset.id")
    method_a_id: int = Field(foreign_key="method.id")
    method_b_id: int = Field(foreign_key="method.id")
    state: str = "draft"
    protocol: dict[str, Any] = _json()
    protocol_sha256: str = ""
    frozen_at: datetime = _time()
    opened_at: datetime | None = _time(False)
    opened_by: int | None = Field(default=None, foreign_key="user.id")
    closed_at: datetime | None = _time(False)
    closed_by: int | None = Field(default=None, foreign_key="user.id")
    departure: str = ""  # why it was closed early
    unblinded_at: datetime | None = _time(False)
    unblinded_by: int | None = Field(default=None, foreign_key="user.id")


class StudyCase(SQLModel, table=True):
    __tablename__ = "study_case"
    __table_args__ = (sa.UniqueConstraint("study_id", "sample_id"), sa.UniqueConstraint("study_id", "position"))
    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id")
    sample_id: int = Field(foreign_key="sample.id", index=True)
    position: int
    prediction_a_id: int = Field(foreign_key="prediction.id")
    prediction_b_id: int = Field(foreign_key="prediction.id")


class JudgeVerdict(SQLModel, table=True):
    """One reading of one case by an LLM judge; the job of kind "judge" is the judge run. `verdict` is the method."""

    __tablename__ = "judge_verdict"
    __table_args__ = (
        sa.UniqueConstraint("job_id", "case_id", "reading"),
        one_of("reading", "ab", "ba", "single"),
        one_of("state", "waiting", "running", "done", "failed"),
        sa.CheckConstraint("verdict IS NULL OR verdict IN ('a', 'tie', 'b')", name="verdict"),
        sa.Index("ix_judge_verdict_claim", "job_id", "state", "position"),
    )
    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id")
    case_id: int = Field(foreign_key="study_case.id", index=True)
    reading: str  # ab: a shown first; ba: b shown first; single: pointwise
    position: int
    state: str = "waiting"
    verdict: str | None = None  # None while waiting, or unscored
    score_a: float | None = None
    score_b: float | None = None
    reasoning: str | None = None
    failed_stage: str | None = None
    error: str | None = None  # why unscored
    claim_token: str | None = None
    attempt: int = 0
    lease_until: datetime | None = _time(False)
    finished_at: datetime | None = _time(False)


# --- what left, what happened -----------------------------------------------------------------------------------------


class Export(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", index=True)  # of imported pairs
    kind: str
    format: str
    status: str
    path: str
    rows: int
    sha256: str
    settings: dict[str, Any] | None = _maybe_json()  # why texts went out against a licence, what an ablation left out
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = _time()


class ExportRow(SQLModel, table=True):
    __tablename__ = "export_row"
    __table_args__ = (sa.UniqueConstraint("export_id", "pair_id"),)
    id: int | None = Field(default=None, primary_key=True)
    export_id: int = Field(foreign_key="export.id")
    pair_id: int = Field(foreign_key="preference_pair.id")
    review_id: int | None = Field(default=None, foreign_key="pair_review.id")


class EventRow(SQLModel, table=True):
    """Append-only: triggers refuse update and delete."""

    __tablename__ = "event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _time()
    user_id: int | None = Field(default=None, foreign_key="user.id")
    kind: str = Field(index=True)
    subject: str = ""
    detail: dict[str, Any] = _json()
