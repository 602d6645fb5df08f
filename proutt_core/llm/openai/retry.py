"""When to try a call again, and after how long. Nothing here sleeps or sends."""

import email.utils
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

# 408, 409, 425: the server asks for the same request again; 429 and every 5xx may pass.
_PASSING = {408, 409, 425, 429}


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
    """Seconds until the moment that Retry-After names (seconds or an HTTP date), or None where it is absent."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now() if now else datetime.now(UTC))
    # NaN and negative numbers say nothing usable; infinity is bounded by the caller.
    return seconds if seconds >= 0 else None


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
