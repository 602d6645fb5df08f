"""The whole loop once: import and synthesis of real dialogues, claims by many people at once, agreement, export.

Every line is measured in this run, in a temporary SQLite database. CPU seconds stand beside wall seconds, because these
machines are shared and wall time alone says little.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._project import CROSSWOZ, temporary_database
from proutt_core.actions.sample import sample_path

COPIES = 9  # of the bundled dialogues, where CrossWOZ is not there


def timed(name: str, work: Callable[[], tuple[int, str]]) -> None:
    """Run, and print how many of what there were, a second and a CPU second."""
    wall, cpu = time.monotonic(), time.process_time()
    count, unit = work()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    per_cpu = f"{count / cpu:12,.0f}" if cpu > 0.01 else f"{'–':>12}"
    sys.stdout.write(f"{name:46} {count:8,} {unit:12} {wall:8.2f} s {count / wall:10,.0f}/s {per_cpu}/CPU s\n")
    sys.stdout.flush()


def dialogues(folder: Path) -> Path:
    """500 real dialogues where the shared data is there, else the bundled ones several times over."""
    if CROSSWOZ.exists():
        return CROSSWOZ
    path = folder / "dialogues.jsonl"
    rows = [json.loads(line) for line in sample_path().read_text(encoding="utf-8").splitlines()]
    copies = [row | {"id": f"{row['id']}-{n}"} for n in range(COPIES) for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in copies), encoding="utf-8")
    return path


def import_dialogues(path: Path) -> tuple[int, str]:
    from proutt_core.actions.importing import import_now
    from proutt_core.jobs.kinds.importing import ImportRequest

    report = import_now(ImportRequest(paths=(str(path),), dataset="bench", public_title="Talk"))
    return report.imported, "dialogues"


def synthesise() -> tuple[int, str]:
    from proutt_core.__main__ import app

    words = ["synthesize", "--dataset", "bench", "--run", "bench", "--split", "all", "--concurrency", "16"]
    app(words, standalone_mode=False)
    from db.jobs import items, jobs

    job = jobs.find(kind="synthesis", name="bench")
    if job is None:
        raise RuntimeError("the run is gone")
    return items.counts(job.id).done, "pairs"


def review(people: int, reviews: int) -> Callable[[], tuple[int, str]]:
    """`people` threads claim and approve pairs of one queue, as fast as they can, each at most `reviews` times."""
    from concurrent.futures import ThreadPoolExecutor

    from db.accounts.users import create_user
    from db.review.answers import save_pair_review
    from db.review.queues import claim_next, titles

    names = [f"person{number}" for number in range(people)]
    ids = [create_user(name=name, password="a long enough password", roles=["annotator"]).id for name in names]

    def person(user_id: int) -> int:
        queue = titles(kind="pair", user_id=user_id)[0][0]
        for done in range(reviews):
            claim = claim_next(queue_public_id=queue, user_id=user_id)
            if claim is None:
                return done
            save_pair_review(assignment_id=claim.assignment_id, user_id=user_id, answer="approve")
        return reviews

    def work() -> tuple[int, str]:
        with ThreadPoolExecutor(people) as pool:
            return sum(pool.map(person, ids)), "answers"

    return work


def export(folder: Path) -> tuple[int, str]:
    from proutt_core.actions.export import run_export

    out = folder / "pairs.jsonl"
    written: Any = run_export(run="bench", kind="preference", format="trl", status="all", out=out)
    return int(written.rows), "rows"


def agreement(items: int, raters: int) -> Callable[[], tuple[int, str]]:
    import random

    from proutt_core.statistics.agreement import agreement_report
    from proutt_core.statistics.labels import Label

    draw = random.Random(0)
    labels = [
        Label(item=str(i), rater=f"p{r}", kind="human", verdict=draw.choice(("a", "tie", "b")))
        for i in range(items)
        for r in range(raters)
    ]

    def work() -> tuple[int, str]:
        agreement_report(labels).as_json()
        return items, "items"

    return work


def main(*, small: bool = False) -> None:
    """`small` has nothing to leave out here: the whole takes a minute."""
    with temporary_database() as folder:
        path = dialogues(folder)
        timed(f"import {path.name}", lambda: import_dialogues(path))
        timed("synthesise them with rules, every call stored", synthesise)
        timed("claim and approve pairs, 20 people at once", review(20, 20))
        timed("export for TRL", lambda: export(folder))
        timed("agreement without intervals, 100 cases × 3", agreement(100, 3))
        timed("agreement without intervals, 10,000 items × 5", agreement(10_000, 5))


if __name__ == "__main__":
    main()
