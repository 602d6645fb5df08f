"""Drawing dialogues at random while they are read, without holding more than are drawn."""

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from proutt_core.dialogues.conversations import beginnings, opening_sha256, whole_digest
from proutt_core.dialogues.text import seeded_number
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
    digest: bytes
    order: int  # falls from row to row
    opening: str
    beginnings: tuple[bytes, ...]


class Draw(Generic[RowT]):
    """The `count` dialogues with the smallest hash of (seed, external id): the same ones in any order of rows.

    A dialogue that equals a drawn one, or begins one, is a repeat; one that goes on from a drawn one takes its place.
    """

    def __init__(self, count: int, *, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._heap: list[_Entry] = []
        self._drawn: dict[bytes, tuple[_Entry, RowT]] = {}  # by the hash of the whole text
        self._openings: Counter[str] = Counter()
        self._beginnings: Counter[bytes] = Counter()
        self._rows_offered = 0

    def repeats(self, dialogue: Dialogue) -> Literal["equal", "earlier"] | None:
        """What the dialogue is to those drawn so far. Of equal ones the smallest hash counts."""
        digest = whole_digest(dialogue.messages)
        if digest in self._drawn:
            rank = self._rank(dialogue)
            entry, row = self._drawn[digest]
            if rank > entry.rank:
                self._take_out(digest)
                self._put_in(entry._replace(rank=rank), row)
            return "equal"
        return "earlier" if digest in self._beginnings else None

    def offer(self, row: RowT) -> tuple[RowT | None, int]:
        """The row that is left out for it (it may be itself), and how many drawn ones went into it."""
        rank = self._rank(row.dialogue)
        opening = opening_sha256(row.dialogue.messages)
        if opening not in self._openings and len(self._drawn) == self._count and rank < self._heap[0].rank:
            return row, 0
        shas = tuple(beginnings(row.dialogue.messages))
        earlier = [self._take_out(sha) for sha in shas if sha in self._drawn]
        rank = max(rank, *(entry.rank for entry, _ in earlier)) if earlier else rank
        self._rows_offered += 1
        self._put_in(_Entry(rank, whole_digest(row.dialogue.messages), -self._rows_offered, opening, shas), row)
        return self._last_out() if len(self._drawn) > self._count else None, len(earlier)

    def rows(self) -> list[RowT]:
        """In the order in which they were offered."""
        return [row for _, row in sorted(self._drawn.values(), key=lambda drawn: -drawn[0].order)]

    def _rank(self, dialogue: Dialogue) -> int:
        return -seeded_number("sample", self._seed, dialogue.external_id)

    def _put_in(self, entry: _Entry, row: RowT) -> None:
        heapq.heappush(self._heap, entry)
        self._drawn[entry.digest] = (entry, row)
        self._openings[entry.opening] += 1
        self._beginnings.update(entry.beginnings)

    def _take_out(self, digest: bytes) -> tuple[_Entry, RowT]:
        entry, row = self._drawn.pop(digest)
        _forget(self._openings, (entry.opening,))
        _forget(self._beginnings, entry.beginnings)
        return entry, row

    def _last_out(self) -> RowT:
        while True:
            entry = heapq.heappop(self._heap)
            drawn = self._drawn.get(entry.digest)
            if drawn is not None and drawn[0] is entry:  # others were taken out before
                return self._take_out(entry.digest)[1]


Name = TypeVar("Name", str, bytes)


def _forget(counter: Counter[Name], names: Iterable[Name]) -> None:
    for name in names:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]
