"""Why a job stands still."""

import pytest

from proutt_core.runs.halt import CALLS_REACHED, MONEY_REACHED, NEEDS_PRICE, Halt, halt


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("running", "", ""),
        ("cancelled", "enough", ""),
        ("paused", "", "person"),
        ("paused", f"{CALLS_REACHED} 500", "calls"),
        ("paused", f"{MONEY_REACHED} 5.00 USD", "money"),
        ("paused", f"no price is known for m at http://x; {NEEDS_PRICE}", "price"),
        ("paused", "4 items in a row got no answer", "server"),
        ("failed", "the key is wrong", "refused"),
    ],
)
def test_why_a_job_stands_still(state: str, reason: str, expected: Halt) -> None:
    assert halt(state, reason) == expected
