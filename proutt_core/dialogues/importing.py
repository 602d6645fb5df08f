"""A file's rows as dialogues, and dialogues ready to be stored: with split, filters and samples, and a report.

Nothing is stored here, and nothing here decides what is a duplicate: the database knows what it holds. Equal texts are
a duplicate, and the beginning of a longer dialogue is an earlier state of it (conversations.py; `report.take_back`);
other texts under one external id get a suffixed id (`report.renamed`). One exception: a random sample holds no repeats.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from proutt_core.dialogues.checks import check
from proutt_core.dialogues.draw import Draw
from proutt_core.dialogues.files.rows import NOT_AN_OBJECT, TOO_DEEP, JsonObject, RawRow, RowError, kind
from proutt_core.dialogues.files.split_names import split_named
from proutt_core.dialogues.formats import as_object
from proutt_core.dialogues.language import language_of
from proutt_core.dialogues.masking import PersonalDataPolicy, masked_dialogue
from proutt_core.dialogues.normalise import normalise, storable
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.dialogues.report import ImportReport, RejectedRow
from proutt_core.dialogues.samples import Cut, TurnPolicy, cut
from proutt_core.dialogues.sources import Source, SourceFile, find_source
from proutt_core.dialogues.splits import Shares, split_of
from proutt_core.dialogues.text import text_sha256
from proutt_core.types import Dialogue, Split, Value

LONGEST_ID = 200  # characters; a longer one is replaced by its sha256, since indexes have limits
PROGRESS_EVERY = 200  # rows

LONG_ID = "id too long, replaced by its sha256"
TOO_FEW_TURNS = "fewer turns than asked for"
OTHER_LANGUAGE = "other language than asked for"
PERSONAL_DATA = "possible personal data"
NOT_DRAWN = "not drawn"


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row that became a dialogue; its split is not decided yet, unless the source names one."""

    number: int
    dialogue: Dialogue
    file: str = ""
    named_split: Split | None = None


Row = ParsedRow | RejectedRow


class ImportSettings(Value):
    """How a file is imported. `limit` takes the first dialogues that pass the filters, `sample` draws from those.

    `shares` None: the splits that the source names, and `Shares()` where it names none.
    """

    turn: TurnPolicy = "random"
    shares: Shares | None = None
    seed: int = 0
    limit: Annotated[int, Field(ge=1)] | None = None
    sample: Annotated[int, Field(ge=1)] | None = None
    min_turns: Annotated[int, Field(ge=0)] = 0
    language: str | None = None  # ISO 639-1, or "und"
    personal_data: PersonalDataPolicy = "keep"  # what becomes of possible personal data, before anything is stored

    @property
    def shares_in_force(self) -> Shares:
        return self.shares or Shares()


@dataclass(frozen=True, slots=True)
class Imported:
    """A dialogue with its split, and where samples are cut from it (perhaps nowhere)."""

    number: int
    dialogue: Dialogue
    cuts: tuple[Cut, ...]
    text_sha256: str


def read_dialogues(*paths: Path | str, format: str | None = None) -> Iterator[Row]:
    """Every row of the files in order, as a dialogue or with the reason why not.

    InputError comes at the call when the file is missing, empty or of no known format, and between rows when the file
    turns out to be cut off or broken, so that the rows after that place cannot be told apart.
    """
    return rows_of(find_source(*paths, format=format))


def rows_of(source: Source, *, skip: int = 0) -> Iterator[Row]:
    """The same for a source already found, without its first `skip` rows."""
    for file, row in source.rows(skip=skip):
        yield _parse_row(row, file)


def _parse_row(row: RawRow, file: SourceFile) -> Row:
    try:
        if row.error:
            raise row.error
        value = as_object(row.value, row.key)
        if value is None:
            raise RowError(NOT_AN_OBJECT, kind(row.value))
        source_dialogue = file.format.read(value, row.key)
        named_split = split_named(source_dialogue.split) or file.member.split
        return ParsedRow(row.number, _dialogue(value, source_dialogue, file=row.file), row.file, named_split)
    except RowError as exc:
        return RejectedRow(row.number, exc.reason, storable(exc.detail), row.file)
    except RecursionError:
        return RejectedRow(row.number, TOO_DEEP, file=row.file)


