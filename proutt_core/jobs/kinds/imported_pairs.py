"""Reading a released ProUtt file into a dataset of pairs."""

from collections.abc import Callable
from itertools import islice

from db.pairs import imported as imported_pairs
from db.pairs.imported import NewPair
from proutt_core.dialogues import ImportSettings
from proutt_core.dialogues.pairs.released import FORMAT, ReleasedSource, import_pairs, read_pairs
from proutt_core.dialogues.pairs.report import ImportedPair, PairReport
from proutt_core.dialogues.report import require_something

BATCH = 500


def fill_pairs(
    dataset_id: int, source: ReleasedSource, settings: ImportSettings, *, still: Callable[[PairReport], None]
) -> PairReport:
    """Store every pair of the file in a dataset that is being imported, and make it ready.

    `still` is called again and again; what it raises ends the import.
    """
    report = PairReport()
    pairs = import_pairs(read_pairs(source), settings, report, progress=still)
    while batch := list(islice(pairs, BATCH)):
        still(report)
        imported_pairs.append(dataset_id, [_new(pair) for pair in batch])
    require_something(report)
    imported_pairs.finish(dataset_id, format=FORMAT, report=report.as_dict())
    return report


def _new(pair: ImportedPair) -> NewPair:
    return NewPair(
        source_row=pair.number,
        verbatim=pair.verbatim,
        chosen=pair.chosen,
        rejected=pair.rejected,
        split=pair.split,
        group_key=pair.group,
        gates_failed=pair.gates_failed,
    )
