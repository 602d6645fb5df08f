"""Which dialogues of an import are one conversation: equal texts, earlier states of a longer one, pieces, one group.

A request log holds a conversation once a turn, each row the beginning of the next; a file that was put together from
others holds equal texts under different ids; a long conversation is published in pieces `abc_0`, `abc_17`. What is one
conversation must not be in two splits. All of it is decided when every row is stored, because only then it is known.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import orjson

from proutt_core.types import Message

MOST_JOINTS = 64  # line ends in a message at which an earlier state may have ended
FEW_PIECES = 10  # so many ids may share a stem without further evidence
DROPPED = 2  # messages that a piece may have lost
_PIECE = re.compile(r"(.+)_([0-9]+)", re.DOTALL)


def opening_sha256(messages: Iterable[Message]) -> str:
    """64 hex digits of the system prompt and the first line of the first user message: equal for all states of one
    conversation. (Of the first line, because a later state may have joined another message to it.)"""
    opening: list[list[str]] = []
    for message in messages:
        if message.role == "user":
            opening.append([message.role, message.content.strip().split("\n", 1)[0].rstrip()])
            break
        opening.append([message.role, message.content.strip()])
    return hashlib.sha256(orjson.dumps(opening)).hexdigest()


class Opened(NamedTuple):
    """A stored dialogue of those that open alike."""

    id: int  # rises in the order of the file
    group: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Ids of dialogues that are not kept: equal to an earlier one, or the beginning of a longer one. `joined`: pairs of
    groups that belong together for it."""

    duplicates: frozenset[int]
    earlier_states: frozenset[int]
    joined: frozenset[tuple[str, str]]


def repeats(opened: Sequence[Opened]) -> Repeats:
    """Of dialogues that open alike; of equal ones the first is kept. White space at the end of a text is none of it."""
    first: dict[bytes, Opened] = {}
    duplicates, earlier, joined = set(), set(), set()
    for dialogue in opened:
        kept = first.setdefault(whole_digest(dialogue.messages), dialogue)
        if kept is not dialogue:
            duplicates.add(dialogue.id)
            joined.add((kept.group, dialogue.group))
    for dialogue in first.values():
        for digest in beginnings(dialogue.messages):
            state = first.get(digest)
            if state is not None and state is not dialogue:
                earlier.add(state.id)
                joined.add((state.group, dialogue.group))
    return Repeats(frozenset(duplicates), frozenset(earlier), frozenset(joined))


def whole_digest(messages: Sequence[Message]) -> bytes:
    """What `beginnings` of a dialogue that goes on from this one holds."""
    digest = hashlib.sha256()
    for message in messages:
        digest.update(_piece(message.role, message.content.rstrip()))
    return digest.digest()


def beginnings(messages: Sequence[Message]) -> Iterator[bytes]:
    """`whole_digest` of each earlier state: the first messages, the last of them perhaps only as far as a line end,
    because adjacent messages of one role are joined (a tool's call, its result and what is said of it)."""
    digest = hashlib.sha256()
    for number, message in enumerate(messages):
        content = message.content.rstrip()
        end = content.find("\n")
        for _ in range(MOST_JOINTS):
            if end < 0:
                break
            part = digest.copy()
            part.update(_piece(message.role, content[:end].rstrip()))
            yield part.digest()
            end = content.find("\n", end + 1)
        digest.update(_piece(message.role, content))
        if number < len(messages) - 1:
            yield digest.digest()


def _piece(role: str, content: str) -> bytes:
    return orjson.dumps([role, content])


def first_turn(messages: Sequence[Message]) -> str | None:
    """What stands for the system prompt and the first complete turn; None where there is no complete turn."""
    for number, message in enumerate(messages):
        if message.role == "assistant":
            turn = [[m.role, m.content.rstrip()] for m in messages[: number + 1]]
            return hashlib.sha256(orjson.dumps(turn)).hexdigest()
    return None


class Groups:
    """Groups of dialogues, by name, that turned out to belong together (union-find). A union has the smallest name."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, names: Iterable[str]) -> None:
        roots = sorted({self.of(name) for name in names})
        for root in roots[1:]:
            self._parents[root] = roots[0]

    def of(self, name: str) -> str:
        root = name
        while (parent := self._parents.get(root)) is not None:
            root = parent
        while name != root:  # shorten the way for the next who asks
            self._parents[name], name = root, self._parents[name]
        return root

    def renamed(self) -> dict[str, str]:
        """Old name → new name, of those that changed."""
        return {name: self.of(name) for name in list(self._parents)}


class Numbered(NamedTuple):
    """A dialogue whose id is a stem and a number: perhaps a piece."""

    external_id: str
    message_count: int


def piece_stem(external_id: str) -> str | None:
    """`abc` of `abc_17`."""
    piece = _PIECE.fullmatch(external_id)
    return piece.group(1) if piece else None


def stems_of_pieces(numbered: Iterable[Numbered], *, dialogue_count: int) -> set[str]:
    """The stems whose dialogues are pieces of one conversation, of a dataset of so many dialogues.

    FastChat numbers pieces by the place of their first message: then a number is the one before it plus the messages
    of that piece. Where the numbers only count (`identity_0 … identity_499`), a stem is a conversation if
    few ids share it and they are not half of the dataset.
    """
    by_stem: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for dialogue in numbered:
        piece = _PIECE.fullmatch(dialogue.external_id)
        if piece and len(piece.group(2)) <= 9:
            by_stem[piece.group(1)].append((int(piece.group(2)), dialogue.message_count))
    return {stem for stem, pieces in by_stem.items() if _are_pieces(sorted(pieces), dialogue_count)}


def _are_pieces(pieces: list[tuple[int, int]], dialogue_count: int) -> bool:
    if len(pieces) < 2:
        return False
    if len(pieces) <= FEW_PIECES and len(pieces) * 2 <= dialogue_count:
        return True
    gaps = [number - before - count for (before, count), (number, _) in pairwise(pieces)]
    # Normalising drops a message or two of a piece, those at its start that are not the user's, and a filter or a draw
    # drops whole pieces: a fifth that fit is enough, for numbers at random hardly ever do.
    return min(gaps) >= 0 and sum(gap <= DROPPED for gap in gaps) * 5 >= len(gaps)
