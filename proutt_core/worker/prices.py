"""The prices that the product starts with."""

from db.jobs.prices import Price, add_missing
from proutt_core.llm.price_list import STARTING_PRICES


def load_starting_prices() -> int:
    """Put the bundled prices into the table where it has none of that address, model and day. Returns how many."""
    return add_missing(Price(**row) for row in STARTING_PRICES)
