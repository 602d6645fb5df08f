"""Reading files into dialogues, and cutting dialogues into samples. Knows no database.

source = find_source(path)                                  # which format, which layout
report = ImportReport()
for item in import_dialogues(rows_of(source), ImportSettings(), report):
    ...                                                     # item.dialogue, item.samples
"""

from proutt_core.dialogues.formats import FORMATS, Format, Source, find_source
from proutt_core.dialogues.importing import (
    Imported,
    ImportReport,
    ImportSettings,
    ParsedRow,
    RejectedRow,
    Row,
    import_dialogues,
    read_dialogues,
    rows_of,
)
from proutt_core.dialogues.samples import TurnPolicy, cut, later_indexes
from proutt_core.dialogues.splits import Shares, parse_shares, split_of
from proutt_core.dialogues.text import fold, search_text, text_sha256

__all__ = [
    "FORMATS",
    "Format",
    "ImportReport",
    "ImportSettings",
    "Imported",
    "ParsedRow",
    "RejectedRow",
    "Row",
    "Shares",
    "Source",
    "TurnPolicy",
    "cut",
    "find_source",
    "fold",
    "import_dialogues",
    "later_indexes",
    "parse_shares",
    "read_dialogues",
    "rows_of",
    "search_text",
    "split_of",
    "text_sha256",
]
