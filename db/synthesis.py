"""Synthesis runs: their items, what each item came to, and the pairs they made."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import items
from db.columns import now, random_id, row_id
from db.engine import read, write
from db.items import ItemClaim, requeue
from db.jobs import Owner, Started, job_for
from db.models import DialogueRow, PreferencePair, SampleRow, SynthesisItem
from db.order import samples_for_job
from proutt_core.types import StageResults, SynthesisedPair


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
    created_by: int | None = None,
) -> Started:
    """Make a run or go on with the one of that name, and queue what is left.

    `settings` hold at least `split` and `seed`. `limit` is how many samples of the seeded order the run should have; it
    never takes any away. ConflictError naming the settings that differ from those the run was started with.
    """
    order = samples_for_job(dataset_id=dataset_id, split=settings["split"], seed=settings["seed"], limit=limit)
    with write() as session:
        job = job_for(
            session,
            kind="synthesis",
            name=name,
            settings=settings,
            owner=Owner(dataset_id=dataset_id),
            concurrency=concurrency,
            created_by=created_by,
        )
        job_id = row_id(job.id)
        there, finished = session.exec(
            select(sa.func.count(), sa.func.count(col(SynthesisItem.finished_at))).where(
                SynthesisItem.job_id == job_id, SynthesisItem.variant == 0
            )
        ).one()
        wanted = order[there:limit]
        rows = [
            {
                "job_id": job_id,
                "sample_id": sample_id,
                "variant": 0,
                "position": there + n,
                "state": "waiting",
                "results": {},
                "attempt": 0,
            }
            for n, sample_id in enumerate(wanted)
        ]
        if rows:
            session.connection().execute(sa.insert(SynthesisItem), rows)
        requeue(session, job)
        return Started(job_id=job_id, resumed=finished, added=len(rows))


def save_pair(session: Session, claim: ItemClaim, *, results: StageResults, pair: SynthesisedPair) -> bool:
    """The item with its pair, in the caller's transaction. False, and nothing written, where another holds the item."""
    saved = items.save(
        session,
        claim,
        results=results.model_dump(mode="json"),
        branch=pair.branch,
        top_similarity=pair.top_similarity,
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
        "rejected": pair.rejected.model_dump(mode="json"),
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
        unclean = session.exec(
            select(PreferencePair.gates_failed).where(
                PreferencePair.job_id == job_id, sa.cast(col(PreferencePair.gates_failed), sa.Text) != "[]"
            )
        ).all()
    gates = Counter(gate for failed in unclean for gate in {entry["gate"] for entry in failed})
    return RunSummary(
        total=counts.total,
        done=counts.done,
        failed=counts.failed,
        clean=counts.done - len(unclean),
        gate_failures=dict(sorted(gates.items())),
        branches={branch: branches.get(branch, 0) for branch in ("high", "mid", "low")},
    )
