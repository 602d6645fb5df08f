"""A file of predictions, made elsewhere: which sample each row is about, and what the user may say next."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proutt_core.dialogues.files.rows import short_repr
from proutt_core.errors import InputError
from proutt_core.row_files import Row, folded, rows_in, text_of
from proutt_core.text import is_placeholder
from proutt_core.types.json_text import is_whole

IMPORTED = "imported"
SETTINGS = {"kind": IMPORTED}  # of the method that such a file becomes
MOST_UTTERANCES = 4
LONGEST = 2000  # characters, as of any other method's utterances

# Folded, likeliest first.
SAMPLE_NAMES = ("sample", "sampleid", "samplekey")
DIALOGUE_NAMES = ("dialogue", "dialogueid", "dialogid", "externalid", "conversation", "conversationid", "id")
PLACE_NAMES = ("targetindex", "target")  # as exports write the place of the predicted message
TURN_NAMES = ("turn", "turnindex", "turnid", "turnnumber")
UTTERANCE_NAMES = (
    *("utterances", "predictions", "nextutterances", "predictedutterances", "candidates", "outputs", "utterance"),
    *("prediction", "nextutterance", "predicted", "output", "completion", "response"),
)
_NUMBERED = re.compile(r"(?:utterance|prediction|candidate|output)([1-4])")
EXPECTED = (
    "expected a sample (sample), or a dialogue and its turn (dialogue_id, turn), and one to four utterances"
    " (utterances)"
)


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """`sample` is what names the sample alone, else "". `turn` is None where the row names none; it is the place of a
    message (`is_place`), or may count something else."""

    where: str
    sample: str
    dialogue: str
    turn: int | None
    is_place: bool
    utterances: tuple[str, ...]

    @property
    def dialogue_name(self) -> str:
        return self.sample or self.dialogue

    @property
    def said(self) -> str:
        """What it is about, as the file puts it."""
        if self.sample:
            return f"sample {short_repr(self.sample)}"
        turn = "" if self.turn is None else f", turn {self.turn}"
        return f"dialogue {short_repr(self.dialogue)}{turn}"


def read_prediction_file(path: Path | str, *, name: str = "") -> list[PredictedRow]:
    """Its rows, in order. InputError, with row and column, for a row that names no sample or holds no utterance, more
    than four, one that is empty, too long, a placeholder, or cannot be stored."""
    name = name or str(path)
    rows = rows_in(Path(path), name=name).rows
    if not rows:
        raise InputError(f"{name} holds no prediction; {EXPECTED}")
    return [_row(row, name) for row in rows]


def _row(row: Row, name: str) -> PredictedRow:
    values = {folded(str(column)): value for column, value in row.values.items()}
    where = f"{name}, {row.where}"
    sample, dialogue = _first(values, SAMPLE_NAMES), _first(values, DIALOGUE_NAMES)
    if not sample and not dialogue:
        raise InputError(f"{where}: no sample and no dialogue is named; {EXPECTED}")
    place = _first(values, PLACE_NAMES)
    turn = _turn(place or _first(values, TURN_NAMES), where)
    return PredictedRow(row.where, sample, dialogue, turn, bool(place), _utterances(values, where))


def _first(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names if (text := text_of(values.get(name)))), "")


def _turn(text: str, where: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InputError(f"{where}, turn: {short_repr(text)} is no number from 0 on")
    return int(text)


def _utterances(values: Mapping[str, Any], where: str) -> tuple[str, ...]:
    numbered = sorted((match[1], name) for name in values if (match := _NUMBERED.fullmatch(name)))
    column = next((name for name in UTTERANCE_NAMES if values.get(name) not in (None, "", [])), "utterances")
    texts = [values[name] for _, name in numbered if values[name] not in (None, "")] or _list(values.get(column))
    if not texts:
        raise InputError(f"{where}: no utterance; {EXPECTED}")
    if len(texts) > MOST_UTTERANCES:
        raise InputError(f"{where}, {column}: {len(texts)} utterances, and at most {MOST_UTTERANCES} are compared")
    return tuple(_utterance(text, f"{where}, {column}, utterance {n}") for n, text in enumerate(texts, start=1))


def _list(value: Any) -> list[Any]:
    """One text, a list, or a list as JSON in a cell of a table; nothing for nothing."""
    if value in (None, ""):
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]  # an utterance may begin with a bracket
    return value if isinstance(value, list) else [value]


def _utterance(value: Any, where: str) -> str:
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("text", "utterance", "content") if name in value), None)
    if not isinstance(value, str):
        raise InputError(f"{where}: not a text; an utterance is what the user may say, in quotes")
    text = value.strip()
    if not text or is_placeholder(text):
        raise InputError(f"{where}: {short_repr(value)} says nothing; leave it out")
    if len(text) > LONGEST:
        raise InputError(f"{where}: {len(text):,} characters, and at most {LONGEST:,} are an utterance")
    if "\0" in text or not is_whole(text):
        raise InputError(f"{where}: a character that cannot be stored (NUL or half of a pair); leave it out")
    return text
