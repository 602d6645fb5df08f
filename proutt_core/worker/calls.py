"""The model as the items of a job see it: limited, watched, cached in the database, every call linked to its item."""

import asyncio
from collections import Counter
from collections.abc import Callable

from pydantic import BaseModel
from sqlmodel import Session

from db import calls
from db.batch import GroupedWrites
from db.items import ItemClaim
from proutt_core.errors import ModelRefused
from proutt_core.llm.cached import Cached, CallRecord
from proutt_core.llm.limited import Limited
from proutt_core.llm.model import Completion, Model, Prompt, Usage
from proutt_core.llm.wrapped import WrappedModel
from proutt_core.worker.watch import JobWatch


class JobRefused(Exception):
    """The server would refuse every other call as well: the job has failed, not this item."""


class Watched(WrappedModel):
    """Satisfies `Model`: before each call, whether the job is to go on; a refusal of every call ends it at once."""

    def __init__(self, model: Model, watch: JobWatch) -> None:
        super().__init__(model)
        self._watch = watch

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        await self._watch.check()
        try:
            return await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                self._watch.refuse(str(exc))
            raise


class JobCalls:
    """Makes the model of each item of one job."""

    def __init__(self, model: Model, *, watch: JobWatch, limit: asyncio.Semaphore, writes: GroupedWrites) -> None:
        # The watch sits inside the limit: a call that waited for its turn looks again before it goes out.
        self._model = Limited(Watched(model, watch), limit)
        self._writes = writes

    def for_item(self, claim: ItemClaim) -> "ItemModel":
        return ItemModel(self._model, claim, self._writes)


class ItemModel(WrappedModel):
    """Satisfies `Model`: the job's model with the call log around it, for one item."""

    def __init__(self, model: Model, claim: ItemClaim, writes: GroupedWrites) -> None:
        super().__init__(Cached(model, load=self._load, save=self._save))
        self._claim = claim
        self._writes = writes
        self._attempts: Counter[str] = Counter()
        self._stored: dict[str, int] = {}
        self._links: list[tuple[int, str, int]] = []

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        try:
            return await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                raise JobRefused(str(exc)) from exc
            raise

    def with_links(self, save: Callable[[Session], bool]) -> Callable[[Session], bool]:
        """`save`, and in the same transaction a note of which stored replies served the item, if it was still ours."""

        def save_both(session: Session) -> bool:
            saved = save(session)
            if saved:
                for call_id, stage, attempt in self._links:
                    calls.link(session, self._claim, call_id=call_id, stage=stage, attempt=attempt, from_cache=True)
            return saved

        return save_both

    async def _load(self, key: str) -> Completion | None:
        stored = await asyncio.to_thread(calls.load, key)
        if stored is None:
            return None
        self._stored[key] = stored.id
        usage = Usage(
            prompt_tokens=stored.prompt_tokens,
            cached_tokens=stored.cached_tokens,
            completion_tokens=stored.completion_tokens,
        )
        return Completion(text=stored.reply, usage=usage, model=stored.answered_by, address=stored.address)

    async def _save(self, record: CallRecord) -> None:
        self._attempts[record.stage] += 1
        attempt = self._attempts[record.stage]
        if record.from_cache:
            self._links.append((self._stored[record.key], record.stage, attempt))
            return

        def store(session: Session) -> None:
            call_id = calls.insert(session, _new_call(record))
            calls.link(session, self._claim, call_id=call_id, stage=record.stage, attempt=attempt, from_cache=False)

        await self._writes.run(store)


def _new_call(record: CallRecord) -> calls.NewCall:
    request = {
        "messages": [[m.role, m.content] for m in record.messages],
        "schema_name": record.schema_name,
        "schema": record.reply_schema,
        "version": record.version,
        "draw": record.draw,
        "finish_reason": record.finish_reason,
    }
    return calls.NewCall(
        key=record.key,
        stage=record.stage,
        valid=record.valid,
        problem=record.problem,
        request=request,
        reply=record.reply,
        address=record.address,
        model=record.model,
        answered_by=record.answered_by,
        prompt_tokens=record.usage.prompt_tokens,
        cached_tokens=record.usage.cached_tokens,
        completion_tokens=record.usage.completion_tokens,
        latency_s=record.latency_s,
    )
