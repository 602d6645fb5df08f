"""SFT and preference rows for TRL and LLaMA-Factory."""

from proutt_core.export.files import Written, write_export
from proutt_core.export.formats import ExportFormat, ExportKind, dataset_info, row
from proutt_core.export.selection import final_review, final_text, goes_out, standing

__all__ = [
    "ExportFormat",
    "ExportKind",
    "Written",
    "dataset_info",
    "final_review",
    "final_text",
    "goes_out",
    "row",
    "standing",
    "write_export",
]
