"""Writing pairs as training data: by the command line and by the page. And putting texts back where they were left out.

Texts of a dataset whose licence forbids passing them on stay: such an export holds ids and traces ("ids"), unless
somebody says why the texts may go.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from db.pairs.going_out import (
    PairsOf,
    StoredPair,
    pairs_in_dataset,
    pairs_in_run,
    pairs_of_dataset,
    pairs_of_run,
    record_export,
)
from proutt_core.errors import InputError
from proutt_core.export import (
    ExportFormat,
    ExportKind,
    PlainWording,
    Written,
    final_review,
    final_wording,
    goes_out,
    ids_line,
    plain_wording,
    write_export,
    write_ids,
)
from proutt_core.export.files import require_rejected
from proutt_core.types import PairStatus, VerbatimPair

Sent = list[tuple[int, int | None]]


def run_export(
    *,
    kind: ExportKind,
    format: ExportFormat,
    status: PairStatus,
    out: Path,
    run: str | None = None,
    dataset: str | None = None,
    with_texts: str | None = None,
    user_id: int | None = None,
) -> Written:
    """Write the pairs of a run, or of a dataset of imported pairs, that may go out, and note which, in which wording.

    `with_texts` is the reason why the texts may go out although the dataset's licence forbids it; it is kept with the
    export. Raises InputError for an empty reason and for preference rows of a run without them. `Written.format` says
    what was written.
    """
    if (run is None) == (dataset is None):
        raise InputError("name either a run or a dataset of imported pairs")
    of = pairs_of_run(run) if run is not None else pairs_of_dataset(dataset or "")
    if kind == "preference" and "revision" in of.without:
        raise InputError(
            f"run {of.name} was made without revision, so its pairs have no rejected side; export it as sft"
        )
    if with_texts is not None and not with_texts.strip():
        raise InputError("say why the texts may go out although the dataset's licence forbids it")
    sent: Sent = []
    pairs = _going_out(of, status, sent)
    if format == "ids" or not (of.redistributable or with_texts):
        written = write_ids(out, _ids(pairs, kind))
    else:
        written = write_export(out, map(_text, pairs), kind=kind, format=format)
    record_export(
        job_id=of.job_id,
        dataset_id=of.dataset_id,
        kind=kind,
        format=written.format,
        status=status,
        path=str(out),
        sha256=written.sha256,
        sent=sent,
        settings=_settings(of, with_texts),
        user_id=user_id,
    )
    return written


def _settings(of: PairsOf, with_texts: str | None) -> dict[str, Any]:
    overridden = {"with_texts": with_texts.strip()} if with_texts and not of.redistributable else {}
    return overridden | ({"without": list(of.without)} if of.without else {})


def _going_out(of: PairsOf, status: PairStatus, sent: Sent) -> Iterator[StoredPair]:
    """The pairs that go out; each is noted in `sent` with the review whose wording it has."""
    if of.job_id is not None:
        pairs = pairs_in_run(of.job_id, split="train")
    else:
        assert of.dataset_id is not None
        pairs = pairs_in_dataset(of.dataset_id, split="train")
    for stored in pairs:
        if goes_out(stored.pair, status):
            review = final_review(stored.pair)
            sent.append((stored.pair.pair_id, review.review_id if review else None))
            yield stored


def _text(stored: StoredPair) -> VerbatimPair:
    return _wording(stored).text


def _ids(pairs: Iterator[StoredPair], kind: ExportKind) -> Iterator[bytes]:
    for stored in pairs:
        wording = _wording(stored)
        require_rejected(wording.text, kind=kind)
        yield ids_line(stored.pair, wording.text, wording.traces, kind=kind)


def _wording(stored: StoredPair) -> PlainWording:
    review = final_review(stored.pair)
    edited = review is not None and (review.chosen is not None or review.rejected is not None)
    if edited or stored.pair.imported or stored.chosen is None:
        text, traces = final_wording(stored.whole())
        return PlainWording(text, {side: trace.model_dump(mode="json") for side, trace in traces.items()})
    return plain_wording(stored.pair, chosen=stored.chosen, rejected=stored.rejected)
