"""Reading files into dialogues, and cutting dialogues into samples. Knows no database.

source = find_source(path)                                  # which format, which layout
report = ImportReport()
for item in import_dialogues(rows_of(source), ImportSettings(), report):
    ...                                                     # item.dialogue, item.cuts
"""

from proutt_core.dialogues.formats import FORMATS
from proutt_core.dialogues.importing import (
    Imported,
    ImportSettings,
    ParsedRow,
    Row,
    import_dialogues,
    read_dialogues,
    rows_of,
)
from proutt_core.dialogues.report import ImportReport, RejectedRow
from proutt_core.dialogues.samples import Cut, TurnPolicy, cut
from proutt_core.dialogues.sources import find_source
from proutt_core.dialogues.splits import Shares, parse_shares, split_of
from proutt_core.dialogues.text import fold, search_text, text_sha256

__all__ = [
    "FORMATS",
    "Cut",
    "ImportReport",
    "ImportSettings",
    "Imported",
    "ParsedRow",
    "RejectedRow",
    "Row",
    "Shares",
    "TurnPolicy",
    "cut",
    "find_source",
    "fold",
    "import_dialogues",
    "parse_shares",
    "read_dialogues",
    "rows_of",
    "search_text",
    "split_of",
    "text_sha256",
]