def _dialogue(row: JsonObject, source_dialogue: SourceDialogue, *, file: str) -> Dialogue:
    messages, normalised = normalise(source_dialogue.messages)
    external_id, id_note = _external_id(source_dialogue.external_id)
    notes = tuple(dict.fromkeys((*source_dialogue.notes, *normalised, *id_note)))
    external_id = external_id or text_sha256(messages)
    language = language_of(messages, named=source_dialogue.language)
    return Dialogue(
        external_id=external_id,
        # Where there are several files, each may count its dialogues from 0.
        group=_external_id(source_dialogue.group)[0] or (f"{file}:{external_id}" if file else external_id),
        messages=messages,
        language=language.code,
        notes=notes,
        original=json_text(row) if notes else None,
        checks=check(messages, toxic=source_dialogue.toxic, language_guessed=not language.is_certain),
    )


def _external_id(source_id: str | None) -> tuple[str | None, tuple[str, ...]]:
    if source_id is None or len(source_id) <= LONGEST_ID:
        return source_id and storable(source_id), ()
    return hashlib.sha256(source_id.encode("utf-8", "surrogatepass")).hexdigest(), (LONG_ID,)


def json_text(row: JsonObject) -> str:
    """The row as JSON text that any database holds: NUL and surrogates escaped, numbers that JSON lacks as null."""
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        text = json.dumps(_finite(row), ensure_ascii=False, default=str)
    return text if storable(text) is text else json.dumps(_finite(row), default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and value - value != 0 else value


def import_dialogues(
    rows: Iterable[Row],
    settings: ImportSettings,
    report: ImportReport,
    *,
    earlier: int = 0,
    progress: Callable[[ImportReport], None] | None = None,
) -> Iterator[Imported]:
    """Filters, draws, splits and cuts; fills `report` as it goes.

    Memory is one dialogue, or `settings.sample` of them: then all rows are read before the first is yielded. `earlier`
    dialogues, of rows before these, count towards the limit. `progress` is called every 200 rows; what it raises ends
    the import.
    """
    selected: Iterable[ParsedRow] = _filter_rows(rows, settings, report, earlier, progress)
    if settings.sample is not None:
        selected = _sample_rows(selected, settings.sample, settings.seed, report)
    for row in selected:
        dialogue = row.dialogue
        named_split = row.named_split if settings.shares is None else None
        group_split = named_split or split_of(dialogue.group, shares=settings.shares_in_force, seed=settings.seed)
        if group_split != dialogue.split:  # a copy costs more than everything else here
            dialogue = dialogue.model_copy(update={"split": group_split})
        cuts = cut(dialogue, policy=settings.turn, seed=settings.seed)
        report.take(notes=dialogue.notes, samples=len(cuts), named_split=named_split)
        yield Imported(row.number, dialogue, cuts, text_sha256(dialogue.messages))


def _filter_rows(
    rows: Iterable[Row],
    settings: ImportSettings,
    report: ImportReport,
    count: int,
    progress: Callable[[ImportReport], None] | None,
) -> Iterator[ParsedRow]:
    if settings.limit is not None and count >= settings.limit:
        return
    for row in rows:
        report.rows += 1
        if progress and report.rows % PROGRESS_EVERY == 0:
            progress(report)
        if isinstance(row, RejectedRow):
            report.reject(row)
        elif row.dialogue.checks.turns < settings.min_turns:
            report.skip(row.number, TOO_FEW_TURNS, file=row.file)
        elif settings.language and row.dialogue.language != settings.language:
            report.skip(row.number, OTHER_LANGUAGE, file=row.file)
        elif settings.personal_data == "drop" and row.dialogue.checks.personal_data:
            report.skip(row.number, PERSONAL_DATA, file=row.file)
        else:
            count += 1
            yield replace(row, dialogue=masked_dialogue(row.dialogue)) if settings.personal_data == "mask" else row
            if count == settings.limit:
                return


def _sample_rows(rows: Iterable[ParsedRow], count: int, seed: int, report: ImportReport) -> list[ParsedRow]:
    """The `count` dialogues with the smallest hash of (seed, external id), in file order: the same ones in any order of
    rows. One that equals another of them is a duplicate and takes no place, and one that goes on from another takes
    that one's place."""
    draw: Draw[ParsedRow] = Draw(count, seed=seed)
    for row in rows:
        repeat = draw.repeats(row.dialogue)
        if repeat == "equal":
            report.duplicates += 1
        elif repeat == "earlier":
            report.earlier_states += 1
        else:
            left_out, replaced = draw.offer(row)
            report.earlier_states += replaced
            if left_out is not None:
                report.skip(left_out.number, NOT_DRAWN, file=left_out.file)
    return draw.rows()
