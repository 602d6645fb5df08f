"""Synthesis runs: their items, what each item came to, and the pairs they made."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.accounts.events import record
from db.columns import now, random_id, row_id
from db.datasets.seeded_order import samples_for_job
from db.datasets.uses import hold_texts
from db.engine import read, write
from db.jobs import items
from db.jobs.items import ItemClaim, requeue
from db.jobs.jobs import ACTIVE, Owner, Started, job_for, limit_spending, subject_of
from db.stored_settings import asks, generation_of, seed_of, split_of
from db.synthesis.gates import failed_a_gate
from db.tables import DialogueRow, ItemCall, Job, JobUsage, PreferencePair, SampleRow, SynthesisItem
from proutt_core.errors import ConflictError
from proutt_core.types import StageResults, SynthesisedPair


@dataclass(frozen=True)
class Overlap:
    """Means over a branch's items: the share of the next utterance's n-grams in the true view's reasoning."""

    items: int
    chosen: float  # revised
    insight: float  # as it was


@dataclass(frozen=True)
class RunSummary:
    total: int
    done: int
    failed: int
    clean: int
    gate_failures: dict[str, int]
    branches: dict[str, int]


def start_run(
    *,
    name: str,
    dataset_id: int,
    settings: dict[str, Any],
    limit: int | None = None,
    concurrency: int = 8,
    max_calls: int | None = None,
    max_cost: float | None = None,
    created_by: int | None = None,
) -> Started:
    """Make a run, or resume the one of that name, and queue what is left.

    `settings` hold at least `split` and `seed`. `limit` is how many samples of the seeded order the run should have; it
    never takes any away. A limit of spending that is None leaves the one the run has. ConflictError naming the settings
    that differ from those the run was started with.
    """
    split, seed = split_of(settings), seed_of(settings) or 0
    with write() as session:
        hold_texts(session, dataset_id)
        order = samples_for_job(dataset_id=dataset_id, split=split, seed=seed, limit=limit)
        job = job_for(
            session,
            kind="synthesis",
            name=name,
            settings=settings,
            owner=Owner(dataset_id=dataset_id),
            concurrency=concurrency,
            created_by=created_by,
        )
        limit_spending(job, max_calls=max_calls, max_cost=max_cost)
        job_id = row_id(job.id)
        present, finished = session.exec(
            select(sa.func.count(), sa.func.count(col(SynthesisItem.finished_at))).where(
                SynthesisItem.job_id == job_id, SynthesisItem.variant == 0
            )
        ).one()
        rows = [_new_row(job_id, sample_id, n) for n, sample_id in enumerate(order[present:limit], start=present)]
        if rows:
            session.connection().execute(sa.insert(SynthesisItem), rows)
        requeue(session, job)
        return Started(job_id=job_id, resumed=finished, added=len(rows))


def _new_row(job_id: int, sample_id: int, position: int) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "sample_id": sample_id,
        "variant": 0,
        "position": position,
        "state": "waiting",
        "results": {},
        "attempt": 0,
    }


def generations(*, address: str, model: str) -> dict[int, str]:
    """The generations of the call log that runs opened at this address and model, each with its run's name."""
    with read() as session:
        runs = session.exec(select(Job.name, Job.settings).where(Job.kind == "synthesis").order_by(col(Job.id)))
        opened: dict[int, str] = {}
        for name, settings in runs:
            if asks(settings, address=address, model=model) and (generation := generation_of(settings)):
                opened.setdefault(generation, name)
        return opened


def save_pair(session: Session, claim: ItemClaim, *, results: StageResults, pair: SynthesisedPair) -> bool:
    """The item with its pair, in the caller's transaction. False, and nothing written, where another holds the item."""
    saved = items.save(
        session,
        claim,
        results=results.model_dump(mode="json"),
        branch=pair.branch,
        top_similarity=pair.top_similarity,
        overlap_chosen=pair.overlap_chosen,
        overlap_insight=pair.overlap_insight,
    )
    if not saved:
        return False
    split, group = session.exec(
        select(DialogueRow.split, DialogueRow.group_key)
        .join(SampleRow, col(SampleRow.dialogue_id) == DialogueRow.id)
        .where(SampleRow.id == claim.sample_id)
    ).one()
    values = {
        "public_id": random_id(),
        "job_id": claim.job_id,
        "item_id": claim.id,
        "chosen": pair.chosen.model_dump(mode="json"),
        "rejected": pair.rejected and pair.rejected.model_dump(mode="json"),
        "split": split,
        "group_key": group,
        "branch": pair.branch,
        "perturbed": list(pair.perturbed),
        "gates_failed": [failure.model_dump(mode="json") for failure in pair.gates_failed],
        "created_at": now(),
    }
    session.connection().execute(sa.insert(PreferencePair), [values])
    return True


