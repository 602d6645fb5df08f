"""When to try a call again, and after how long. Nothing here sleeps or sends."""

import email.utils
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

# 408, 409, 425: the server asks for the same request again; 429 and every 5xx may pass.
_PASSING = {408, 409, 425, 429}
# "7m12.5s", "500 ms", "10 seconds"
_LENGTH_OF_TIME = re.compile(r"(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+")
_PART_OF_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![a-z])")
_LONGEST_HEADER = 100


class Passing(Exception):
    """An attempt failed in a way that may pass: the next one may succeed.

    `is_outage` is false where the server did answer, only with nothing of use: if it keeps doing so it is not down.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None, *, is_outage: bool = True) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.is_outage = is_outage


class UnusableReply(Exception):
    """An answer came that cannot be used, and asking again would be no use: too large, or made to do harm."""


@dataclass(frozen=True)
class Backoff:
    """Exponential, with jitter, so that many calls that failed together do not come back together."""

    attempts: int = 4
    first_s: float = 1.0
    longest_s: float = 30.0
    longest_retry_after_s: float = 60.0  # a server may ask for more; it gets this

    def wait_s(
        self, *, attempt: int, retry_after_s: float | None = None, jitter: Callable[[], float] = random.random
    ) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1). `jitter` returns a number in [0, 1)."""
        step: float = min(self.longest_s, self.first_s * 2 ** (attempt - 1))
        if retry_after_s is None:
            return step * (0.5 + jitter() / 2)
        # Never earlier than asked, and spread a little after that moment.
        return min(retry_after_s, self.longest_retry_after_s) + self.first_s * jitter()


def may_pass(status: int) -> bool:
    """Whether an HTTP status says "not now" rather than "no"."""
    return status in _PASSING or status >= 500


def retry_after_s(headers: Mapping[str, str], *, now: Callable[[], datetime] | None = None) -> float | None:
    """Seconds until the moment that Retry-After names (seconds, "2m 3s" or an HTTP date), or None where it is absent or
    says nothing usable."""
    value = headers.get("retry-after", "").strip()[:_LONGEST_HEADER]
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _length_of(value.lower()) or _until(value, now() if now else datetime.now(UTC))
    # NaN and negative numbers say nothing usable; infinity is bounded by the caller.
    return seconds if seconds >= 0 else None


def _length_of(value: str) -> float | None:
    if not _LENGTH_OF_TIME.fullmatch(value):
        return None
    parts = _PART_OF_TIME.findall(value)
    return sum(float(number) * _unit_s(unit) for number, unit in parts) if parts else None


def _unit_s(unit: str) -> float:
    if unit == "ms" or unit.startswith("milli"):
        return 0.001
    return {"s": 1.0, "m": 60.0, "h": 3600.0}[unit[0]]


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # the last two for dates that no calendar has
        return None
