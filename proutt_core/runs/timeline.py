"""The calls of one item as bars on a time axis: when each was asked, when it went out, how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from proutt_core.types.calls import Call

IDLE_S = 30.0  # a longer stretch in which nothing was under way is cut out of the axis, and marked
CUT_S = 1.0  # what is drawn in its place
NEAR = 0.01  # of the axis: bars of one stage that are nearer to each other stand in lanes

Kind = Literal["made", "refused", "log"]


@dataclass(frozen=True)
class Bar:
    """One call; seconds on the axis. From `asked` to `begins` it waited: for a place, or for a server to answer.

    Calls of one stage that ran beside each other are in lanes of their own, counted from 0.
    """

    call: int  # position among the calls given
    stage: str
    kind: Kind
    asked: float
    begins: float
    ends: float
    lane: int = 0

    @property
    def waited_s(self) -> float:
        return self.begins - self.asked

    @property
    def took_s(self) -> float:
        return self.ends - self.begins


@dataclass(frozen=True)
class Cut:
    """At this place on the axis `seconds` without any call were cut out."""

    at: float
    seconds: float


@dataclass(frozen=True)
class Timeline:
    begins: datetime  # when the first call was asked
    bars: tuple[Bar, ...]  # in the order in which they were asked
    cuts: tuple[Cut, ...]
    seconds: float  # length of the axis

    @property
    def rows(self) -> tuple[tuple[str, int], ...]:
        """Stages in the order in which they first asked, each with its lanes."""
        stages = dict.fromkeys(bar.stage for bar in self.bars)
        lanes = {stage: max(bar.lane for bar in self.bars if bar.stage == stage) for stage in stages}
        return tuple((stage, lane) for stage in stages for lane in range(lanes[stage] + 1))

    @property
    def shown(self) -> tuple[float, float]:
        """The axis with room for a mark at either end; a second where all was answered in one moment."""
        length = self.seconds or 1.0
        return -NEAR * 2 * length, (1 + NEAR * 2) * length


def timeline(calls: Sequence[Call]) -> Timeline | None:
    """None where a call has no time: such calls were made by an older version."""
    spans = [_span(call) for call in calls]
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        return None
    order = sorted(range(len(calls)), key=lambda n: (known[n][0], n))
    zero = known[order[0]][0]
    bars: list[Bar] = []
    cuts: list[Cut] = []
    out, busy_until = 0.0, 0.0  # seconds cut out so far; until when something was under way, in real seconds
    for n in order:
        asked, begins, ends = ((moment - zero).total_seconds() for moment in known[n])
        if asked - busy_until > IDLE_S:
            cuts.append(Cut(at=busy_until - out + CUT_S / 2, seconds=asked - busy_until))
            out += asked - busy_until - CUT_S
        busy_until = max(busy_until, ends)
        kind: Kind = "log" if calls[n].from_cache else "made" if calls[n].valid else "refused"
        bars.append(Bar(n, calls[n].stage, kind, asked=asked - out, begins=begins - out, ends=ends - out))
    seconds = max(bar.ends for bar in bars)
    return Timeline(begins=zero, bars=_in_lanes(bars, apart=NEAR * seconds), cuts=tuple(cuts), seconds=seconds)


def call_to_read(calls: Sequence[Call]) -> int:
    """Which call is opened first: the last that could not be used, else the first."""
    refused = [n for n, call in enumerate(calls) if not call.valid]
    return refused[-1] if refused else 0


def first_usable(calls: Sequence[Call]) -> int:
    """Which call is opened first for those who are told nothing of failures."""
    return next((n for n, call in enumerate(calls) if call.valid), 0)


def _span(call: Call) -> tuple[datetime, datetime, datetime] | None:
    """When it was asked, went out and was answered. What the log answered took no time of this item's, whenever it was
    made: it has one moment only."""
    if call.asked_at is None:
        return None
    if call.from_cache:
        return call.asked_at, call.asked_at, call.asked_at
    begins = max(call.answer.started_at or call.asked_at, call.asked_at)
    return call.asked_at, begins, begins + timedelta(seconds=max(0.0, call.answer.latency_s))


def _in_lanes(bars: Sequence[Bar], *, apart: float) -> tuple[Bar, ...]:
    """Each in the first lane of its stage whose last bar ended at least `apart` before."""
    free_from: dict[str, list[float]] = {}
    placed = []
    for bar in bars:
        lanes = free_from.setdefault(bar.stage, [])
        lane = next((n for n, free in enumerate(lanes) if free <= bar.asked), len(lanes))
        lanes[lane : lane + 1] = [bar.ends + apart]
        placed.append(replace(bar, lane=lane))
    return tuple(placed)
