"""What several items in a row that end alike say about the server, where one alone says nothing."""

from collections import Counter
from dataclasses import dataclass, field

from proutt_core.errors import ModelRefused

ITEMS_OF_AN_OUTAGE = 5
TRIES_OF_ONE_ITEM = 3
GIVEN_UP_AT_START = 5
GIVEN_UP_IN_A_ROW = 20
REFUSALS_IN_A_ROW = 5


@dataclass
class Outages:
    """Items without an answer: the item's own trouble, or a server that is down?

    Where other calls are answered meanwhile it is the item's own. Where none is, the server is asked something else
    (jobs/probe.py), and only one that does not answer that either is down. An item that has had its tries is given up.
    """

    _in_a_row: set[int] = field(default_factory=set)  # items, since a call was last answered
    _tries: Counter[int] = field(default_factory=Counter)
    _answered: int = 0
    _answered_by_last_try: dict[int, int] = field(default_factory=dict)  # by item
    _given_up: int = 0  # since an item's call was last answered
    _answered_by_last_given_up: int = 0

    def add(self, item_id: int, *, answered: int) -> bool:
        """One more try of an item got no answer; `answered` calls got one so far. Whether the server may be down."""
        if answered != self._answered:
            self._in_a_row.clear()
        self._answered = answered
        self._in_a_row.add(item_id)
        self._tries[item_id] += 1
        alive = answered != self._answered_by_last_try.get(item_id, answered)
        self._answered_by_last_try[item_id] = answered
        return len(self._in_a_row) >= ITEMS_OF_AN_OUTAGE or (self.has_had_its_tries(item_id) and not alive)

    def has_had_its_tries(self, item_id: int) -> bool:
        return self._tries[item_id] >= TRIES_OF_ONE_ITEM

    def server_is_there(self) -> None:
        """It answered a test question."""
        self._in_a_row.clear()

    def reason_to_pause(self, last: str) -> str:
        """Says that the server is down; `last` is why the last item got no answer."""
        n = len(self._in_a_row)
        return f"{n} {'item' if n == 1 else 'items in a row'} got no answer, nor did a test question: {last}"

    def reason_to_stop_giving_up(self, last: str, *, answered: int) -> str | None:
        """One more item is given up; `answered` calls of items got an answer so far. A server that answers test
        questions and no item is of no use to the others either."""
        if answered != self._answered_by_last_given_up:
            self._given_up = 0
        self._answered_by_last_given_up = answered
        self._given_up += 1
        if self._given_up < (GIVEN_UP_IN_A_ROW if answered else GIVEN_UP_AT_START):
            return None
        return f"{self._given_up} items in a row got no answer and failed, although a test question got one: {last}"


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
