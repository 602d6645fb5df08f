"""Why a job stands still."""

from typing import Literal

# Why a job stands still: a limit of calls or of money, a price that the limit needs, no answer from the server, a
# person, something it cannot go on with; "" while it does not stand still.
Halt = Literal["calls", "money", "price", "server", "person", "refused", ""]
# How the reasons of a budget begin and end: what the page offers then depends on it.
CALLS_REACHED, MONEY_REACHED, NEEDS_PRICE = "reached --max-calls", "reached --max-cost", "--max-cost needs it"


def halt(state: str, reason: str) -> Halt:
    """Why a job in this state, with this reason, stands still."""
    if state == "failed":
        return "refused"
    if state != "paused":
        return ""
    if not reason:
        return "person"
    if reason.startswith(CALLS_REACHED):
        return "calls"
    if reason.startswith(MONEY_REACHED):
        return "money"
    return "price" if reason.endswith(NEEDS_PRICE) else "server"
