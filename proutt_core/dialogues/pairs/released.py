"""Released ProUtt files: rows that are pairs already, a prompt with a chosen and (preference files) a rejected answer.

Shapes, each a JSON list or JSONL: `{conversations: [{from: human, value}], chosen: {from, value}, rejected: {from,
value}}` (preference) and `{messages: [user, assistant]}` (SFT). An answer is `<think>…</think>` and then `<predict>`
lines; nothing else tells such a file from ShareGPT and OpenAI files of the same shape. A text is kept as it stood;
where every answer of a row can be read as a trace, the traces are kept beside it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from proutt_core.dialogues.files import opening
from proutt_core.dialogues.files.members import Member, members_of
from proutt_core.dialogues.files.rows import BAD_TEXT, NOT_AN_OBJECT, TOO_DEEP, JsonObject, RawRow, RowError, kind
from proutt_core.dialogues.importing import PROGRESS_EVERY, ImportSettings
from proutt_core.dialogues.normalise import REPLACED, is_blank, storable
from proutt_core.dialogues.pairs.gates import gates_of_imported
from proutt_core.dialogues.pairs.prompt_parts import parts_of_prompt
from proutt_core.dialogues.pairs.report import ImportedPair, PairReport
from proutt_core.dialogues.report import RejectedRow
from proutt_core.dialogues.splits import split_of
from proutt_core.errors import InputError
from proutt_core.traces.as_text import parse_released_trace, parse_trace
from proutt_core.traces.instruction import left_out_by
from proutt_core.types import Part, Trace, VerbatimPair

FORMAT = "proutt"
TITLE = "ProUtt pairs"
EXPECTS = "conversations + chosen + rejected, or messages [user, assistant], answers with <think> and <predict>"
PROBED_ROWS = 100

NO_PAIR = "neither conversations, chosen, rejected nor messages [user, assistant]"
NO_PROMPT = "the prompt is empty"
NO_CHOSEN = "the chosen answer is empty"

_ANSWER = re.compile(r"</think>.*<predict>.*</predict>", flags=re.DOTALL)
_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


@dataclass(frozen=True, slots=True)
class PairRow:
    """A row as it stands in the file; `replaced`: characters that no database holds became U+FFFD."""

    number: int
    verbatim: VerbatimPair
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class ReleasedSource:
    """Files that hold released pairs."""

    files: tuple[tuple[Member, opening.Layout], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files on disk, each once."""
        return tuple(dict.fromkeys(member.path for member, _ in self.files))

    def rows(self) -> Iterator[RawRow]:
        """Numbered through all files: a pair is stored under its row's number."""
        rows = (row for member, layout in self.files for row in opening.rows(member, layout))
        if len(self.files) == 1:
            return rows
        return (replace(row, number=number) for number, row in enumerate(rows, 1))


def find_released(*paths: Path | str, format: str | None = None) -> ReleasedSource | None:
    """The files as a source of pairs, or None where they are to be read as dialogues.

    Without `format` the first 100 rows decide: one of the shape whose answers are ProUtt's is enough. With "proutt" the
    shape is enough. InputError for a file that is missing, empty or unreadable, or named "proutt" and is not.
    """
    if format is not None and format.lower() != FORMAT:
        return None
    members, _ = members_of([Path(path) for path in paths])
    files = [(member, layout) for member in members if (layout := _layout(member, named=format is not None))]
    if files:
        return ReleasedSource(tuple(files))
    if format is not None:
        raise InputError(f"{members[0].name} cannot be read as {TITLE}. Expected: {EXPECTS}.")
    return None


def _layout(member: Member, *, named: bool) -> opening.Layout | None:
    """In which pairs are found in the file."""
    for layout in opening.possible_layouts(member) if member.is_named else _layouts_if_readable(member):
        try:
            for row in islice(opening.rows(member, layout), PROBED_ROWS):
                if row.error is None and isinstance(row.value, dict) and _claims(row.value, named=named):
                    return layout
        except InputError:
            continue  # the other layout, or find_source, says what is wrong
    return None


def _layouts_if_readable(member: Member) -> tuple[opening.Layout, ...]:
    try:
        return opening.possible_layouts(member)
    except InputError:
        return ()  # it is left out


def _claims(row: JsonObject, *, named: bool) -> bool:
    try:
        pair = _pair(row)
    except RowError:
        return False
    return named or _ANSWER.search(pair.chosen) is not None


def read_pairs(source: ReleasedSource) -> Iterator[PairRow | RejectedRow]:
    """Every row of the file in order, as a pair's texts or with the reason why not."""
    for row in source.rows():
        try:
            yield _read(row)
        except RowError as exc:
            yield RejectedRow(row.number, exc.reason, storable(exc.detail))
        except RecursionError:
            yield RejectedRow(row.number, TOO_DEEP)


