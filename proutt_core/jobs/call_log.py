"""The call log as one process uses it: many lookups in one query, stores that nobody waits for.

A stage goes on as soon as its reply has arrived; the reply is committed with the next group
(db/jobs/grouped_writes.py), at most 50 ms later, and before or with the item that it belongs to. Until then, and for a
while after, `known` answers for it.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from db.jobs import calls, usage
from db.jobs.calls import NewCall, NewLink
from db.jobs.grouped_writes import GroupedWrites
from db.jobs.usage import StageUsage
from proutt_core.llm.logged import UnderWay
from proutt_core.llm.model import Completion, Usage

# Stages of one item ask at the same moment, and others shortly after: they share a query.
GATHER_S = 0.001
# Answers of so many calls are kept after they were committed: a lookup that began before then may still be under way.
KEPT = 512

# A reply's key and the generation of calls it belongs to.
CallId = tuple[int, str]


@dataclass(frozen=True)
class ToStore:
    """A call, and which item's stage it served in which job."""

    new: NewCall
    link: NewLink


@dataclass
class Known:
    """A valid reply. `call_id` is set when it is stored: before or while the item that it served is saved."""

    answer: Completion
    call_id: int | None = None


@dataclass
class ProcessLog:
    """Shared by all jobs of a process; belongs to one event loop."""

    writes: GroupedWrites
    process: str  # in job_usage
    under_way: defaultdict[int, UnderWay] = field(default_factory=lambda: defaultdict(dict))
    _known: dict[CallId, Known] = field(default_factory=dict)
    _committed: OrderedDict[CallId, None] = field(default_factory=OrderedDict)
    _asked: defaultdict[CallId, list["asyncio.Future[Known | None]"]] = field(default_factory=lambda: defaultdict(list))
    _looking: asyncio.Task[None] | None = None

    def known(self, key: str, generation: int) -> Known | None:
        """The valid reply of this key, if it was answered here lately."""
        return self._known.get((generation, key))

    async def load(self, key: str, generation: int) -> Known | None:
        """The valid reply of this key, if there is one."""
        found = self.known(key, generation)
        if found is not None:
            return found
        answer: asyncio.Future[Known | None] = asyncio.get_running_loop().create_future()
        self._asked[generation, key].append(answer)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_up())
        # What was answered here meanwhile is newer than the database was when it was asked.
        return await answer or self.known(key, generation)

    async def _look_up(self) -> None:
        while self._asked:
            await asyncio.sleep(GATHER_S)
            asked, self._asked = self._asked, defaultdict(list)
            try:
                found = await asyncio.to_thread(_load, list(asked))
            except Exception as exc:  # noqa: BLE001  each who asked gets it; none may wait for ever
                for future in _waiting(asked.values()):
                    future.set_exception(exc)
                continue
            for call, futures in asked.items():
                for future in _waiting([futures]):
                    future.set_result(found.get(call))

    def store(self, call: ToStore, answer: Completion) -> "asyncio.Future[int]":
        """Hand a call to the next commit. A valid one is known from now on."""
        new = call.new
        known = Known(answer)
        if new.valid:
            self._known.setdefault((new.generation, new.key), known)
        stored = self.writes.add(self._store, (call, known))
        stored.add_done_callback(lambda _: self._forget((new.generation, new.key)))
        return stored

    def _store(self, session: Session, handed_in: Sequence[tuple[ToStore, Known]]) -> list[int]:
        """In the writing thread."""
        ids = calls.store(session, [call.new for call, _ in handed_in])
        calls.link(session, [(call_id, call.link) for call_id, (call, _) in zip(ids, handed_in, strict=True)])
        by_job: defaultdict[int, list[StageUsage]] = defaultdict(list)
        for call, _ in handed_in:
            by_job[call.link.claim.job_id].append(usage_of(call.new))
        for job_id, used in by_job.items():
            usage.add_all(session, job_id=job_id, process=self.process, used=used)
        for call_id, (_, known) in zip(ids, handed_in, strict=True):
            known.call_id = call_id
        return ids

    def _forget(self, call: CallId) -> None:
        """One more is committed: the oldest that nobody can be looking for any more goes."""
        self._committed[call] = None
        while len(self._committed) > KEPT:
            self._known.pop(self._committed.popitem(last=False)[0], None)


def usage_of(new: NewCall) -> StageUsage:
    """What one call came to."""
    answered = bool(new.answered_by)
    return StageUsage(
        stage=new.stage,
        answered_by=new.answered_by,
        provider=new.provider,
        calls=1,
        valid_calls=int(new.valid),
        prompt_tokens=new.prompt_tokens or 0,
        cached_tokens=new.cached_tokens or 0,
        completion_tokens=new.completion_tokens or 0,
        unmetered_calls=int(answered and new.prompt_tokens is None),
        seconds=new.latency_s,
    )


def _load(wanted: Sequence[CallId]) -> dict[CallId, Known]:
    keys: defaultdict[int, list[str]] = defaultdict(list)
    for generation, key in wanted:
        keys[generation].append(key)
    return {
        (generation, key): Known(_answer(stored), stored.id)
        for generation, some in keys.items()
        for key, stored in calls.load_many(some, generation=generation).items()
    }


def _answer(stored: calls.StoredCall) -> Completion:
    return Completion(
        text=stored.reply,
        usage=Usage(
            prompt_tokens=stored.prompt_tokens,
            cached_tokens=stored.cached_tokens,
            completion_tokens=stored.completion_tokens,
        ),
        model=stored.answered_by,
        provider=stored.provider,
        reasoning=stored.reasoning,
        address=stored.address,
        started_at=stored.started_at,
        latency_s=stored.latency_s,
    )


def _waiting(asked: Iterable[list["asyncio.Future[Known | None]"]]) -> list["asyncio.Future[Known | None]"]:
    """Those whose item was not cancelled meanwhile."""
    return [future for futures in asked for future in futures if not future.done()]
