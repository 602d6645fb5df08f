"""The formats that can be imported, and which of them a file is: from its content, or by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from proutt_core.dialogues.files import opening
from proutt_core.dialogues.files.rows import JsonObject, RawRow, RowError, shown
from proutt_core.dialogues.readers import chat_logs, crosswoz, openai_messages, sgd, sharegpt
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.errors import InputError

PROBED_ROWS = 100


@dataclass(frozen=True, slots=True)
class Format:
    """`claims` tells a row of this format from all others; `read` needs less and says what it misses (RowError)."""

    name: str
    title: str
    expects: str
    claims: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str | None], SourceDialogue]


# In this order a row is offered: what is more particular comes first.
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
    found = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        raise InputError(f"There is no format {shown(name)}; known are {', '.join(FORMATS)}.")
    return found


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
    wanted = format_named(format) if format else None
    first: dict[str, JsonObject] = {}  # the first object of each layout
    seen = 0
    broken: InputError | None = None
    layouts = opening.possible_layouts(path)
    for layout in layouts:
        try:
            for row in islice(opening.rows(path, layout), PROBED_ROWS):
                seen += 1
                if row.error is None and isinstance(row.value, dict):
                    first.setdefault(layout, row.value)
                    found = _format_of(row, wanted)
                    if found:
                        return Source(path, found, layout)
        except InputError as exc:
            broken = exc
    if broken and len(layouts) == 1:  # the layout is certain, so this is what is wrong
        raise InputError(f"{path.name}: {broken}") from broken
    if not seen:
        raise InputError(f"{path.name} holds no rows.")
    raise InputError(_unknown(path, wanted, first.get("lines") or first.get("object") or first.get(layouts[0])))


def _format_of(row: RawRow, wanted: Format | None) -> Format | None:
    if wanted is None:
        return next((f for f in FORMATS.values() if f.claims(row.value)), None)
    try:
        wanted.read(row.value, row.key)
    except RowError:
        return None
    return wanted


def _unknown(path: Path, wanted: Format | None, first: JsonObject | None) -> str:
    found = (
        f"its first object has the keys {', '.join(shown(k, 30) for k in list(first)[:8])}"
        if first
        else "no row is an object"
    )
    if wanted:
        return f"{path.name} cannot be read as {wanted.title}: {found}. Expected: {wanted.expects}."
    known = "; ".join(f"{f.title}: {f.expects}" for f in FORMATS.values())
    return f"{path.name} is of no known format: {found}. Expected one of: {known}."
