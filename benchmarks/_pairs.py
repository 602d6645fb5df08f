"""Many pairs, written straight into the tables: eight messages and two traces each, about 10 kB."""

from typing import Any

import sqlalchemy as sa

from db.columns import now, row_id
from db.engine import write
from db.tables import Dataset, DialogueRow, Job, PreferencePair, SampleRow, SynthesisItem
from proutt_core.types import PREDICTION_IDS, Trace

RUN = "bench-pairs"
CHUNK = 1_000
FIRST = 1_000_000  # the ids count from here, above those of rows that were there before
TAU_HIGH, TAU_LOW = 0.8, 0.3
SAID = "We are planning two days in the old town and would like to see the gardens, 还有博物馆, before lunch. " * 4


def fill_with_pairs(count: int) -> int:
    """A finished run with so many pairs, and its dataset; the run's id."""
    with write() as session:
        dataset = Dataset(name=RUN, public_title="Talk", state="ready")
        session.add(dataset)
        session.flush()
        job = Job(kind="synthesis", name=RUN, settings={"seed": 0}, state="done", dataset_id=dataset.id)
        session.add(job)
        session.flush()
        dataset_id, job_id = row_id(dataset.id), row_id(job.id)
    add_pairs(count, dataset_id=dataset_id, job_id=job_id)
    return job_id


def add_pairs(count: int, *, dataset_id: int, job_id: int) -> None:
    """Dialogues to the dataset, and to the run an item that is done and its pair for each."""
    with write() as session:
        for start in range(FIRST, FIRST + count, CHUNK):
            numbers = range(start, min(start + CHUNK, FIRST + count))
            for table, row in (
                (DialogueRow, _dialogue),
                (SampleRow, _sample),
                (SynthesisItem, _item),
                (PreferencePair, _pair),
            ):
                rows = [row(n, dataset_id=dataset_id, job_id=job_id) for n in numbers]
                session.connection().execute(sa.insert(table), rows)


def _dialogue(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    messages = [{"role": "user" if i % 2 == 0 else "assistant", "content": f"{n}.{i} {SAID}"} for i in range(9)]
    return {
        "id": n,
        "dataset_id": dataset_id,
        "external_id": f"d{n}",
        "group_key": f"d{n}",
        "split": "train",
        "language": ("en", "zh", "de")[n % 3],
        "messages": messages,
        "notes": [],
        "checks": {},
        "text_sha256": "",
        "search_text": "",
        "personal_data": "",
    }


def _sample(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    return {"id": n, "dialogue_id": n, "target_index": 8, "later_indexes": []}


def _item(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    top = n % 101 / 100
    trace = _trace(n, "gardens")
    scores = [
        {"id": name, "score": top if i == 0 else top / 2, "reason": "as near as that"}
        for i, name in enumerate(PREDICTION_IDS)
    ]
    insight = {view: trace[view] for view in ("mining", "exploration")}
    return {
        "id": n,
        "job_id": job_id,
        "sample_id": n,
        "variant": 0,
        "position": n,
        "state": "done",
        "finished_at": now(),
        "branch": "high" if top >= TAU_HIGH else "low" if top < TAU_LOW else "mid",
        "top_similarity": top,
        "overlap_chosen": 0.2,
        "overlap_insight": 0.1,
        "results": {"tree": trace["tree"], "category": "Question", "insight": insight, "similarity": scores},
    }


def _pair(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    return {
        "id": n,
        "public_id": f"p{n}",
        "job_id": job_id,
        "item_id": n,
        "chosen": _trace(n, "gardens"),
        "rejected": _trace(n, "hotels"),
        "split": "train",
        "group_key": f"d{n}",
        "branch": "mid",
        "perturbed": ["mining"],
        "gates_failed": [],
    }


def _trace(n: int, about: str) -> dict[str, Any]:
    attributes = [{"attribute": name, "value": f"{about} {n}"} for name in ("place", "time", "price")]

    def view(name: str) -> dict[str, Any]:
        path = {"view": name, "source": "Trip", "node": f"{name} of {about}", "leaf": "opening hours"}
        predictions = [
            {"id": f"{name[0]}{i}", "text": f"When do the {about} open on day {i} of {name} {n}?", "path": path}
            for i in (1, 2)
        ]
        return {"view": name, "reasoning": SAID[:600], "predictions": predictions}

    trace = {
        "tree": {"topics": [{"topic": topic, "attributes": attributes} for topic in ("Trip", "Lunch")]},
        "category": "Question",
        "category_reasoning": SAID[:400],
        "mining": view("mining"),
        "exploration": view("exploration"),
    }
    return Trace.model_validate(trace).model_dump(mode="json")
