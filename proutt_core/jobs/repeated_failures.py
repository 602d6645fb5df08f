"""What several items in a row that end alike say about the server, where one alone says nothing."""

from collections import Counter
from dataclasses import dataclass, field

from proutt_core.errors import ModelRefused

OUTAGES_IN_A_ROW = 5
TRIES_OF_ONE_ITEM = 3
REFUSALS_IN_A_ROW = 5


@dataclass
class Outages:
    """Items without an answer. Where other calls are answered it may be the item's own trouble; a series of items of
    which none comes to an end says that the server is down."""

    _in_a_row: list[int] = field(default_factory=list)  # items, one entry a try
    _tries: Counter[int] = field(default_factory=Counter)
    _answered: int = 0

    def passed(self) -> None:
        """An item came to its end."""
        self._in_a_row.clear()

    def try_again(self, item_id: int, *, answered: int) -> bool:
        """One more item got no answer: whether to try it again instead of failing it. `answered` calls got an
        answer so far."""
        alive = answered != self._answered
        self._answered = answered
        self._in_a_row.append(item_id)
        self._tries[item_id] += 1
        return not alive or self._tries[item_id] < TRIES_OF_ONE_ITEM

    def reason_to_pause(self, last: str) -> str | None:
        """Says that the server is down, where it is; `last` is why the last try got no answer."""
        tries, items = len(self._in_a_row), len(set(self._in_a_row))
        if tries < OUTAGES_IN_A_ROW:
            return None
        return f"{tries} tries in a row got no answer, of {items} {'item' if items == 1 else 'items'}: {last}"


@dataclass
class Refusals:
    """Items that failed because the server refused a request, all with one status and none answered in between."""

    _items: set[int] = field(default_factory=set)
    _status: int | None = None
    _answered: int = 0

    def reason_to_fail(self, item_id: int, refused: ModelRefused, *, answered: int) -> str | None:
        """One more item was refused; `answered` calls got an answer so far. Says so where every call is refused."""
        if answered != self._answered or refused.status != self._status:
            self._items.clear()
        self._answered, self._status = answered, refused.status
        self._items.add(item_id)
        if len(self._items) < REFUSALS_IN_A_ROW:
            return None
        return f"{len(self._items)} items in a row were refused alike, and nothing was answered meanwhile: {refused}"
