"""The model as the items of a job see it: limited, watched, answered from the call log, calls linked to items."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from pydantic import BaseModel
from sqlmodel import Session

from db.jobs import calls, usage
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from db.stored_settings import generation_of
from proutt_core.errors import ModelRefused, ModelUnavailable
from proutt_core.jobs.call_log import LoggedReply, ProcessLog
from proutt_core.jobs.probe import STAGE, Outcome, ask
from proutt_core.jobs.stopping import JobWatch
from proutt_core.llm.logged import LoggedModel
from proutt_core.llm.model import Model, Prompt
from proutt_core.llm.schema import ReplyType
from proutt_core.llm.slots import ItemSlots
from proutt_core.llm.wrapped import WrappedModel
from proutt_core.types.calls import Call, Completion


class JobRefused(Exception):
    """The server would refuse every other call as well: the job has failed, not this item."""


class WatchedModel(WrappedModel):
    """Satisfies `Model`: before each call, whether the job is to go on; a refusal of every call ends it at once."""

    def __init__(self, model: Model, watch: JobWatch) -> None:
        super().__init__(model)
        self._watch = watch
        self.under_way: set[asyncio.Task[object]] = set()

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        await self._watch.before_call()
        task = asyncio.current_task()
        assert task is not None
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        answer = None
        try:
            answer = await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                self._watch.refuse(str(exc))
            raise
        finally:
            self._watch.after_call(answer)
        return answer


class JobCalls:
    """Makes the model of each item of one job."""

    def __init__(self, model: Model, job: JobInfo, *, watch: JobWatch, log: ProcessLog) -> None:
        # The watch looks after the slot was taken: a call that waited for its turn looks again before it goes out.
        self.model = WatchedModel(model, watch)
        self.generation = generation_of(job.settings)
        self.log = log
        self._watch = watch
        self._storing: set[asyncio.Future[int]] = set()

    def for_item(self, claim: ItemClaim, slots: ItemSlots) -> "ItemModel":
        return ItemModel(self, claim, slots)

    def store(self, call: Call, claim: ItemClaim) -> None:
        storing = self.log.store(call, claim)
        self._storing.add(storing)
        storing.add_done_callback(self._stored)

    def _stored(self, storing: "asyncio.Future[int]") -> None:
        self._storing.discard(storing)
        error = storing.exception()
        if error is not None:
            self._watch.break_off(error)

    async def finish(self, *, within_s: float) -> None:
        """What is under way is paid for: wait for its answers, give up the rest, and see all of them stored."""
        for wait_s in (within_s, None):
            if self.model.under_way:
                await asyncio.wait(self.model.under_way, timeout=wait_s)
            for task in self.model.under_way:
                task.cancel()
        if self._storing:
            await asyncio.wait(self._storing)


class ItemModel(WrappedModel):
    """Satisfies `Model` and `CallLog`: the job's model with the call log around it, for one item.

    `refused` is why the server refused one of the item's calls, where it did.
    """

    def __init__(self, job: JobCalls, claim: ItemClaim, slots: ItemSlots) -> None:
        super().__init__(LoggedModel(job.model, log=self, slots=slots, under_way=job.log.under_way[job.generation]))
        self._job = job
        self._claim = claim
        self._slots = slots
        self._attempts: Counter[str] = Counter()
        self._replies: dict[str, LoggedReply] = {}
        self._links: list[tuple[LoggedReply, Call]] = []
        self._unanswered: ReplyType[BaseModel] | None = None
        self.refused: ModelRefused | None = None

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        try:
            return await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                raise JobRefused(str(exc)) from exc
            self.refused = exc
            raise
        except ModelUnavailable:
            self._unanswered = schema
            raise

    async def probe(self) -> Outcome:
        """What comes of a test question in the form of the call that got no answer. Raises JobStopped."""
        await self._slots.take(STAGE)
        try:
            return await ask(self._job.model, schema=self._unanswered, save=self.save)
        finally:
            self._slots.leave()

    def with_links(self, save: Callable[[Session], bool]) -> Callable[[Session], bool]:
        """`save`, and in the same transaction a note of which stored replies served the item, if it was still ours."""

        def save_both(session: Session) -> bool:
            saved = save(session)
            if saved and self._links:
                links = [(_stored_id(reply), self._claim, call) for reply, call in self._links]
                calls.link(session, links)
                used = [usage.of_call(call) for _, call in self._links]
                usage.add(session, job_id=self._claim.job_id, process=self._job.log.process, usages=used)
            return saved

        return save_both

    async def load(self, key: str) -> Completion | None:
        return self._note(key, await self._job.log.load(key, self._job.generation))

    def known(self, key: str) -> Completion | None:
        return self._note(key, self._job.log.known(key, self._job.generation))

    def _note(self, key: str, reply: LoggedReply | None) -> Completion | None:
        if reply is None:
            return None
        self._replies[key] = reply
        return reply.answer

    def save(self, call: Call) -> None:
        self._attempts[call.stage] += 1
        numbered = replace(call, attempt=self._attempts[call.stage], generation=self._job.generation)
        if call.from_cache:
            self._links.append((self._replies[call.key], numbered))
        else:
            self._job.store(numbered, self._claim)


def _stored_id(reply: LoggedReply) -> int:
    if reply.call_id is None:
        raise RuntimeError("an item was saved before the calls that served it")
    return reply.call_id
