"""What a job may spend: the most calls, the most money. Satisfies `stopping.Budget`.

Every process counts exactly what it makes itself, calls under way included, and reads what the others have stored
at every look (0.2 s). One process alone never makes one call more than allowed; beside others, at most as many more as
they have under way or began since the last look. Both limits count from the job's first call, so that a resume goes on
counting, and both may be raised while the job runs.

Money is known when an answer has come. A call under way therefore reserves what the dearest call of this process cost,
at least what the job's calls cost on average; a call that the server answered without usage counts as an average one.
So the money spent stays below the limit, but for the difference where a call is dearer than all before it.
"""

from dataclasses import dataclass

from db.jobs import jobs, usage
from db.jobs.jobs import JobInfo
from db.jobs.usage import StageUsage
from proutt_core.jobs.bills import address_and_model, billing_day, no_price, rates_of
from proutt_core.runs.bill import Rates, money_for, shown_money
from proutt_core.types.calls import Completion
from proutt_core.types.halts import Standstill

# What a call is taken to cost before any other of its job has ended: about the tokens of a short dialogue.
FIRST_PROMPT_TOKENS, FIRST_COMPLETION_TOKENS = 1_500, 300


@dataclass(frozen=True)
class _Spent:
    """`money` is of the metered calls alone."""

    calls: int = 0
    metered: int = 0
    money: float = 0.0

    def __add__(self, other: "_Spent") -> "_Spent":
        return _Spent(self.calls + other.calls, self.metered + other.metered, self.money + other.money)


class JobBudget:
    """Belongs to one job and one process; its rows of usage are noted under `process`."""

    def __init__(self, job: JobInfo, *, process: str) -> None:
        self._job_id = job.id
        self._process = process
        self._address, self._model = address_and_model(job)
        self._day = billing_day(job)
        self._rates = rates_of(address=self._address, model=self._model, on=self._day)
        self._limits: tuple[int | None, float | None] = (job.max_calls, job.max_cost)
        self._stored: _Spent | None = None  # by this process, before this budget was made
        self._others = _Spent()
        self._own = _Spent()
        self._dearest = 0.0
        self._under_way = 0

    def look(self) -> None:
        self._limits = jobs.limits_of(self._job_id)
        if self._limits == (None, None) and self._stored is not None:
            return
        by_process = usage.by_process(self._job_id)
        mine = by_process.pop(self._process, StageUsage(stage=""))
        if self._stored is None:
            self._stored = self._spent(mine)
        self._others = sum(map(self._spent, by_process.values()), start=_Spent())

    def before_call(self) -> Standstill | None:
        limit = self._limit_reached()
        if limit is None:
            self._under_way += 1
        return limit

    def after_call(self, answer: Completion | None) -> None:
        self._under_way -= 1
        ended = self._price_of(answer)
        self._own += ended
        self._dearest = max(self._dearest, ended.money)

    def _limit_reached(self) -> Standstill | None:
        max_calls, max_cost = self._limits
        spent = self._own + self._others + (self._stored or _Spent())
        if max_calls is not None and spent.calls + self._under_way >= max_calls:
            return Standstill("calls", f"reached --max-calls {max_calls}")
        if max_cost is None:
            return None
        if self._rates is None:
            unknown = no_price(address=self._address, model=self._model, on=self._day)
            return Standstill("price", f"{unknown}; --max-cost needs it")
        average = spent.money / spent.metered if spent.metered else self._first(self._rates)
        uncounted = (spent.calls - spent.metered) * average
        if spent.money + uncounted + (self._under_way + 1) * max(average, self._dearest) > max_cost:
            return Standstill("money", f"reached --max-cost {shown_money(max_cost, self._rates.currency)}")
        return None

    def _price_of(self, answer: Completion | None) -> _Spent:
        """What one call cost: nothing where it got no answer."""
        if answer is None:
            return _Spent(calls=1, metered=1)
        if answer.usage.prompt_tokens is None and answer.usage.completion_tokens is None:
            return _Spent(calls=1)
        counted = StageUsage(
            stage="",
            prompt_tokens=answer.usage.prompt_tokens or 0,
            cached_tokens=answer.usage.cached_tokens or 0,
            completion_tokens=answer.usage.completion_tokens or 0,
        )
        return _Spent(calls=1, metered=1, money=self._money(counted))

    def _spent(self, row: StageUsage) -> _Spent:
        return _Spent(calls=row.calls, metered=row.calls - row.unmetered_calls, money=self._money(row))

    def _money(self, counted: StageUsage) -> float:
        return 0.0 if self._rates is None else money_for(counted, self._rates)

    @staticmethod
    def _first(rates: Rates) -> float:
        tokens = StageUsage(stage="", prompt_tokens=FIRST_PROMPT_TOKENS, completion_tokens=FIRST_COMPLETION_TOKENS)
        return money_for(tokens, rates)
