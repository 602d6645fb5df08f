"""Files of labels → labels: who gave which verdict on which item, as spreadsheets and annotation tools write it."""

from proutt_core.label_files.columns import LabelColumns, meanings_of
from proutt_core.label_files.labels import LabelSet, labels_of, read_label_set, read_labels, unknown_answers
from proutt_core.label_files.shapes import LabelFile, read_label_file
from proutt_core.label_files.template import TEMPLATE

__all__ = [
    "TEMPLATE",
    "LabelColumns",
    "LabelFile",
    "LabelSet",
    "labels_of",
    "meanings_of",
    "read_label_file",
    "read_label_set",
    "read_labels",
    "unknown_answers",
]
