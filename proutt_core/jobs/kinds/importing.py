"""Reading a file into a dataset: by the command line, or by the worker for a file that was uploaded.

An import is a whole job. What is stored stays invisible until everything is. An import that was killed, cancelled or
cut short keeps what it stored: the same import again (by the command, the page or a worker) resumes after the last row
of the last batch; another one of that name is refused until what is stored is removed (`forget_import` in
actions/importing.py). A file that turns out to be broken leaves nothing. An import that draws (`sample`), and one of
pairs, starts over.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import orjson

from db.datasets import datasets, imports
from db.datasets.imports import SoFar, Unfinished
from db.datasets.insert import NewColumns
from db.jobs.jobs import JobInfo
from proutt_core.dialogues import ImportReport, ImportSettings, find_source
from proutt_core.dialogues.batches import Batch, search_text_of
from proutt_core.dialogues.licences import redistribution
from proutt_core.dialogues.pairs.released import FORMAT as PAIRS
from proutt_core.dialogues.pairs.released import ReleasedSource, find_released, require_pair_settings
from proutt_core.dialogues.pairs.report import PairReport
from proutt_core.dialogues.report import require_something
from proutt_core.dialogues.second_process import batches_of
from proutt_core.dialogues.sources import Source
from proutt_core.dialogues.uploads import remove_uploads
from proutt_core.errors import InputError
from proutt_core.jobs.kinds.imported_pairs import fill_pairs
from proutt_core.jobs.kinds.resumed_import import require_same, sha256_of, stored_settings, unfinished_import
from proutt_core.jobs.kinds.settling import Settling
from proutt_core.jobs.whole_job import WholeJobClaim

BATCH = 1000  # dialogues that are stored in one transaction, at most
Say = Callable[[str], None]


@dataclass(frozen=True)
class ImportRequest:
    """What is to be imported, under which name. Stored as the job's settings."""

    paths: tuple[str, ...]  # files or folders, which together make the dataset
    dataset: str
    # What annotators see. Never the dataset's own name, which may say what it is made for.
    public_title: str = "Dialogues"
    format: str | None = None
    licence: str = ""
    settings: ImportSettings = field(default_factory=ImportSettings)

    def to_stored(self) -> dict[str, Any]:
        return {
            "paths": [str(Path(path).resolve()) for path in self.paths],  # a worker may stand in another folder
            "public_title": self.public_title,
            "format": self.format,
            "licence": self.licence,
            "import": self.settings.model_dump(mode="json"),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any], *, dataset: str) -> Self:
        """`dataset` is the job's name."""
        return cls(
            paths=tuple(stored["paths"] if "paths" in stored else [stored["path"]]),  # one, in earlier versions
            dataset=dataset,
            public_title=stored["public_title"],
            format=stored["format"],
            licence=stored["licence"],
            settings=ImportSettings.model_validate(stored["import"]),
        )


def run_import_job(job: JobInfo, claim: WholeJobClaim) -> None:
    """A worker's part: the import that a job asks for."""
    run_import(ImportRequest.from_stored(job.settings, dataset=job.name), claim, lambda _text: None)


def run_import(request: ImportRequest, claim: WholeJobClaim, say: Say) -> ImportReport | PairReport:
    """Import what is asked for, or resume it, which `say` announces. Raises ProuttError or JobStopped."""
    filling = _Filling(request, claim, say)
    with claim:
        try:
            report = filling.fill()
        except InputError:
            filling.abandon(broken=True)
            raise
        except BaseException:
            filling.abandon()
            raise
    remove_uploads(request.paths)  # files that were handed in through the browser have served their purpose
    return report


def source_of(request: ImportRequest) -> Source | ReleasedSource:
    released = find_released(*request.paths, format=request.format)
    if released is None:
        return find_source(*request.paths, format=request.format)
    require_pair_settings(request.settings)
    return released


def unfinished_same(request: ImportRequest, source: Source | ReleasedSource, sha256: str) -> Unfinished | None:
    """The unfinished import that can be resumed, if any. ConflictError where the one of this name is another import."""
    left = unfinished_import(request.dataset)
    if left is not None:
        require_same(
            left,
            settings=stored_settings(request.settings, sha256),
            format=_format(source),
            title=request.public_title,
            licence=request.licence,
        )
    return left


