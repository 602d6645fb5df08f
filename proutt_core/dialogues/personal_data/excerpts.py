"""Possible personal data as people see it: matches in their surroundings, whole or partly hidden."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proutt_core.dialogues.personal_data.finding import Finding, find, partly_hidden
from proutt_core.display.differences import Piece
from proutt_core.types import Message

AROUND = 70  # characters shown on each side
LONGEST = 400  # characters of matches and what is between them


@dataclass(frozen=True)
class Excerpt:
    """A place in a dialogue: the kinds marked in it, and its pieces, of which those that `differ` are the matches."""

    kinds: tuple[str, ...]
    pieces: tuple[Piece, ...]


def excerpts(
    messages: Sequence[Message], *, kind: str | None = None, hidden: bool = True, most: int = 3
) -> list[Excerpt]:
    """The first places of a dialogue with matches (of that kind). With `hidden`, no match is written out, not even one
    of another kind in the surroundings."""
    collected: list[Excerpt] = []
    for message in messages:
        places = find(message.content)
        for group in _neighbours([place for place in places if kind in (None, place.kind)]):
            if len(collected) == most:
                return collected
            kinds = tuple(dict.fromkeys(place.kind for place in group))
            collected.append(Excerpt(kinds, tuple(_pieces(message.content, places, group, hidden))))
    return collected


def _neighbours(places: list[Finding]) -> Iterator[list[Finding]]:
    """Matches that are shown together, because their surroundings meet."""
    group: list[Finding] = []
    for place in places:
        if group and (place.start - group[-1].end > 2 * AROUND or place.end - group[0].start > LONGEST):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _pieces(text: str, places: list[Finding], marked: list[Finding], hidden: bool) -> Iterator[Piece]:
    first, last = max(0, marked[0].start - AROUND), min(len(text), marked[-1].end + AROUND)
    if first:
        yield Piece("… ", False)
    at = first
    for place in places:
        if place.end <= first or place.start >= last:
            continue
        if place.start > at:
            yield Piece(text[at : place.start], False)
        value = text[place.start : place.end]
        yield Piece(partly_hidden(value) if hidden else value, place in marked)
        at = place.end
    if last > at:
        yield Piece(text[at:last], False)
    if last < len(text):
        yield Piece(" …", False)
