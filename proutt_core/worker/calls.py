"""The model as the items of a job see it: limited, watched, cached in the database, every call linked to its item."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from db import calls
from db.batch import GroupedWrites
from db.items import ItemClaim
from proutt_core.errors import ModelRefused
from proutt_core.llm.cached import Cached, CallRecord
from proutt_core.llm.limited import Limited
from proutt_core.llm.model import Completion, Model, Prompt, Usage
from proutt_core.worker.watch import JobWatch


class JobRefused(Exception):
    """The server would refuse every other call as well: the job has failed, not this item."""


@dataclass
class Tally:
    """What this process paid for a job."""

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, record: CallRecord) -> None:
        if record.from_cache:
            self.cached += 1
            return
        self.calls += 1
        self.prompt_tokens += record.usage.prompt_tokens or 0
        self.completion_tokens += record.usage.completion_tokens or 0


class Watched:
    """Satisfies `Model`: before each call, whether the job is to go on; a refusal of every call ends it at once."""

    def __init__(self, model: Model, watch: JobWatch) -> None:
        self._model = model
        self._watch = watch

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def address(self) -> str:
        return self._model.address

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self._model.parameters

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

    def __init__(
        self, model: Model, *, watch: JobWatch, limit: asyncio.Semaphore, writes: GroupedWrites, tally: Tally
    ) -> None:
        # The watch sits inside the limit: a call that waited for its turn looks again before it goes out.
        self._model = Limited(Watched(model, watch), limit)
        self.writes = writes
        self.tally = tally

    def for_item(self, claim: ItemClaim) -> "ItemModel":
        return ItemModel(self._model, claim, self)


class ItemModel:
    """Satisfies `Model`: the job's model with the call log around it, for one item."""

    def __init__(self, model: Model, claim: ItemClaim, job: JobCalls) -> None:
        self._claim = claim
        self._job = job
        self._model = Cached(model, load=self._load, save=self._save)
        self._attempts: Counter[str] = Counter()
        self._stored: dict[str, int] = {}
        self._links: list[tuple[int, str, int]] = []

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def address(self) -> str:
        return self._model.address

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self._model.parameters

    async def complete(self, prompt: Prompt, *, schema: type[BaseModel] | None, draw: int = 0) -> Completion:
        try:
            return await self._model.complete(prompt, schema=schema, draw=draw)
        except ModelRefused as exc:
            if exc.every_call:
                raise JobRefused(str(exc)) from exc
            raise

    def save_links(self, session: Session) -> None:
        """Note which stored replies served the item; in the transaction that saves it."""
        for call_id, stage, attempt in self._links:
            calls.link(session, self._claim, call_id=call_id, stage=stage, attempt=attempt, from_cache=True)

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
        self._job.tally.add(record)
        self._attempts[record.stage] += 1
        attempt = self._attempts[record.stage]
        if record.from_cache:
            self._links.append((self._stored[record.key], record.stage, attempt))
            return

        def store(session: Session) -> None:
            call_id = calls.insert(session, _new_call(record))
            calls.link(session, self._claim, call_id=call_id, stage=record.stage, attempt=attempt, from_cache=False)

        await self._job.writes.run(store)


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
