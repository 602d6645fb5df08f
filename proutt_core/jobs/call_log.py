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
from db.jobs.grouped_writes import GroupedWrites
from db.jobs.items import ItemClaim
from db.jobs.usage import StageUsage
from proutt_core.llm.logged import UnderWay
from proutt_core.types.calls import Call, Completion

# Stages of one item ask at the same moment, and others shortly after: they share a query.
GATHER_S = 0.001
# Answers of so many calls are kept after they were committed: a lookup that began before then may still be under way.
KEPT = 512

# The generation of calls that a reply belongs to, and its key.
ReplyKey = tuple[int, str]


@dataclass(slots=True)
class LoggedReply:
    """A valid reply. `call_id` is set when it is stored: before or while the item that it served is saved."""

    answer: Completion
    call_id: int | None = None


Lookup = asyncio.Future[LoggedReply | None]


@dataclass
class ProcessLog:
    """Shared by all jobs of a process; belongs to one event loop."""

    writes: GroupedWrites
    process: str  # in job_usage
    under_way: defaultdict[int, UnderWay] = field(default_factory=lambda: defaultdict(dict))
    _known: dict[ReplyKey, LoggedReply] = field(default_factory=dict)
    _committed: OrderedDict[ReplyKey, None] = field(default_factory=OrderedDict)
    _lookups: defaultdict[ReplyKey, list[Lookup]] = field(default_factory=lambda: defaultdict(list))
    _looking: asyncio.Task[None] | None = None

    def known(self, key: str, generation: int) -> LoggedReply | None:
        """The valid reply of this key, if it was answered here lately."""
        return self._known.get((generation, key))

    async def load(self, key: str, generation: int) -> LoggedReply | None:
        """The valid reply of this key, if there is one."""
        reply = self.known(key, generation)
        if reply is not None:
            return reply
        lookup: Lookup = asyncio.get_running_loop().create_future()
        self._lookups[generation, key].append(lookup)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_up())
        # What was answered here meanwhile is newer than the database was when it was asked.
        return await lookup or self.known(key, generation)

    async def _look_up(self) -> None:
        while self._lookups:
            await asyncio.sleep(GATHER_S)
            lookups, self._lookups = self._lookups, defaultdict(list)
            try:
                replies = await asyncio.to_thread(_load, list(lookups))
            except Exception as exc:  # noqa: BLE001  everyone who asked gets it; nobody may wait for ever
                for lookup in _waiting(lookups.values()):
                    lookup.set_exception(exc)
                continue
            for key, of_key in lookups.items():
                for lookup in _waiting([of_key]):
                    lookup.set_result(replies.get(key))

    def store(self, call: Call, claim: ItemClaim) -> "asyncio.Future[int]":
        """Hand a call, and whose it was, to the next commit. The reply of a valid one is known from now on."""
        key = (call.generation, call.key)
        reply = LoggedReply(call.answer)
        if call.valid:
            self._known.setdefault(key, reply)
        stored = self.writes.add(self._store, (call, claim, reply))
        stored.add_done_callback(lambda _: self._forget(key))
        return stored

    def _store(self, session: Session, handed_in: Sequence[tuple[Call, ItemClaim, LoggedReply]]) -> list[int]:
        """Runs in the writing thread."""
        ids = calls.store(session, [call for call, _, _ in handed_in])
        links = [(call_id, claim, call) for call_id, (call, claim, _) in zip(ids, handed_in, strict=True)]
        calls.link(session, links)
        by_job: defaultdict[int, list[StageUsage]] = defaultdict(list)
        for call, claim, _ in handed_in:
            by_job[claim.job_id].append(usage.of_call(call))
        for job_id, used in by_job.items():
            usage.add(session, job_id=job_id, process=self.process, usages=used)
        for call_id, (_, _, reply) in zip(ids, handed_in, strict=True):
            reply.call_id = call_id
        return ids

    def _forget(self, key: ReplyKey) -> None:
        """One more reply is committed; the oldest, which nobody can be looking for any more, is dropped."""
        self._committed[key] = None
        while len(self._committed) > KEPT:
            self._known.pop(self._committed.popitem(last=False)[0], None)


def _load(reply_keys: Sequence[ReplyKey]) -> dict[ReplyKey, LoggedReply]:
    keys: defaultdict[int, list[str]] = defaultdict(list)
    for generation, key in reply_keys:
        keys[generation].append(key)
    return {
        (generation, key): LoggedReply(answer, call_id)
        for generation, of_generation in keys.items()
        for key, (call_id, answer) in calls.load_many(of_generation, generation=generation).items()
    }


def _waiting(lookups: Iterable[list[Lookup]]) -> list[Lookup]:
    """The lookups whose item was not cancelled meanwhile."""
    return [lookup for of_key in lookups for lookup in of_key if not lookup.done()]
