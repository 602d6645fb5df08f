"""Small files of rows, whatever a person or a tool saved them as → rows with named values: labels, predictions."""

from proutt_core.row_files.opening import rows_in
from proutt_core.row_files.rows import Row, Rows, folded, scalars, text_of

__all__ = ["Row", "Rows", "folded", "rows_in", "scalars", "text_of"]