def _format(source: Source | ReleasedSource) -> str:
    return PAIRS if isinstance(source, ReleasedSource) else source.format.name


class _Filling:
    """One import under way, with the dataset that it fills once that is known."""

    def __init__(self, request: ImportRequest, claim: WholeJobClaim, say: Say) -> None:
        self._request = request
        self._claim = claim
        self._say = say
        self._dataset_id: int | None = None

    def fill(self) -> ImportReport | PairReport:
        request, claim = self._request, self._claim
        source = source_of(request)
        sha256 = sha256_of(*source.paths, tell=lambda: claim.renew(0))
        left = unfinished_same(request, source, sha256)
        dataset_id = self._begin(source, sha256) if left is None else self._go_on(left)
        if isinstance(source, ReleasedSource):
            return fill_pairs(dataset_id, source, request.settings, still=lambda report: claim.renew(report.rows))
        report = ImportReport.from_dict(left.so_far.report if left else {})
        report.files = [asdict(note) for note in source.notes]
        made = batches_of(source, request.settings, so_far=report, progress=claim.renew, most=BATCH)
        with closing(made) as batches:  # now, not when the garbage is collected: it may have another process
            for batch in batches:
                claim.renew(report.rows)
                _store(claim, dataset_id, batch, report, draws=request.settings.sample is not None)
        require_something(report)
        Settling(claim, dataset_id, settings=request.settings, report=report, source=source).run()
        datasets.finish(dataset_id, format=source.format.name, report=report.as_dict())
        return report

    def _begin(self, source: Source | ReleasedSource, sha256: str) -> int:
        if datasets.remove_unfinished(self._request.dataset):
            self._say("starting over: what an unfinished import left is removed")
        dataset_id = self._dataset_id = _create(self._request, source, sha256)
        imports.attach_dataset(self._claim.job_id, dataset_id=dataset_id)
        return dataset_id

    def _go_on(self, left: Unfinished) -> int:
        self._say(f"going on after row {left.so_far.rows:,}")
        self._dataset_id = left.dataset_id
        return left.dataset_id

    def abandon(self, *, broken: bool = False) -> None:
        """Leave what is stored, for the next import to resume. It is removed where the file is `broken`, because
        resuming would end here again, and where no row is done; but not where somebody else has resumed it by now.
        """
        if self._dataset_id is None:
            return
        if self._claim.is_last() and (broken or imports.rows_done(self._dataset_id) == 0):
            datasets.remove(self._dataset_id)
        if broken:
            remove_uploads(self._request.paths)


def _create(request: ImportRequest, source: Source | ReleasedSource, sha256: str) -> int:
    format = _format(source)
    first, *others = (Path(path).name for path in request.paths)
    name = f"{first} and {len(others)} more" if others else first
    return datasets.create(
        name=request.dataset,
        public_title=request.public_title,
        source=name,
        settings=stored_settings(request.settings, sha256),
        format=format,
        licence=request.licence,
        kind="pairs" if format == PAIRS else "dialogues",
        redistributable=redistribution(format=format, licence=request.licence, source=name).allowed,
    )


def _store(claim: WholeJobClaim, dataset_id: int, batch: Batch, report: ImportReport, *, draws: bool) -> None:
    """Store a batch and the report so far. An import that draws can only start over: it notes no row as done."""

    def report_batch(external_ids: list[str | None]) -> SoFar:
        report.add(batch.report)
        for made, external_id in zip(batch.dialogues, external_ids, strict=True):
            if external_id is None:
                report.take_back(notes=orjson.loads(made.notes), samples=len(made.samples))
            elif external_id != made.external_id:
                report.renamed += 1
        return SoFar(0 if draws else report.rows, report.as_dict())

    new = [NewColumns(*made[:-1], search_text_of(made), made.samples) for made in batch.dialogues]
    imports.append_batch(claim.job_id, token=claim.token, dataset_id=dataset_id, batch=new, settle=report_batch)
