"""The model as the items of a job see it: limited, watched, answered from the call log, calls linked to items."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from pydantic import BaseModel
from sqlmodel import Session

from db.jobs import calls, usage
from db.jobs.calls import NewCall, NewLink
from db.jobs.items import ItemClaim
from db.jobs.jobs import JobInfo
from db.jobs.usage import StageUsage
from proutt_core.errors import ModelRefused
from proutt_core.jobs.call_log import Known, ProcessLog, ToStore
from proutt_core.jobs.stopping import JobWatch
from proutt_core.llm.logged import CallRecord, LoggedModel
from proutt_core.llm.model import Completion, Model, Prompt
from proutt_core.llm.schema import ReplyType
from proutt_core.llm.slots import ItemSlots
from proutt_core.llm.wrapped import WrappedModel


class JobRefused(Exception):
    """The server would refuse every other call as well: the job has failed, not this item."""


class Watched(WrappedModel):
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
        # The watch looks after the place was taken: a call that waited for its turn looks again before it goes out.
        self.model = Watched(model, watch)
        self.generation = int(job.settings.get("generation", 0))
        self.log = log
        self._watch = watch
        self._storing: set[asyncio.Future[int]] = set()

    def for_item(self, claim: ItemClaim, admitted: ItemSlots) -> "ItemModel":
        return ItemModel(self, claim, admitted)

    def store(self, call: ToStore, answer: Completion) -> None:
        storing = self.log.store(call, answer)
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

    def __init__(self, job: JobCalls, claim: ItemClaim, admitted: ItemSlots) -> None:
        super().__init__(LoggedModel(job.model, log=self, turns=admitted, under_way=job.log.under_way[job.generation]))
        self._job = job
        self._claim = claim
        self._attempts: Counter[str] = Counter()
        self._served: dict[str, Known] = {}
        self._links: list[tuple[Known, NewLink, StageUsage]] = []
        self.refused: ModelRefused | None = None

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        try:
            return await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                raise JobRefused(str(exc)) from exc
            self.refused = exc
            raise

    def with_links(self, save: Callable[[Session], bool]) -> Callable[[Session], bool]:
        """`save`, and in the same transaction a note of which stored replies served the item, if it was still ours."""

        def save_both(session: Session) -> bool:
            saved = save(session)
            if saved and self._links:
                calls.link(session, [(stored_id(known), link) for known, link, _ in self._links])
                used = [used for *_, used in self._links]
                usage.add_all(session, job_id=self._claim.job_id, process=self._job.log.process, used=used)
            return saved

        return save_both

    async def load(self, key: str) -> Completion | None:
        return self._note(key, await self._job.log.load(key, self._job.generation))

    def known(self, key: str) -> Completion | None:
        return self._note(key, self._job.log.known(key, self._job.generation))

    def _note(self, key: str, known: Known | None) -> Completion | None:
        if known is None:
            return None
        self._served[key] = known
        return known.answer

    def save(self, record: CallRecord) -> None:
        self._attempts[record.stage] += 1
        link = NewLink(
            claim=self._claim,
            stage=record.stage,
            attempt=self._attempts[record.stage],
            from_cache=record.from_cache,
            asked_at=record.asked_at,
        )
        if record.from_cache:
            used = StageUsage(
                stage=record.stage, answered_by=record.answered_by, provider=record.provider, cached_calls=1
            )
            self._links.append((self._served[record.key], link, used))
        else:
            new = replace(_new_call(record), generation=self._job.generation)
            self._job.store(ToStore(new, link), _answer(record))


def stored_id(known: Known) -> int:
    if known.call_id is None:
        raise RuntimeError("an item was saved before the calls that served it")
    return known.call_id


def _answer(record: CallRecord) -> Completion:
    return Completion(
        text=record.reply,
        usage=record.usage,
        model=record.answered_by,
        provider=record.provider,
        reasoning=record.reasoning,
        address=record.address,
        started_at=record.started_at,
        latency_s=record.latency_s,
        finish_reason=record.finish_reason,
    )


def _new_call(record: CallRecord) -> NewCall:
    request = {
        "messages": [[m.role, m.content] for m in record.messages],
        "schema_name": record.schema_name,
        "schema": record.reply_schema,
        "version": record.version,
        "draw": record.draw,
        "finish_reason": record.finish_reason,
    }
    return NewCall(
        key=record.key,
        stage=record.stage,
        valid=record.valid,
        problem=record.problem,
        request=request,
        reply=record.reply,
        address=record.address,
        model=record.model,
        answered_by=record.answered_by,
        provider=record.provider,
        reasoning=record.reasoning,
        prompt_tokens=record.usage.prompt_tokens,
        cached_tokens=record.usage.cached_tokens,
        completion_tokens=record.usage.completion_tokens,
        latency_s=record.latency_s,
        started_at=record.started_at,
    )
