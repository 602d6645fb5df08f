"""Drawing dialogues at random while they are read, without holding more than are drawn."""

import heapq
from collections import Counter
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from proutt_core.dialogues.conversations import beginnings, opening_sha256
from proutt_core.dialogues.text import seeded_number, text_sha256
from proutt_core.types import Dialogue


class Drawable(Protocol):
    """A row that may be drawn."""

    @property
    def number(self) -> int: ...
    @property
    def dialogue(self) -> Dialogue: ...


RowT = TypeVar("RowT", bound=Drawable)


class _Entry(NamedTuple):
    rank: int  # the larger, the sooner it is drawn
    sha256: str
    order: int  # falls from row to row
    opening: str
    beginnings: tuple[str, ...]


class Draw(Generic[RowT]):
    """The `count` dialogues with the smallest hash of (seed, external id): the same ones in any order of rows.

    A dialogue that equals a drawn one, or begins one, is a repeat; one that goes on from a drawn one takes its place.
    """

    def __init__(self, count: int, *, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._heap: list[_Entry] = []
        self._drawn: dict[str, tuple[_Entry, RowT]] = {}  # by the hash of the whole text
        self._openings: Counter[str] = Counter()
        self._beginnings: Counter[str] = Counter()
        self._rows_offered = 0

    def repeats(self, dialogue: Dialogue) -> Literal["equal", "earlier"] | None:
        """What the dialogue is to those drawn so far."""
        sha256 = text_sha256(dialogue.messages)
        if sha256 in self._drawn:
            return "equal"
        return "earlier" if sha256 in self._beginnings else None

    def offer(self, row: RowT) -> tuple[RowT | None, int]:
        """The row that is left out for it (it may be itself), and how many drawn ones went into it."""
        rank = -seeded_number("sample", self._seed, row.dialogue.external_id)
        opening = opening_sha256(row.dialogue.messages)
        if opening not in self._openings and len(self._drawn) == self._count and rank < self._heap[0].rank:
            return row, 0
        shas = tuple(beginnings(row.dialogue.messages))
        earlier = [self._take_out(sha) for sha in shas if sha in self._drawn]
        rank = max(rank, *(entry.rank for entry, _ in earlier)) if earlier else rank
        self._rows_offered += 1
        self._put_in(_Entry(rank, text_sha256(row.dialogue.messages), -self._rows_offered, opening, shas), row)
        return self._last_out() if len(self._drawn) > self._count else None, len(earlier)

    def rows(self) -> list[RowT]:
        """In the order in which they were offered."""
        return [row for _, row in sorted(self._drawn.values(), key=lambda drawn: -drawn[0].order)]

    def _put_in(self, entry: _Entry, row: RowT) -> None:
        heapq.heappush(self._heap, entry)
        self._drawn[entry.sha256] = (entry, row)
        self._openings[entry.opening] += 1
        self._beginnings.update(entry.beginnings)

    def _take_out(self, sha256: str) -> tuple[_Entry, RowT]:
        entry, row = self._drawn.pop(sha256)
        for counter, names in ((self._openings, (entry.opening,)), (self._beginnings, entry.beginnings)):
            for name in names:
                counter[name] -= 1
                if not counter[name]:
                    del counter[name]
        return entry, row

    def _last_out(self) -> RowT:
        while True:
            entry = heapq.heappop(self._heap)
            drawn = self._drawn.get(entry.sha256)
            if drawn is not None and drawn[0] is entry:  # others were taken out before
                return self._take_out(entry.sha256)[1]
