"""A file as batches of dialogues ready to be stored, each with a report of its rows.

A batch holds columns as the database stores them, lists and objects as JSON text, because making them is half the work
and may be done by another process (second_process.py).
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from proutt_core.dialogues.conversations import opening_sha256
from proutt_core.dialogues.importing import Imported, ImportSettings, import_dialogues, rows_of
from proutt_core.dialogues.report import ImportReport
from proutt_core.dialogues.sources import Source
from proutt_core.dialogues.text import fold

DIALOGUES = 1000  # in a batch at most, unless told otherwise
CHARACTERS = 4 << 20  # of texts in a batch, or one dialogue: so memory has a bound


class Columns(NamedTuple):
    """A dialogue as it is stored, without `search_text_of` it: sending that text would cost more than making it.

    `samples`: target index, and the later utterances' indexes as a JSON list.
    """

    external_id: str
    group_key: str
    split: str
    language: str
    messages: str
    notes: str
    original: str | None
    checks: str
    personal_data: str
    text_sha256: str
    opening_sha256: str
    samples: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """`report` is about this batch's rows only: those read since the batch before it."""

    dialogues: tuple[Columns, ...]
    report: ImportReport


def read_batches(
    source: Source,
    settings: ImportSettings,
    *,
    so_far: ImportReport,
    most: int = DIALOGUES,
    progress: Callable[[int], None] | None = None,
) -> Generator[Batch]:
    """The rows after those that `so_far` is about, at most `most` dialogues in a batch. The last batch may hold none,
    only the report of its rows.

    `progress` is called now and then with the number of rows read in all; what it raises ends the reading.
    """
    rows_read = so_far.rows
    report = ImportReport()

    def report_progress(so_far: ImportReport) -> None:
        if progress is not None:
            progress(rows_read + so_far.rows)

    rows = rows_of(source, skip=rows_read)
    earlier = so_far.imported + so_far.duplicates + so_far.earlier_states
    dialogues: list[Columns] = []
    size = 0
    for item in import_dialogues(rows, settings, report, earlier=earlier, progress=report_progress):
        dialogues.append(columns(item))
        size += item.dialogue.checks.characters
        if len(dialogues) == most or size >= CHARACTERS:
            rows_read += report.rows
            yield Batch(tuple(dialogues), report.cut_off())
            dialogues, size = [], 0
    yield Batch(tuple(dialogues), report)


def columns(item: Imported) -> Columns:
    dialogue = item.dialogue
    return Columns(
        external_id=dialogue.external_id,
        group_key=dialogue.group,
        split=dialogue.split,
        language=dialogue.language,
        messages=json_text([{"role": m.role, "content": m.content} for m in dialogue.messages]),
        notes=json_text(dialogue.notes),
        original=dialogue.original,
        checks=dialogue.checks.model_dump_json(),
        personal_data=" ".join([f"{kind}:{count}" for kind, count in dialogue.checks.personal_data.items()]),
        text_sha256=item.text_sha256,
        opening_sha256=opening_sha256(dialogue.messages),
        samples=tuple([(cut.target_index, json_text(cut.later_indexes)) for cut in item.cuts]),
    )


def search_text_of(dialogue: Columns) -> str:
    """What the database searches in, as `text.search_text` makes it."""
    return fold("\n".join(message["content"] for message in orjson.loads(dialogue.messages)))


def json_text(value: object) -> str:
    return orjson.dumps(value).decode()
