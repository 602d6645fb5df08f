"""What is to be read: one file or several, each with its format and layout, found from the content or by name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from proutt_core.dialogues.files import opening
from proutt_core.dialogues.files.members import FileNote, Member, members_of
from proutt_core.dialogues.files.rows import JsonObject, RawRow
from proutt_core.dialogues.formats import Format, as_object, format_named, format_of, unknown_message
from proutt_core.dialogues.readers.messages import is_message
from proutt_core.errors import InputError

PROBED_ROWS = 100


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A data file whose format is known."""

    member: Member
    format: Format
    layout: opening.Layout

    def rows(self, *, skip: int = 0) -> Iterator[RawRow]:
        """Its rows after the first `skip`, gathered where the format is one of messages."""
        if self.format.gather is None:
            return opening.rows(self.member, self.layout, skip=skip)
        return islice(self.format.gather(opening.rows(self.member, self.layout)), skip, None)


@dataclass(frozen=True, slots=True)
class Source:
    """Files that make one dataset, in the order they are read, and notes on files: left out, an encoding guessed."""

    files: tuple[SourceFile, ...]
    notes: tuple[FileNote, ...] = ()

    @property
    def format(self) -> Format:
        """Of the first file."""
        return self.files[0].format

    def rows(self, *, skip: int = 0) -> Iterator[tuple[SourceFile, RawRow]]:
        """Every row with its file, without the first `skip` of all."""
        if len(self.files) == 1:
            yield from ((self.files[0], row) for row in self.files[0].rows(skip=skip))
            return
        rows = ((file, replace(row, file=file.member.name)) for file in self.files for row in file.rows())
        yield from islice(rows, skip, None)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files on disk, each once."""
        return tuple(dict.fromkeys(file.member.path for file in self.files))


def find_source(*paths: Path | str, format: str | None = None) -> Source:
    """What kind of files these are, from the first 100 rows of each; with `format`, whether they can be read as that.

    Raises InputError for a file that is missing, empty, unreadable or of no known shape, saying what was expected. In a
    folder or an archive of several files such a file is left out, as long as another can be read.
    """
    named_format = format_named(format) if format else None
    members, notes = members_of([Path(path) for path in paths])
    files: list[SourceFile] = []
    refused: list[FileNote] = []
    for member in members:
        try:
            files.append(_source_file(member, named_format))
        except InputError as exc:
            if member.is_named or len(members) == 1:
                raise
            refused.append(FileNote(member.name, str(exc)))
    if not files:
        raise InputError(f"None of {len(members)} files can be read: {'; '.join(file.note for file in refused[:3])}")
    guesses = [FileNote(file.member.name, note) for file in files if (note := _guess(file))]
    return Source(tuple(files), (*guesses, *refused, *notes))


def _guess(file: SourceFile) -> str:
    return opening.encoding_note(file.member) if file.layout not in opening.OF_BYTES else ""


def _probed(member: Member, layout: opening.Layout) -> list[RawRow]:
    """The first rows, without lists that are no conversations: a whole file that is one list of texts or of questions
    with their answers, or such a list beside other things in an object, holds what has nothing to do with each other.
    """
    rows = list(islice(opening.rows(member, layout), PROBED_ROWS))
    if layout == "values":
        return [row for row in rows if not _is_plain_list(row)]
    if layout == "object" and not all(_is_plain_list(row) and as_object(row.value, row.key) for row in rows):
        return [row for row in rows if not _is_plain_list(row)]
    return rows


def _is_plain_list(row: RawRow) -> bool:
    """A list of anything but messages."""
    return isinstance(row.value, list) and not (row.value and is_message(row.value[0]))


def _source_file(member: Member, named_format: Format | None) -> SourceFile:
    first: dict[str, JsonObject] = {}  # the first object of each layout
    broken: dict[str, InputError] = {}
    row_count = 0
    layouts = opening.possible_layouts(member)
    for layout in layouts:
        try:
            for row in _probed(member, layout):
                row_count += row.value not in ([], {})
                value = None if row.error else as_object(row.value, row.key)
                if value is not None:
                    first.setdefault(layout, value)
                    row_format = format_of(row, named_format)
                    if row_format:
                        return SourceFile(member, row_format, layout)
        except InputError as exc:
            broken[layout] = exc
    # The likeliest layout says best what is wrong; where no object was found, any that could say something.
    reason = broken.get(layouts[0]) or (None if first else next(iter(broken.values()), None))
    if reason:
        raise InputError(f"{member.name}: {reason}") from reason
    if not row_count:
        raise InputError(f"{member.name} holds no rows.")
    example = first.get("lines") or first.get("values") or next(iter(first.values()), None)
    raise InputError(unknown_message(member.name, named_format, example))
