"""Writing a run's pairs as training data: by the command line and by the page."""

from collections.abc import Iterator
from pathlib import Path

from db.exports import record_export, reviewed_pairs, run_id
from proutt_core.export import ExportFormat, ExportKind, Written, final_review, final_text, goes_out, write_export
from proutt_core.types import PairStatus, VerbatimPair


def run_export(
    *, run: str, kind: ExportKind, format: ExportFormat, status: PairStatus, out: Path, user_id: int | None = None
) -> Written:
    """Write the pairs of a run that may go out, and note which went, in which wording.

    A row whose wording was edited is noted with the review it came from.
    """
    job_id = run_id(run)
    sent: list[tuple[int, int | None]] = []

    def texts() -> Iterator[VerbatimPair]:
        for pair in reviewed_pairs(job_id):
            if goes_out(pair, status):
                review = final_review(pair)
                sent.append((pair.pair_id, review.review_id if review else None))
                yield final_text(pair)

    written = write_export(out, texts(), kind=kind, format=format)
    record_export(
        job_id=job_id,
        kind=kind,
        format=format,
        status=status,
        path=str(out),
        sha256=written.sha256,
        sent=sent,
        user_id=user_id,
    )
    return written
