"""The log around a model: which replies answer later calls, and what is kept of each call."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from proutt_core.errors import ModelUnavailable, ReplyError
from proutt_core.llm import Completion, Prompt, ReplyType, Usage, ask, call_key
from proutt_core.llm.logged import LoggedModel, UnderWay
from proutt_core.llm.model import ask_for
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.llm.openai.retry import Backoff
from proutt_core.llm.slots import CallSlots
from proutt_core.types.calls import Call
from tests.fake_server import FakeServer, Fault
from tests.llm.replies import ANSWER, prompt

GOOD = '{"colour": "red", "why": "warm", "score": 0.5}'


class Queue:
    """A model that says what it is fed with, and remembers what it was asked."""

    name = "queue-1"
    address = ""

    def __init__(self, *replies: Completion | Exception, parameters: Mapping[str, Any] | None = None) -> None:
        self.replies = list(replies)
        self.asked: list[Prompt] = []
        self.parameters: Mapping[str, Any] = parameters or {}

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.asked.append(prompt)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


class Store:
    """What a database would do: the first valid call of a key that was made answers."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def load(self, key: str) -> Completion | None:
        return self.known(key)

    def known(self, key: str) -> Completion | None:
        for call in self.calls:
            if call.key == key and call.valid and not call.from_cache:
                return call.answer
        return None

    def save(self, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture
def store() -> Store:
    return Store()


def cached(model: Any, store: Store) -> LoggedModel:
    return LoggedModel(model, log=store)


def said(text: str, **more: Any) -> Completion:
    return Completion(text=text, model="queue-1-real", usage=Usage(prompt_tokens=5), latency_s=0.25, **more)


def test_a_valid_reply_is_stored_and_answers_the_next_call(store: Store) -> None:
    model = Queue(said(GOOD))

    async def twice() -> list[Completion]:
        both = cached(model, store)
        return [await both.complete(prompt(), schema=ANSWER) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert len(model.asked) == 1
    assert first.text == second.text == GOOD
    call, link = store.calls
    assert call.valid and call.problem is None and not call.from_cache
    assert (call.stage, call.version, call.draw) == ("colour", 1, 0)
    assert call.messages == prompt().messages
    assert call.schema_name == "Answer"
    assert call.schema is not None and json.loads(call.schema)["type"] == "object"
    assert (call.model, call.answer) == ("queue-1", said(GOOD))
    assert link.from_cache and link.valid and link.key == call.key == call_key(model, prompt(), ANSWER)


def test_an_invalid_reply_is_stored_with_its_reason_and_never_answers(store: Store) -> None:
    model = Queue(said('{"colour": "pink"}'), said(GOOD))

    async def twice() -> Completion:
        both = cached(model, store)
        await both.complete(prompt(), schema=ANSWER)
        return await both.complete(prompt(), schema=ANSWER)

    assert asyncio.run(twice()).text == GOOD
    bad, good = store.calls
    assert (bad.valid, good.valid) == (False, True)
    assert bad.answer.text == '{"colour": "pink"}'
    assert bad.problem is not None and "colour" in bad.problem
    assert len(model.asked) == 2


def test_a_repaired_reply_answers_the_question_from_then_on(store: Store) -> None:
    first = Queue(said("nonsense"), said(GOOD))
    assert asyncio.run(ask(cached(first, store), prompt(), ANSWER)).colour == "red"
    assert [call.valid for call in store.calls] == [False, True]
    assert [len(asked.messages) for asked in first.asked] == [2, 4]
    # Another run that asks the same is not to pay for a refused reply once more.
    assert asyncio.run(ask(cached(Queue(), store), prompt(), ANSWER)).colour == "red"
    assert store.calls[-1].from_cache


def test_a_reply_that_fits_the_schema_but_not_its_reader_keeps_its_place(store: Store) -> None:
    """Free text is stored as it came, so the second answer is another question's."""

    def read(answer: Completion) -> str:
        if answer.text == "nonsense":
            raise ValueError("not this")
        return answer.text

    first = Queue(said("nonsense"), said("sense"))
    assert asyncio.run(ask_for(cached(first, store), prompt(), None, read)) == "sense"
    assert store.calls[0].key != store.calls[1].key
    assert asyncio.run(ask_for(cached(Queue(), store), prompt(), None, read)) == "sense"


def test_two_bad_replies_are_both_stored(store: Store) -> None:
    with pytest.raises(ReplyError):
        asyncio.run(ask(cached(Queue(said(""), said("", finish_reason="length")), store), prompt(), ANSWER))
    assert [call.problem for call in store.calls] == [
        "the reply is empty",
        "it was cut off at the token limit, be shorter; the reply is empty",
    ]


def test_a_refusal_is_named_in_the_problem(store: Store) -> None:
    model = Queue(said("I cannot help with that.", finish_reason="refusal"))
    asyncio.run(cached(model, store).complete(prompt(), schema=ANSWER))
    assert store.calls[0].problem is not None and store.calls[0].problem.startswith("the model refused; ")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (said("a text"), None),
        (said("  "), "the reply is empty"),
        (said("a te", finish_reason="length"), "the reply ended with length"),
        (said("I cannot.", finish_reason="refusal"), "the reply ended with refusal"),
    ],
)
def test_free_text_is_valid_when_there_is_some_and_it_is_whole(
    reply: Completion, problem: str | None, store: Store
) -> None:
    asyncio.run(cached(Queue(reply), store).complete(prompt(), schema=None))
    assert store.calls[0].problem == problem
    assert store.calls[0].schema_name is None


