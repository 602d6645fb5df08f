"""People who claim and answer a study's cases at once, straight on the database functions, from several processes.

Twenty workers in a closed loop over 2,000 cases that want three people each, as fast as they can; then forty people who
answer every two seconds. On SQLite and on PostgreSQL (started as the tests start it, without fsync).
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks._project import PROJECT, database_at, empty_database
from benchmarks._report import line

WANTED = 3
EVERY_S = 2.0
MOST_ERRORS = 50
READY = "ready\n"


@dataclass(frozen=True)
class Size:
    cases: int = 2_000
    processes: int = 4
    threads: int = 5
    paced_people: int = 40
    paced_s: float = 30.0


SMALL = Size(cases=30, processes=2, threads=3, paced_people=4, paced_s=2.5)


@dataclass
class Work:
    """What some people did; seconds of each claim and save."""

    claims: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    counted: int = 0

    @classmethod
    def from_json(cls, text: str) -> "Work":
        stored = json.loads(text)
        return cls(**(stored | {"errors": Counter(stored["errors"])}))

    def add(self, other: "Work") -> None:
        self.claims += other.claims
        self.saves += other.saves
        self.errors += other.errors
        self.counted += other.counted


@dataclass
class Figures:
    closed_loop: Work
    paced: Work
    over_assigned: int
    missing: int
    lost: int


def main(*, small: bool = False) -> dict[str, Figures]:
    """By database. Nothing may be over-assigned, missing or lost, and nobody be shut out."""
    figures = {}
    for database in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, empty_database(database, Path(folder)) as url:
            if url is None:
                line(f"claims on {database}", "not installed here")
                continue
            with database_at(url):
                figures[database] = measure(database, SMALL if small else Size())
    return figures


def measure(database: str, size: Size) -> Figures:
    from db.migrate import migrate
    from tests.study_setup import add_dataset, add_method, add_user

    migrate()
    add_dataset(test=size.cases, train=0)
    add_method("first")
    add_method("second")
    workers = size.processes * size.threads
    names = [f"p{n}" for n in range(max(workers, size.paced_people))]
    ids = [add_user(name) for name in names]
    queue = _study("fast", names[:workers], size.cases)
    began = time.monotonic()
    work = _at_once(queue, ids[:workers], size.processes)
    wall_s = time.monotonic() - began
    over, missing, stored = _found(queue)
    lost = work.counted - stored
    line(f"{database}: {workers} workers, {size.cases:,} cases × {WANTED}", f"{work.counted / wall_s:.0f} answers/s")
    line("  over-assigned, missing, lost, errors", f"{over}, {missing}, {lost}, {work.errors.total()}", promise="0")
    line("  closed loop: claim p50, p99; save p50, p99", _ms(work.claims, work.saves), promise="a save p99 250 ms")
    queue = _study("paced", names[: size.paced_people], size.cases)
    paced = _at_once(queue, ids[: size.paced_people], size.processes, every_s=EVERY_S, seconds=size.paced_s)
    line(
        f"  {size.paced_people} people every {EVERY_S:g} s", _ms(paced.claims, paced.saves), promise="a save p99 50 ms"
    )
    return Figures(work, paced, over, missing, lost)


def _ms(claims: list[float], saves: list[float]) -> str:
    return "; ".join(f"{_percentile(took, 50):.1f}, {_percentile(took, 99):.1f}" for took in (claims, saves)) + " ms"


def _percentile(seconds: list[float], percent: int) -> float:
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _study(name: str, people: list[str], cases: int) -> str:
    """Opens a study of these people; its queue's public id."""
    from sqlmodel import col, select

    from db.engine import read
    from db.studies.studies import create_study, open_study
    from db.tables import Queue, Study
    from proutt_core.types.studies import StudyDesign
    from tests.study_setup import DATASET

    design = StudyDesign(
        name=name,
        public_title=f"Talk {name}",
        dataset=DATASET,
        a="first",
        b="second",
        cases=cases,
        people=WANTED,
        members=tuple(people),
    )
    create_study(design)
    open_study(name)
    with read() as session:
        found = select(Queue.public_id).join(Study, col(Study.id) == Queue.study_id).where(Study.name == name)
        return session.exec(found).one()


