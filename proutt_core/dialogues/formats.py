"""The formats that can be imported, and which of them a file is: from its content, or by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from proutt_core.dialogues.files import opening
from proutt_core.dialogues.files.rows import JsonObject, RawRow, RowError, short_repr
from proutt_core.dialogues.readers import chat_logs, crosswoz, openai_messages, sgd, sharegpt
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.errors import InputError

PROBED_ROWS = 100


@dataclass(frozen=True, slots=True)
class Format:
    """`claims` tells a row of this format from all others; `read` needs less and says what is missing (RowError)."""

    name: str
    title: str
    expects: str
    claims: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str | None], SourceDialogue]


# A row is offered in this order: the more particular formats come first.
FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "wildchat",
            "WildChat",
            "conversation_hash, conversation[{role, content}], toxic (JSONL or parquet)",
            chat_logs.claims_wildchat,
            chat_logs.read_wildchat,
        ),
        Format(
            "lmsys",
            "LMSYS-Chat-1M",
            "conversation_id, conversation[{role, content}] (JSONL or parquet)",
            chat_logs.claims_lmsys,
            chat_logs.read_lmsys,
        ),
        Format(
            "crosswoz",
            "CrossWOZ",
            "{id: {messages[{role: usr | sys, content}]}} (JSON)",
            crosswoz.claims,
            crosswoz.read,
        ),
        Format("sgd", "SGD / MultiWOZ", "dialogue_id, turns[{speaker, utterance}] (JSON list)", sgd.claims, sgd.read),
        Format(
            "sharegpt", "ShareGPT", "conversations[{from, value}] (JSON list or JSONL)", sharegpt.claims, sharegpt.read
        ),
        Format(
            "openai",
            "OpenAI messages",
            "messages[{role, content}] (JSONL or JSON list)",
            openai_messages.claims,
            openai_messages.read,
        ),
    )
}
ALIASES = {"multiwoz": "sgd"}


def format_named(name: str) -> Format:
    format = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if format is None:
        raise InputError(f"There is no format {short_repr(name)}; known are {', '.join(FORMATS)}.")
    return format


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose format is known."""

    path: Path
    format: Format
    layout: opening.Layout

    def rows(self, *, skip: int = 0) -> Iterator[RawRow]:
        return opening.rows(self.path, self.layout, skip=skip)


def find_source(path: Path | str, *, format: str | None = None) -> Source:
    """What kind of file this is, from its first 100 rows; with `format`, whether it can be read as that.

    Raises InputError for a file that is missing, empty, unreadable or of no known shape, saying what was expected.
    """
    path = Path(path)
    named_format = format_named(format) if format else None
    first: dict[str, JsonObject] = {}  # the first object of each layout
    row_count = 0
    broken: InputError | None = None
    layouts = opening.possible_layouts(path)
    for layout in layouts:
        try:
            for row in islice(opening.rows(path, layout), PROBED_ROWS):
                row_count += 1
                if row.error is None and isinstance(row.value, dict):
                    first.setdefault(layout, row.value)
                    row_format = _format_of(row, named_format)
                    if row_format:
                        return Source(path, row_format, layout)
        except InputError as exc:
            broken = exc
    if broken and len(layouts) == 1:  # the layout is certain, so this is what is wrong
        raise InputError(f"{path.name}: {broken}") from broken
    if not row_count:
        raise InputError(f"{path.name} holds no rows.")
    example = first.get("lines") or first.get("object") or first.get(layouts[0])
    raise InputError(_unknown_message(path, named_format, example))


def _format_of(row: RawRow, named_format: Format | None) -> Format | None:
    if named_format is None:
        return next((f for f in FORMATS.values() if f.claims(row.value)), None)
    try:
        named_format.read(row.value, row.key)
    except RowError:
        return None
    return named_format


def _unknown_message(path: Path, named_format: Format | None, first: JsonObject | None) -> str:
    content = (
        f"its first object has the keys {', '.join(short_repr(k, 30) for k in list(first)[:8])}"
        if first
        else "no row is an object"
    )
    if named_format:
        return f"{path.name} cannot be read as {named_format.title}: {content}. Expected: {named_format.expects}."
    expectations = "; ".join(f"{f.title}: {f.expects}" for f in FORMATS.values())
    return f"{path.name} is of no known format: {content}. Expected one of: {expectations}."