def save_failure(session: Session, claim: ItemClaim, *, stage: str, error: str, results: StageResults) -> bool:
    """The item failed, with what it reached. False where another holds the item."""
    return items.save_failure(session, claim, stage=stage, error=error, results=results.model_dump(mode="json"))


def summary(job_id: int) -> RunSummary:
    """What a run came to so far. `branches` always has high, mid and low."""
    counts = items.counts(job_id)
    with read() as session:
        branches = dict(
            session.exec(
                select(SynthesisItem.branch, sa.func.count())
                .where(SynthesisItem.job_id == job_id, SynthesisItem.state == "done")
                .group_by(col(SynthesisItem.branch))
            ).all()
        )
        unclean = session.exec(select(PreferencePair.gates_failed).where(failed_a_gate(job_id))).all()
    gates = Counter(gate for failed in unclean for gate in {entry["gate"] for entry in failed})
    return RunSummary(
        total=counts.total,
        done=counts.done,
        failed=counts.failed,
        clean=counts.done - len(unclean),
        gate_failures=dict(sorted(gates.items())),
        branches={branch: branches.get(branch, 0) for branch in ("high", "mid", "low")},
    )


def overlaps(job_id: int) -> dict[str, Overlap]:
    """Hindsight by branch, of the items it was measured for; a branch without any is left out."""
    with read() as session:
        rows = session.exec(
            select(
                SynthesisItem.branch,
                sa.func.count(),
                sa.func.avg(col(SynthesisItem.overlap_chosen)),
                sa.func.avg(col(SynthesisItem.overlap_insight)),
            )
            .where(
                SynthesisItem.job_id == job_id,
                SynthesisItem.state == "done",
                col(SynthesisItem.overlap_chosen).is_not(None),
                col(SynthesisItem.overlap_insight).is_not(None),
            )
            .group_by(col(SynthesisItem.branch))
        )
        return {str(branch): Overlap(items=n, chosen=chosen, insight=insight) for branch, n, chosen, insight in rows}


def removable(job_id: int) -> bool:
    """Whether a run stands still and nothing came of it: no item ended, and no pair is stored."""
    with read() as session:
        return _nothing_came(session, session.get_one(Job, job_id))


def _nothing_came(session: Session, job: Job) -> bool:
    ended = select(SynthesisItem.id).where(SynthesisItem.job_id == job.id, col(SynthesisItem.finished_at).is_not(None))
    pairs = select(PreferencePair.id).where(PreferencePair.job_id == job.id)
    return (
        job.kind == "synthesis"
        and job.state not in ACTIVE
        and session.exec(ended.limit(1)).first() is None
        and session.exec(pairs.limit(1)).first() is None
    )


def remove_run(job_id: int, *, user_id: int | None = None) -> None:
    """Forget a run of which nothing came, so that its name is free again. Its calls stay in the log.

    ConflictError where something came of it, or while a worker still ends its calls.
    """
    with write() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        if not _nothing_came(session, job):
            raise ConflictError(f'the run "{job.name}" is going on, or something came of it: it is kept')
        mine = select(SynthesisItem.id).where(SynthesisItem.job_id == job_id)
        held = mine.where(SynthesisItem.state == "running", col(SynthesisItem.lease_until) >= now())
        if session.exec(held.limit(1)).first() is not None:
            raise ConflictError(f'a worker still ends its calls for the run "{job.name}"; try again in a minute')
        record(session, user_id=user_id, kind="job.remove", subject=subject_of(job), detail={"settings": job.settings})
        session.exec(sa.delete(ItemCall).where(col(ItemCall.synthesis_item_id).in_(mine)))
        session.exec(sa.delete(SynthesisItem).where(col(SynthesisItem.job_id) == job_id))
        session.exec(sa.delete(JobUsage).where(col(JobUsage.job_id) == job_id))
        session.delete(job)