def test_a_call_that_failed_is_stored_and_raised(store: Store) -> None:
    with pytest.raises(ModelUnavailable, match="gone"):
        asyncio.run(cached(Queue(ModelUnavailable("gone")), store).complete(prompt(), schema=ANSWER))
    (call,) = store.calls
    assert (call.valid, call.answer.text, call.problem, call.answer.model) == (False, "", "gone", "")


def test_a_bug_is_no_failed_call(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(cached(Queue(ZeroDivisionError()), store).complete(prompt(), schema=ANSWER))
    assert store.calls == []


def test_another_draw_parameter_or_prompt_is_another_call(store: Store) -> None:
    warm = {"temperature": 1.0}
    model, warmer = Queue(*[said(GOOD)] * 3), Queue(said(GOOD), parameters=warm)

    async def four() -> None:
        await cached(model, store).complete(prompt(), schema=ANSWER)
        await cached(model, store).complete(prompt(), schema=ANSWER, draw=1)
        await cached(model, store).complete(prompt("Another?"), schema=ANSWER)
        await cached(warmer, store).complete(prompt(), schema=ANSWER)

    asyncio.run(four())
    assert len({call.key for call in store.calls}) == 4
    assert not any(call.from_cache for call in store.calls)


def test_a_stored_reply_that_the_schema_no_longer_takes_is_asked_for_again() -> None:
    class Stale(Store):
        def known(self, key: str) -> Completion | None:
            return said('{"colour": "pink", "why": "old", "score": 0.1}')

    answer = asyncio.run(LoggedModel(Queue(said(GOOD)), log=Stale()).complete(prompt(), schema=ANSWER))
    assert answer.text == GOOD


def test_the_rung_and_the_deadline_are_no_part_of_the_key(store: Store) -> None:
    """Over HTTP: a reply got as plain text answers a client that would ask with a schema and another deadline."""

    async def with_settings(**settings: Any) -> Completion:
        model = OpenAICompatible(name="fake", base_url=server.base_url, **settings)
        both = cached(model, store)
        try:
            return await both.complete(prompt(), schema=ANSWER)
        finally:
            await both.aclose()

    with FakeServer() as server:
        first = asyncio.run(with_settings(ladder=("text",), deadline_s=30.0))
        second = asyncio.run(with_settings(backoff=Backoff(attempts=1)))
    assert len(server.calls) == 1
    assert second.text == first.text and [call.from_cache for call in store.calls] == [False, True]


def test_attempts_that_passed_are_one_call(store: Store) -> None:
    async def once() -> Completion:
        async def sleep(seconds: float) -> None: ...

        model = OpenAICompatible(name="fake", base_url=server.base_url, sleep=sleep)
        both = cached(model, store)
        try:
            return await both.complete(prompt(), schema=ANSWER)
        finally:
            await both.aclose()

    with FakeServer(faults=[Fault.ERROR_500, Fault.RESET]) as server:
        asyncio.run(once())
    assert len(server.calls) == 3
    assert [call.valid for call in store.calls] == [True]


class Slow(Queue):
    """Answers when it is let go."""

    def __init__(self, *replies: Completion | Exception) -> None:
        super().__init__(*replies)
        self.let_go = asyncio.Event()

    async def complete(self, prompt: Prompt, *, schema: ReplyType[BaseModel] | None, draw: int = 0) -> Completion:
        self.asked.append(prompt)
        await self.let_go.wait()
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


async def turns(n: int = 10) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


def test_an_answer_that_is_paid_for_is_stored_although_nobody_waits_for_it_any_more(store: Store) -> None:
    async def cancelled() -> None:
        model = Slow(said(GOOD))
        asking = asyncio.create_task(cached(model, store).complete(prompt(), schema=ANSWER))
        await turns()
        asking.cancel()
        await turns()
        assert asking.cancelled()
        model.let_go.set()
        await turns()

    asyncio.run(cancelled())
    assert [(call.valid, call.answer.text) for call in store.calls] == [(True, GOOD)]


def test_a_call_that_waited_for_its_place_is_not_made_for_nobody(store: Store) -> None:
    async def cancelled() -> Queue:
        model, slots = Queue(said(GOOD)), CallSlots(0)
        asking = asyncio.create_task(LoggedModel(model, log=store, slots=slots).complete(prompt(), schema=ANSWER))
        await turns()
        asking.cancel()
        await turns()
        slots.size = 1
        await turns()
        assert slots.in_use == 0
        return model

    assert asyncio.run(cancelled()).asked == []
    assert store.calls == []


@pytest.mark.parametrize("first", [said("nonsense"), ModelUnavailable("gone")])
def test_the_same_question_under_way_is_sent_once_and_again_only_where_it_got_no_valid_answer(
    store: Store, first: Completion | Exception
) -> None:
    async def at_once(model: Slow, n: int) -> list[Any]:
        under_way: UnderWay = {}
        asking = [
            asyncio.create_task(LoggedModel(model, log=store, under_way=under_way).complete(prompt(), schema=ANSWER))
            for _ in range(n)
        ]
        await turns()
        assert len(model.asked) == 1
        model.let_go.set()
        return await asyncio.gather(*asking, return_exceptions=True)

    answer, second, third = asyncio.run(at_once(Slow(first, said(GOOD)), 3))
    assert answer is first or answer == first
    assert (second.text, third.text) == (GOOD, GOOD)
    assert [call.from_cache for call in store.calls] == [False, False, True]


def test_of_two_that_wait_for_places_with_the_same_question_one_is_sent(store: Store) -> None:
    async def both() -> tuple[Queue, list[Completion]]:
        model, slots = Queue(said(GOOD)), CallSlots(0)
        under_way: UnderWay = {}
        asking = [
            asyncio.create_task(
                LoggedModel(model, log=store, slots=slots, under_way=under_way).complete(prompt(), schema=ANSWER)
            )
            for _ in range(2)
        ]
        await turns()
        slots.size = 2
        answers = await asyncio.gather(*asking)
        assert slots.in_use == 0
        return model, answers

    model, answers = asyncio.run(both())
    assert len(model.asked) == 1
    assert [answer.text for answer in answers] == [GOOD, GOOD]
    assert [call.from_cache for call in store.calls] == [False, True]
