"""Reading a file into a dataset: by the command line, or by the worker for a file that was uploaded.

An import is a job that is claimed whole. What an interrupted one left is invisible, and is removed when the import of
that name starts again (or by `forget_import`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from db import datasets, dialogues, imports, jobs
from db.dialogues import NewDialogue
from proutt_core.dialogues import (
    Imported,
    ImportReport,
    ImportSettings,
    find_source,
    import_dialogues,
    rows_of,
    search_text,
)
from proutt_core.errors import ConflictError, ProuttError
from proutt_core.uploads import remove_upload
from proutt_core.worker.shared import lease_s
from proutt_core.worker.watch import JobStopped

BATCH = 500
LOOK_EVERY_S = 1.0

Progress = Callable[[int], None]  # rows read


@dataclass(frozen=True)
class ImportRequest:
    """What is to be imported, under which name. Stored as the job's settings."""

    path: str
    dataset: str
    # What annotators see. Never the dataset's own name, which may say what it is made for.
    public_title: str = "Dialogues"
    format: str | None = None
    licence: str = ""
    settings: ImportSettings = field(default_factory=ImportSettings)

    def as_settings(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "public_title": self.public_title,
            "format": self.format,
            "licence": self.licence,
            "import": self.settings.model_dump(mode="json"),
        }


def queue_import(request: ImportRequest, *, created_by: int | None = None) -> int:
    """Leave the import to a worker; its job's id. A file or a name that cannot be used is refused at once."""
    _check(request)
    job_id, _ = imports.queue_import(name=request.dataset, settings=request.as_settings(), created_by=created_by)
    return job_id


def import_now(request: ImportRequest, *, progress: Progress | None = None) -> ImportReport:
    """Import in this process. Raises ProuttError, and leaves nothing behind, where it cannot be done."""
    _check(request)
    job_id, token = imports.queue_import(name=request.dataset, settings=request.as_settings(), claim_for_s=lease_s())
    assert token is not None
    return _run(request, _Held(job_id, token, progress))


def run_import_job(job: jobs.JobInfo, *, stopping: Callable[[], bool]) -> None:
    """A worker's part: take the job, unless somebody has it, and import. `stopping`: this process is to end."""
    token = imports.claim_whole(job.id, lease_s=lease_s())
    if token is None:
        return
    stored = job.settings
    request = ImportRequest(
        path=stored["path"],
        dataset=job.name,
        public_title=stored["public_title"],
        format=stored["format"],
        licence=stored["licence"],
        settings=ImportSettings.model_validate(stored["import"]),
    )
    _run(request, _Held(job.id, token, None, stopping))
    remove_upload(request.path)  # a file that was handed in through the browser has served its purpose


def forget_import(dataset: str) -> bool:
    """Remove what an interrupted import of this name left. True if there was anything."""
    job = jobs.find(kind="import", name=dataset)
    if job is None:
        return datasets.remove_unfinished(dataset)
    token = imports.claim_whole(job.id, lease_s=lease_s())
    if token is None and job.active:
        raise ConflictError(f'"{dataset}" is being imported at this moment')
    removed = datasets.remove_unfinished(dataset)
    if token is not None:
        imports.end_whole(job.id, token=token, state="failed", reason="removed")
    return removed


def _check(request: ImportRequest) -> None:
    datasets.require_free(request.dataset)
    datasets.require_public(request.public_title)
    find_source(request.path, format=request.format)


class _Held:
    """The claim on the import: renewed while rows are read, so that another process may take over if this one dies."""

    def __init__(
        self, job_id: int, token: str, progress: Progress | None, stopping: Callable[[], bool] | None = None
    ) -> None:
        self.job_id = job_id
        self.token = token
        self._progress = progress
        self._stopping = stopping
        self.dataset_id: int | None = None
        self._looked = time.monotonic()
        self._every_s = min(LOOK_EVERY_S, lease_s() / 3)

    def still(self, report: ImportReport) -> None:
        """Called again and again. Raises JobStopped when the import was stopped or lost."""
        if self._progress is not None:
            self._progress(report.rows)
        if self._stopping is not None and self._stopping():
            raise JobStopped("stopping")
        if time.monotonic() - self._looked < self._every_s:
            return
        self._looked = time.monotonic()
        if not imports.renew_whole(self.job_id, token=self.token, lease_s=lease_s(), progress=report.rows):
            raise JobStopped(jobs.state_of(self.job_id)[0])

    def remove(self) -> None:
        """What this import, and no other, has stored so far."""
        if self.dataset_id is not None:
            datasets.remove(self.dataset_id)

    def end(self, state: str, reason: str = "") -> None:
        assert state in ("done", "failed", "queued")
        imports.end_whole(self.job_id, token=self.token, state=state, reason=reason)  # type: ignore[arg-type]


def _run(request: ImportRequest, held: _Held) -> ImportReport:
    try:
        report = _fill(request, held)
    except JobStopped as exc:
        held.remove()
        held.end("queued")  # a worker that ends leaves it to the next; a cancelled job stays cancelled
        raise ConflictError(f'the import of "{request.dataset}" was stopped ({exc.state})') from exc
    except ProuttError as exc:
        held.remove()
        held.end("failed", str(exc))
        raise
    except BaseException as exc:
        held.remove()
        held.end("failed", f"interrupted: {type(exc).__name__}: {exc}")
        raise
    held.end("done")
    return report


def _fill(request: ImportRequest, held: _Held) -> ImportReport:
    datasets.remove_unfinished(request.dataset)  # what an earlier, interrupted import left
    source = find_source(request.path, format=request.format)
    dataset_id = held.dataset_id = datasets.create(
        name=request.dataset,
        public_title=request.public_title,
        source=Path(request.path).name,
        settings=request.settings.model_dump(mode="json"),
        format=source.format.name,
        licence=request.licence,
    )
    imports.attach_dataset(held.job_id, dataset_id=dataset_id)
    report = ImportReport()
    items = import_dialogues(rows_of(source), request.settings, report, progress=held.still)
    for batch in _batches(items):
        held.still(report)
        _append(dataset_id, batch, report)
    datasets.finish(dataset_id, format=source.format.name, report=report.as_dict())
    return report


def _batches(items: Iterator[Imported]) -> Iterator[list[Imported]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _append(dataset_id: int, batch: list[Imported], report: ImportReport) -> None:
    got = dialogues.append(dataset_id, [_new(item) for item in batch])
    for item, external_id in zip(batch, got, strict=True):
        if external_id is None:
            report.take_back_duplicate(item)
        elif external_id != item.dialogue.external_id:
            report.renamed += 1


def _new(item: Imported) -> NewDialogue:
    messages = item.dialogue.messages
    cuts = []
    for sample in item.samples:
        later = [
            next(i for i in range(sample.target_index + 1, len(messages)) if messages[i].content == text)
            for text in sample.later_utterances
        ]
        cuts.append((sample.target_index, tuple(later)))
    return NewDialogue(
        dialogue=item.dialogue,
        text_sha256=item.text_sha256,
        search_text=search_text(messages),
        samples=tuple(cuts),
    )
