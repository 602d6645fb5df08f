"""SFT and preference rows for TRL and LLaMA-Factory."""

from proutt_core.export.files import Written, write_export
from proutt_core.export.formats import ExportFormat, ExportKind
from proutt_core.export.selection import final_review, final_text, goes_out, standing

__all__ = [
    "ExportFormat",
    "ExportKind",
    "Written",
    "final_review",
    "final_text",
    "goes_out",
    "standing",
    "write_export",
]
