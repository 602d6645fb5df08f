"""SFT and preference rows for TRL and LLaMA-Factory, and rows without the dialogues' texts."""

from proutt_core.export.files import Written, write_export, write_ids
from proutt_core.export.formats import ExportFormat, ExportKind, TextFormat, ids_line
from proutt_core.export.selection import (
    PlainWording,
    Wording,
    final_review,
    final_text,
    final_wording,
    goes_out,
    plain_wording,
    standing,
)

__all__ = [
    "ExportFormat",
    "ExportKind",
    "PlainWording",
    "TextFormat",
    "Wording",
    "Written",
    "final_review",
    "final_text",
    "final_wording",
    "goes_out",
    "ids_line",
    "plain_wording",
    "standing",
    "write_export",
    "write_ids",
]
