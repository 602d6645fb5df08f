"""The eleven kinds of fault, each over real HTTP: what one costs, what one that never ends costs, and who fails."""

import asyncio

import pytest

from proutt_core.errors import ModelUnavailable, ReplyError
from proutt_core.llm import ask, parse_reply
from proutt_core.llm.openai.client import OpenAICompatible
from proutt_core.synthesis.synthesise import Outcome, synthesise
from proutt_core.types import Thresholds
from tests.fake_server import ELEVEN, Call, FakeServer, Fault, some_faulty
from tests.llm.openai.client import Client
from tests.llm.replies import ANSWER, Answer, prompt
from tests.samples import HOTEL, sample_of

# What becomes of a call that is struck once:
AGAIN = {Fault.RATE_LIMIT, Fault.ERROR_500, Fault.ERROR_503, Fault.RESET, Fault.HANG}  # the same request once more
REPAIRED = {Fault.TRUNCATED, Fault.INVALID, Fault.EMPTY, Fault.REFUSAL, Fault.LENGTH}  # asked again with the error
ACCEPTED = {Fault.FENCED}
# Only what hangs waits for it. Long enough for an undisturbed answer of a busy machine.
DEADLINE_S = 1.5


def test_every_kind_is_one_of_the_three() -> None:
    assert len(ELEVEN) == 11
    assert set(ELEVEN) == AGAIN | REPAIRED | ACCEPTED


@pytest.fixture(scope="module")
def undisturbed() -> Answer:
    with FakeServer() as server:
        return Client(server).ask()


@pytest.mark.parametrize("kind", ELEVEN)
def test_one_of_a_kind_is_survived(kind: Fault, undisturbed: Answer) -> None:
    with FakeServer(faults=[kind]) as server:
        client = Client(server, deadline_s=DEADLINE_S)
        assert client.ask() == undisturbed
    messages = [len(call.body["messages"]) for call in server.calls]
    assert messages == ([2] if kind in ACCEPTED else [2, 4] if kind in REPAIRED else [2, 2])
    assert len(client.waits) == (kind in AGAIN)


@pytest.mark.parametrize("kind", sorted(AGAIN))
def test_one_that_never_ends_costs_four_attempts(kind: Fault) -> None:
    with FakeServer(faults=lambda _call: kind) as server:
        client = Client(server, deadline_s=0.3)
        with pytest.raises(ModelUnavailable, match="in 4 attempts"):
            client.ask()
    assert len(server.calls) == 4
    assert len(client.waits) == 3


WORDS = {
    Fault.TRUNCATED: "Invalid JSON",
    Fault.INVALID: "colour: Field required",
    Fault.EMPTY: "the reply is empty",
    Fault.REFUSAL: "Invalid JSON",
    Fault.LENGTH: "it was cut off at the token limit",
}


@pytest.mark.parametrize("kind", sorted(REPAIRED))
def test_one_that_never_ends_is_asked_about_once(kind: Fault) -> None:
    with FakeServer(faults=lambda _call: kind) as server:
        error = Client(server).ask_in_vain()
    assert "refused twice" in str(error) and WORDS[kind] in str(error)
    assert len(server.calls) == 2
    if kind is Fault.REFUSAL:
        assert error.raw == "I cannot help with that."  # the raw reply goes on record


def test_the_layers_do_not_multiply() -> None:
    """The worst that ends well: each of the two questions takes all of its four attempts, and no more."""
    struck = [Fault.ERROR_500, Fault.RESET, Fault.RATE_LIMIT, Fault.INVALID]
    struck += [Fault.ERROR_503, Fault.ERROR_500, Fault.RATE_LIMIT]
    with FakeServer(faults=struck) as server:
        client = Client(server)
        client.ask()
    assert [len(call.body["messages"]) for call in server.calls] == [2, 2, 2, 2, 4, 4, 4, 4]
    assert len(client.waits) == 6


@pytest.mark.parametrize("kind", [Fault.RATE_LIMIT, Fault.ERROR_500, Fault.INVALID])
def test_a_fault_of_one_call_leaves_the_others_alone(kind: Fault) -> None:
    def strike(call: Call) -> Fault | None:
        return kind if "three" in call.body["messages"][1]["content"] else None

    async def all_of_them(model: OpenAICompatible) -> list[Answer | BaseException]:
        texts = ("one", "two", "three", "four")
        return await asyncio.gather(*(ask(model, prompt(text), ANSWER) for text in texts), return_exceptions=True)

    with FakeServer(faults=strike) as server:
        answers = Client(server).run(all_of_them)
    failed = [isinstance(answer, (ModelUnavailable, ReplyError)) for answer in answers]
    assert failed == [False, False, True, False]


OTHER = sample_of(
    "Which tram goes to the lake?",
    "Line 7, every ten minutes.",
    next_utterance="How long does it take to get there?",
    external_id="d2",
)


def _pairs(server: FakeServer) -> list[Outcome]:
    async def both(model: OpenAICompatible) -> list[Outcome]:
        work = (synthesise(model, sample, thresholds=Thresholds(), seed=0) for sample in (HOTEL, OTHER))
        return list(await asyncio.gather(*work))

    return Client(server, deadline_s=DEADLINE_S).run(both)


@pytest.fixture(scope="module")
def undisturbed_pairs() -> list[Outcome]:
    with FakeServer() as server:
        outcomes = _pairs(server)
    assert all(outcome.pair is not None for outcome in outcomes)
    return outcomes


@pytest.mark.parametrize("kind", ELEVEN)
def test_an_item_fails_alone_with_its_stage_and_reason(kind: Fault, undisturbed_pairs: list[Outcome]) -> None:
    """The kind strikes every call of one item that asks for the intent tree."""

    def strike(call: Call) -> Fault | None:
        schema = str(call.body.get("response_format"))
        return kind if "Garden Inn" in str(call.body["messages"]) and "attributes" in schema else None

    with FakeServer(faults=strike) as server:
        struck, other = _pairs(server)
    assert other.pair == undisturbed_pairs[1].pair
    if kind in ACCEPTED:
        assert struck.pair == undisturbed_pairs[0].pair
        return
    assert struck.pair is None and struck.failure is not None
    assert struck.failure.stage == "intent_tree"
    assert struck.failure.kind == ("unavailable" if kind in AGAIN else "reply")
    assert ("in 4 attempts" if kind in AGAIN else WORDS_OF_TREE.get(kind, WORDS[kind])) in struck.failure.reason


WORDS_OF_TREE = {Fault.INVALID: "topics: Field required"}


def test_what_answers_after_a_fault_is_what_answers_without_one(undisturbed: Answer) -> None:
    """The fake server's content ignores repair messages, so that runs with and without faults can be compared."""
    with FakeServer(faults=[Fault.INVALID]) as server:
        client = Client(server)
        client.complete()
        assert parse_reply(client.complete().text, ANSWER) == undisturbed


def test_a_seed_chooses_other_prompts_the_same_way_each_time() -> None:
    calls = [Call(index=i, seen=0, prompt=f"{i:064x}", body={}, headers={}) for i in range(1000, 2000)]
    first, again, other = (
        {call.index: kind for call in calls if (kind := some_faulty(0.1, seed=seed)(call))} for seed in (1, 1, 2)
    )
    assert first == again != other
    assert 60 < len(first) < 140  # 100 expected, standard deviation 9
    assert set(first.values()) == set(ELEVEN)
