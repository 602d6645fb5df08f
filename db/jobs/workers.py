"""Worker processes: who lives, by their heartbeat."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from db.columns import now, row_id
from db.engine import read, write
from db.tables import Worker

BEAT_EVERY_S = 5.0
ALIVE_FOR = timedelta(seconds=20)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class WorkerInfo:
    id: int
    host: str
    pid: int
    version: str
    started_at: datetime
    heartbeat_at: datetime


def sign_on(*, version: str) -> int:
    """This process is a worker from now on."""
    with write() as session:
        session.exec(sa.delete(Worker).where(col(Worker.heartbeat_at) < now() - FORGOTTEN_AFTER))
        row = Worker(host=socket.gethostname(), pid=os.getpid(), version=version)
        session.add(row)
        session.flush()
        return row_id(row.id)


def beat(worker_id: int) -> None:
    with write() as session:
        session.exec(sa.update(Worker).where(col(Worker.id) == worker_id).values(heartbeat_at=now()))


def sign_off(worker_id: int) -> None:
    with write() as session:
        session.exec(sa.delete(Worker).where(col(Worker.id) == worker_id))


def living() -> list[WorkerInfo]:
    """The workers that gave a sign within the last 20 seconds."""
    with read() as session:
        rows = session.exec(
            select(Worker).where(col(Worker.heartbeat_at) >= now() - ALIVE_FOR).order_by(col(Worker.id))
        )
        return [
            WorkerInfo(
                id=row_id(row.id),
                host=row.host,
                pid=row.pid,
                version=row.version,
                started_at=row.started_at,
                heartbeat_at=row.heartbeat_at,
            )
            for row in rows
        ]