def _read(row: RawRow) -> PairRow:
    if row.error:
        raise row.error
    if not isinstance(row.value, dict):
        raise RowError(NOT_AN_OBJECT, kind(row.value))
    pair = _pair(row.value)
    if is_blank(pair.prompt):
        raise RowError(NO_PROMPT)
    if is_blank(pair.chosen):
        raise RowError(NO_CHOSEN)
    stored = VerbatimPair(prompt=storable(pair.prompt), chosen=storable(pair.chosen), rejected=storable(pair.rejected))
    return PairRow(row.number, stored, replaced=stored != pair)


def _pair(row: JsonObject) -> VerbatimPair:
    turns = [_turn(turn) for turn in _list(row.get("conversations") or row.get("messages"))]
    roles = [role for role, _ in turns]
    if roles == ["user"] and "chosen" in row:
        rejected = row.get("rejected")
        return VerbatimPair(
            prompt=turns[0][1], chosen=_answer(row["chosen"]), rejected="" if rejected is None else _answer(rejected)
        )
    if roles == ["user", "assistant"] and "chosen" not in row:
        return VerbatimPair(prompt=turns[0][1], chosen=turns[1][1])
    raise RowError(NO_PAIR, ", ".join(str(role) for role in roles)[:60])


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RowError(NO_PAIR)
    return value


def _turn(turn: Any) -> tuple[str | None, str]:
    if not isinstance(turn, dict):
        raise RowError(NO_PAIR, kind(turn))
    role = turn.get("from", turn.get("role"))
    return _ROLES.get(role) if isinstance(role, str) else None, _text(turn)


def _answer(value: Any) -> str:
    role, text = _turn(value)
    if role != "assistant":
        raise RowError(NO_PAIR, "an answer that is not the assistant's")
    return text


def _text(turn: JsonObject) -> str:
    text = turn.get("value", turn.get("content"))
    if not isinstance(text, str):
        raise RowError(BAD_TEXT, kind(text))
    return text


def require_pair_settings(settings: ImportSettings) -> None:
    """InputError where a setting was given that only dialogues have."""
    plain = ImportSettings()
    of_dialogues = sorted(set(ImportSettings.model_fields) - {"shares", "seed", "limit"})
    unusable = [name for name in of_dialogues if getattr(settings, name) != getattr(plain, name)]
    if unusable:
        raise InputError(
            f"this file holds pairs, and {', '.join(unusable)} can only be set for dialogues; leave it out, or name"
            " another format to read the file as dialogues"
        )


def import_pairs(
    rows: Iterable[PairRow | RejectedRow],
    settings: ImportSettings,
    report: PairReport,
    *,
    progress: Callable[[PairReport], None] | None = None,
) -> Iterator[ImportedPair]:
    """Parses, splits and checks; fills `report` as it goes. A row whose texts came before is a duplicate.

    Memory is one row and 16 bytes of each before it. `progress` is called every 200 rows; what it raises ends it.
    """
    digests: set[bytes] = set()
    for row in rows:
        report.rows += 1
        if progress and report.rows % PROGRESS_EVERY == 0:
            progress(report)
        if isinstance(row, RejectedRow):
            report.reject(row)
            continue
        digest = _digest(row.verbatim.prompt, row.verbatim.chosen, row.verbatim.rejected)
        if digest in digests:
            report.duplicates += 1
            continue
        digests.add(digest)
        pair, cause = _imported_pair(row, settings)
        report.take(pair, cause=cause)
        if row.replaced:
            report.notes[REPLACED] += 1
        yield pair
        if report.imported == settings.limit:
            return


def read_trace(text: str, *, without: frozenset[Part] = frozenset()) -> Trace:
    """The trace in an answer, in our own form or the released one. `without` is what our own form leaves
    out; released files never leave anything out. InputError where it is neither."""
    try:
        return parse_trace(text, without=without)
    except InputError:
        if without:
            raise
        return parse_released_trace(text)


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\0".join(texts).encode()).digest()[:16]


def _imported_pair(row: PairRow, settings: ImportSettings) -> tuple[ImportedPair, str]:
    text, cause = row.verbatim, ""
    chosen = rejected = None
    without = left_out_by(text.prompt)
    try:
        chosen = read_trace(text.chosen, without=without)
        rejected = read_trace(text.rejected, without=without) if text.rejected else None
    except InputError as exc:
        chosen, cause = None, str(exc)
    group = hashlib.sha256(text.prompt.encode()).hexdigest()
    pair = ImportedPair(
        number=row.number,
        verbatim=text,
        chosen=chosen,
        rejected=rejected,
        group=group,
        split=split_of(group, shares=settings.shares_in_force, seed=settings.seed),
        gates_failed=gates_of_imported(
            text, chosen=chosen, rejected=rejected, context=parts_of_prompt(text.prompt).messages
        ),
    )
    return pair, cause
