"""A temporary database with real dialogues in it, for one benchmark."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proutt_core.actions.sample import sample_path

PROJECT = Path(__file__).resolve().parents[1]
CROSSWOZ = PROJECT.parent / "shared" / "data" / "crosswoz" / "val.json.zip"
DATASET = "bench"


@contextmanager
def temporary_database() -> Iterator[Path]:
    """The folder of a new SQLite database that the whole process uses meanwhile."""
    from db.migrate import migrate

    with tempfile.TemporaryDirectory() as folder, database_at(f"sqlite:///{folder}/bench.db"):
        migrate()
        yield Path(folder)


@contextmanager
def database_at(url: str) -> Iterator[None]:
    """The whole process uses this database meanwhile."""
    from db.engine import dispose

    before = os.environ.get("PROUTT_DATABASE_URL")
    dispose()
    os.environ["PROUTT_DATABASE_URL"] = url
    try:
        yield
    finally:
        dispose()
        if before is None:
            del os.environ["PROUTT_DATABASE_URL"]
        else:
            os.environ["PROUTT_DATABASE_URL"] = before


@contextmanager
def empty_database(database: str, folder: Path) -> Iterator[str | None]:
    """The address of a new `sqlite` or `postgresql` database, not migrated; None where the server is not installed."""
    from tests import postgres

    if database == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
    elif postgres.binaries() is None:
        yield None
    else:
        with postgres.server() as address:
            yield f"{address}/postgres"


def import_dialogues(limit: int) -> int:
    """CrossWOZ where the shared data is there, else the bundled dialogues (at most 60). How many came in."""
    from proutt_core.actions.importing import import_now
    from proutt_core.dialogues import ImportSettings, parse_shares
    from proutt_core.jobs.kinds.importing import ImportRequest

    path = CROSSWOZ if CROSSWOZ.exists() else sample_path()
    settings = ImportSettings(limit=limit, shares=parse_shares("100/0/0"))
    request = ImportRequest(paths=(str(path),), dataset=DATASET, public_title="Talk", settings=settings)
    return import_now(request).imported


def queue_run(run: str, *, base_url: str, concurrency: int = 8, limit: int | None = None) -> int:
    """The job's id of a run of the model `fake` on the imported dialogues."""
    from proutt_core.actions.synthesis import start_synthesis
    from proutt_core.llm.providers.model_ref import ModelRef
    from proutt_core.runs.request import RunRequest

    model = ModelRef("fake", base_url=base_url)
    request = RunRequest(dataset=DATASET, run=run, model=model, concurrency=concurrency, limit=limit)
    return start_synthesis(request).job_id
