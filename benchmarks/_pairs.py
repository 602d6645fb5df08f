"""A finished run of pairs with eight messages and two traces, about 9 kB a row, written straight into the tables."""

from typing import Any

RUN = "bench-pairs"
CHUNK = 1_000


def fill_with_pairs(count: int) -> int:
    """The run's id."""
    import sqlalchemy as sa

    from db.engine import write
    from db.tables import Dataset, DialogueRow, Job, PreferencePair, SampleRow, SynthesisItem

    with write() as session:
        dataset = Dataset(name=RUN, public_title="Talk", state="ready")
        session.add(dataset)
        session.flush()
        job = Job(kind="synthesis", name=RUN, settings={"seed": 0}, state="done", dataset_id=dataset.id)
        session.add(job)
        session.flush()
        for start in range(1, count + 1, CHUNK):
            numbers = range(start, min(start + CHUNK, count + 1))
            for table, row in (
                (DialogueRow, _dialogue),
                (SampleRow, _sample),
                (SynthesisItem, _item),
                (PreferencePair, _pair),
            ):
                owners = {"dataset_id": dataset.id or 0, "job_id": job.id or 0}
                session.connection().execute(sa.insert(table), [row(n, **owners) for n in numbers])
        return job.id or 0


SAID = "We are planning two days in the old town and would like to see the gardens, 还有博物馆, before lunch. " * 4


def _dialogue(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    messages = [{"role": "user" if i % 2 == 0 else "assistant", "content": f"{n}.{i} {SAID}"} for i in range(9)]
    return {
        "id": n,
        "dataset_id": dataset_id,
        "external_id": f"d{n}",
        "group_key": f"d{n}",
        "split": "train",
        "language": "en",
        "messages": messages,
        "notes": [],
        "checks": {},
        "text_sha256": "",
        "search_text": "",
    }


def _sample(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    return {"id": n, "dialogue_id": n, "target_index": 8, "later_indexes": []}


def _item(n: int, *, dataset_id: int, job_id: int) -> dict[str, Any]:
    return {"id": n, "job_id": job_id, "sample_id": n, "variant": 0, "position": n, "state": "done", "results": {}}


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
    from proutt_core.types import Trace

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
