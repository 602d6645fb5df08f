"""The formats that can be imported, and which of them a file is: from its content, or by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proutt_core.dialogues.files.rows import JsonObject, RawRow, RowError, short_repr
from proutt_core.dialogues.readers import chat_logs, crosswoz, openai_messages, sgd, sharegpt
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.errors import InputError


@dataclass(frozen=True, slots=True)
class Format:
    """`claims` tells a row of this format from all others; `read` needs less and says what is missing (RowError).

    `gather` makes rows of dialogues out of a file that holds a message a row. With `numbered_pieces` the ids `abc_0`
    and `abc_17` may be pieces of one conversation (see db/datasets: the rows decide).
    """

    name: str
    title: str
    expects: str
    claims: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str | None], SourceDialogue]
    gather: Callable[[Iterator[RawRow]], Iterator[RawRow]] | None = None
    numbered_pieces: bool = False


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
            "sharegpt",
            "ShareGPT",
            "conversations[{from, value}] (JSON list or JSONL)",
            sharegpt.claims,
            sharegpt.read,
            numbered_pieces=True,
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


def format_of(row: RawRow, named_format: Format | None) -> Format | None:
    """The format that claims the row; with `named_format`, that one if it can read the row."""
    if named_format is None:
        return next((f for f in FORMATS.values() if f.claims(row.value)), None)
    try:
        named_format.read(row.value, row.key)
    except RowError:
        return None
    return named_format


def unknown_message(name: str, named_format: Format | None, first: JsonObject | None) -> str:
    """What to tell of a file of no known format; `first` is its first object."""
    content = (
        f"its first object has the keys {', '.join(short_repr(k, 30) for k in list(first)[:8])}"
        if first
        else "no row is an object"
    )
    if named_format:
        return f"{name} cannot be read as {named_format.title}: {content}. Expected: {named_format.expects}."
    expectations = "; ".join(f"{f.title}: {f.expects}" for f in FORMATS.values())
    return f"{name} is of no known format: {content}. Expected one of: {expectations}."