def _at_once(
    queue: str, user_ids: list[int], processes: int, *, every_s: float = 0.0, seconds: float | None = None
) -> Work:
    """The people in processes of their own, which begin together. Processes that multiprocessing spawns would look into
    `__main__`, which under tests of pages is a page."""
    command = [sys.executable, "-m", "benchmarks.claims", queue, str(every_s), str(seconds or "")]
    children = [
        subprocess.Popen(
            [*command, *map(str, user_ids[n::processes])],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(processes)
    ]
    whole = Work()
    for child in children:
        if child.stdout is None or child.stdout.readline() != READY:
            raise RuntimeError("a process of the benchmark ended before it began")
    for child in children:
        whole.add(Work.from_json(child.communicate("\n")[0]))
    return whole


def _several(queue: str, every_s: str, seconds: str, *user_ids: str) -> None:
    """What a process does: imports and connections are made, then it waits for the others."""
    ids = [int(user_id) for user_id in user_ids]
    whole = Work()
    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(lambda user_id: _person(queue, user_id, 0.0, 0.0), ids))
        sys.stdout.write(READY)
        sys.stdout.flush()
        sys.stdin.readline()
        limit = float(seconds) if seconds else None
        for work in pool.map(lambda user_id: _person(queue, user_id, float(every_s), limit), ids):
            whole.add(work)
    sys.stdout.write(json.dumps(asdict(whole)))


def _person(queue: str, user_id: int, every_s: float, seconds: float | None) -> Work:
    """Claims and answers until nothing is left, or for so many seconds."""
    from db.review.queues import claim_next
    from db.studies.comparisons import save_judgement

    work, draw = Work(), random.Random(user_id)
    ends = None if seconds is None else time.monotonic() + seconds
    time.sleep(draw.random() * every_s)
    while (ends is None or time.monotonic() < ends) and work.errors.total() < MOST_ERRORS:
        began = time.perf_counter()
        try:
            claim = claim_next(queue_public_id=queue, user_id=user_id)
            claimed = time.perf_counter()
            if claim is None:
                break
            side = draw.choice(("left", "tie", "right"))
            outcome = save_judgement(assignment_id=claim.assignment_id, user_id=user_id, side=side)
        except Exception as exc:  # noqa: BLE001 - counted
            work.errors[f"{type(exc).__name__}: {exc}"[:90]] += 1
            continue
        saved = time.perf_counter()
        work.claims.append(claimed - began)
        work.saves.append(saved - claimed)
        work.counted += outcome == "counted"
        time.sleep(max(0.0, every_s - (saved - began)))
    return work


def _found(queue: str) -> tuple[int, int, int]:
    """Answers beyond what each case wants, answers that it still wants, and answers stored."""
    import sqlalchemy as sa
    from sqlmodel import col, select

    from db.engine import read
    from db.tables import Assignment, Judgement, Queue, QueueItem

    with read() as session:
        of_queue = (
            select(col(QueueItem.id), sa.func.count(sa.distinct(Assignment.user_id)), sa.func.count(col(Judgement.id)))
            .join(Queue, col(Queue.id) == QueueItem.queue_id)
            .join(Assignment, col(Assignment.queue_item_id) == QueueItem.id, isouter=True)
            .join(Judgement, col(Judgement.assignment_id) == Assignment.id, isouter=True)
            .where(Queue.public_id == queue)
            .group_by(col(QueueItem.id))
        )
        rows = session.exec(of_queue).all()
    over = sum(max(0, answers - WANTED) for _, _, answers in rows)
    missing = sum(max(0, WANTED - people) for _, people, _ in rows)
    return over, missing, sum(answers for *_, answers in rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _several(*sys.argv[1:])
    else:
        main()
