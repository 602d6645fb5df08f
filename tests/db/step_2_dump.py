"""A small database of step 2, stored as text in `step_2/`, and what resuming and exporting it must give.

Step 2's own program made it: the bundled sample project with people's answers and exports, runs that stopped for every
reason there is, one of them half done at a served model, studies, judges, imports. In `database.sql`, `packed('…')`
stands for what was asked of a model as it is stored. `half.json` and `half.jsonl` are of the half-done run as it was
when nothing stopped it: its rows, the replies that the dump lacks, its export. `shown.json`: what commands said.
"""

import gzip
import json
import shutil
import sqlite3
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db.engine import engine
from db.migrate import MIGRATIONS, migrate
from tests.db.test_migrate_step_1 import reflected
from tests.fake_server import FakeServer, prompt_hash

STORED = Path(__file__).parent / "step_2"
VERSION = "0002"  # of the schema
# Part of a call's key; a loopback address that nothing else uses.
HOST, PORT = "127.83.51.7", 8765
ADDRESS = f"http://{HOST}:{PORT}/v1"


def packed(text: str) -> bytes:
    """What was asked of a model as step 2 stores it."""
    return zlib.compress(text.encode(), 3)


def stored_bytes(name: str) -> bytes:
    return gzip.decompress((STORED / f"{name}.gz").read_bytes())


def load_dump(path: Path) -> None:
    """The dump as a new SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("packed", 1, packed)
        connection.executescript(stored_bytes("database.sql").decode())


def copy_to_postgres(dump: Path, *, migrations: Path) -> None:
    """The dump's rows into an empty database with the schema of step 2. `migrations`: a folder to be made."""
    shutil.copytree(MIGRATIONS, migrations, ignore=_later)
    migrate(folder=migrations)
    with closing(sqlite3.connect(dump)) as old, engine().begin() as new:
        new.exec_driver_sql("SET LOCAL session_replication_role = replica")  # rows come in any order
        for table in reflected().values():
            if table.name != "alembic_version":
                _copy(old, new, table)


def _later(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__" or (name[:4].isdigit() and name[:4] > VERSION)}


def _copy(old: sqlite3.Connection, new: sa.Connection, table: sa.Table) -> None:
    """As SQLite holds them: PostgreSQL reads its times and JSON itself, only truth is a number there."""
    rows = old.execute(f'SELECT * FROM "{table.name}"')
    names = [column[0] for column in rows.description]
    truths = [isinstance(table.c[name].type, sa.Boolean) for name in names]
    values = [
        tuple(bool(value) if truth else value for value, truth in zip(row, truths, strict=True))
        for row in rows.fetchall()
    ]
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join(["%s"] * len(names))
    new.exec_driver_sql(f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})', values)
    new.exec_driver_sql(
        f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), (SELECT max(id) FROM \"{table.name}\"))"
    )


def served(replies: Mapping[str, str]) -> FakeServer:
    """Answers these prompts, and no other usefully. Waits while the tests of another checkout have the address."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return FakeServer(host=HOST, port=PORT, content=lambda call: replies.get(call.prompt, "nothing"))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def rows_of(run: str) -> list[dict[str, Any]]:
    """Every item of a run with its pair, in the run's order, without ids, times and what a second try would change."""
    tables = reflected()
    job, item, sample = tables["job"], tables["synthesis_item"], tables["sample"]
    dialogue, pair = tables["dialogue"], tables["preference_pair"]
    of_item = ("position", "variant", "state", "results", "branch", "top_similarity", "overlap_chosen")
    of_pair = ("chosen", "rejected", "split", "group_key", "perturbed", "gates_failed")
    statement = (
        sa.select(
            dialogue.c.external_id,
            sample.c.target_index,
            *item.c[(*of_item, "overlap_insight", "failed_stage", "error")],
            *(pair.c[name].label(f"pair_{name}") for name in of_pair),
            pair.c.branch.label("pair_branch"),
        )
        .select_from(item)
        .join(job, job.c.id == item.c.job_id)
        .join(sample, sample.c.id == item.c.sample_id)
        .join(dialogue, dialogue.c.id == sample.c.dialogue_id)
        .join(pair, pair.c.item_id == item.c.id, isouter=True)
        .where(job.c.kind == "synthesis", job.c.name == run)
        .order_by(item.c.position, item.c.variant)
    )
    with engine().connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def answered_prompts(calls: sa.Table) -> set[str]:
    """The prompts that are answered in the log for the half-done run, which has the oldest generation."""
    statement = sa.select(calls.c.request).where(
        calls.c.valid, ~calls.c.superseded, calls.c.generation == 0, calls.c.model == "fake", calls.c.address == ADDRESS
    )
    with engine().connect() as connection:
        requests = [json.loads(zlib.decompress(blob)) for blob in connection.execute(statement).scalars()]
    return {
        prompt_hash([{"role": role, "content": text} for role, text in request["messages"]]) for request in requests
    }


def write_talks(path: Path) -> None:
    """The file whose import did not end."""
    path.write_text("\n".join(json.dumps({"id": f"t{n}", "messages": talk(n)}) for n in range(40)), encoding="utf-8")


def talk(n: int) -> list[dict[str, str]]:
    texts = (("user", f"Question {n}?"), ("assistant", "That depends."), ("user", f"And {n}?"))
    return [{"role": role, "content": text} for role, text in texts]
