"""Cutting dialogues into samples, and splits."""

import hashlib
from collections import Counter

import pytest

from proutt_core.dialogues import Cut, Shares, cut, parse_shares, split_of
from proutt_core.dialogues.samples import targets_of
from proutt_core.errors import InputError
from proutt_core.types import Dialogue, Message


def dialogue(*texts: str, system: bool = False, external_id: str = "d") -> Dialogue:
    talk = tuple(Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(texts))
    start = (Message(role="system", content="s"),) if system else ()
    return Dialogue(external_id=external_id, group=external_id, messages=start + talk, language="en")


@pytest.mark.parametrize("system", [False, True])
def test_all_gives_every_user_message_after_a_complete_turn(system: bool) -> None:
    talk = dialogue("a", "b", "c", "d", "e", system=system)
    cuts = cut(talk, policy="all")
    assert [c.target_index for c in cuts] == [2 + system, 4 + system]
    assert [c.later_indexes for c in cuts] == [(4 + system,), ()]
    assert [talk.messages[c.target_index].content for c in cuts] == ["c", "e"]
    assert {talk.messages[c.target_index - 1].role for c in cuts} == {"assistant"}


@pytest.mark.parametrize("texts", [(), ("a",), ("a", "b")])
@pytest.mark.parametrize("policy", ["all", "last", "random"])
def test_without_a_user_message_after_a_turn_there_is_no_sample(texts: tuple[str, ...], policy: str) -> None:
    assert cut(dialogue(*texts), policy=policy) == ()  # type: ignore[arg-type]
    assert cut(dialogue(*texts, system=True), policy=policy) == ()  # type: ignore[arg-type]


def test_last_takes_the_last_user_message_with_or_without_a_reply() -> None:
    assert cut(dialogue("a", "b", "c", "d", "e"), policy="last") == (Cut(4, ()),)
    assert cut(dialogue("a", "b", "c", "d", "e", "f"), policy="last") == (Cut(4, ()),)


def test_later_utterances_are_up_to_two_and_none_repeats() -> None:
    texts = ("a", "-", "Ｙｅｓ", "-", " yes ", "-", "no", "-", "NO", "-", "maybe", "-", "never")
    # " yes " (4) equals "Ｙｅｓ" (2), and "NO" (8) equals "no" (6)
    assert cut(dialogue(*texts), policy="all")[0] == Cut(target_index=2, later_indexes=(6, 10))


def test_later_utterances_are_the_users_even_where_the_assistant_says_the_same() -> None:
    texts = ("a", "-", "b", "c", "c", "d", "e", "d", "d")
    assert cut(dialogue(*texts), policy="all")[0] == Cut(target_index=2, later_indexes=(4, 6))
    assert cut(dialogue(*texts), policy="all")[1] == Cut(target_index=4, later_indexes=(6, 8))


def test_random_depends_on_seed_and_id_only() -> None:
    texts = [str(i) for i in range(21)]
    picked = {
        n: cut(dialogue(*texts, external_id=f"d{n}"), policy="random", seed=1)[0].target_index for n in range(500)
    }
    again = {n: cut(dialogue(*texts, external_id=f"d{n}"), seed=1)[0].target_index for n in reversed(range(500))}
    assert picked == again
    assert set(Counter(picked.values())) == set(range(2, 21, 2))  # every place is drawn
    other = [cut(dialogue(*texts, external_id=f"d{n}"), seed=2)[0].target_index for n in range(500)]
    assert other != list(picked.values())


def test_the_draw_is_the_same_on_every_machine() -> None:
    # sha256(b"turn\n7\nabc")[:8] as a big-endian number, modulo 10 targets
    number = int.from_bytes(hashlib.sha256(b"turn\n7\nabc").digest()[:8], "big") % 10
    texts = [str(i) for i in range(21)]
    assert cut(dialogue(*texts, external_id="abc"), policy="random", seed=7)[0].target_index == 2 + 2 * number


def test_messages_that_are_not_normalised_give_no_wrong_targets() -> None:
    roles = ("assistant", "user", "user", "assistant", "system", "user", "assistant", "user")
    messages = tuple(Message(role=role, content=role) for role in roles)  # type: ignore[arg-type]
    assert targets_of(messages) == [7]


def test_shares_are_met_on_average_and_stable() -> None:
    shares = parse_shares("80/5/15")
    counts = Counter(split_of(f"g{i}", shares=shares, seed=3) for i in range(20_000))
    for split, share in (("train", 0.80), ("valid", 0.05), ("test", 0.15)):
        assert abs(counts[split] / 20_000 - share) < 0.01  # 3.5 standard deviations of the largest
    assert split_of("g1", shares=shares, seed=3) == split_of("g1", shares=shares, seed=3)
    assert Counter(split_of(f"g{i}", shares=shares, seed=4) for i in range(20_000)) != counts


@pytest.mark.parametrize(("text", "only"), [("100/0/0", "train"), ("0/100/0", "valid"), ("0/0/100", "test")])
def test_all_or_nothing(text: str, only: str) -> None:
    assert {split_of(f"g{i}", shares=parse_shares(text), seed=0) for i in range(500)} == {only}


def test_shares_are_parsed_and_shown() -> None:
    assert parse_shares(" 80 / 5 / 15 ") == Shares()
    assert str(parse_shares("0/0/100")) == "0/0/100"


@pytest.mark.parametrize(
    "text", ["", "80", "80/20", "80/5/15/0", "80/-5/25", "80/5/x", "8.0/5/15", "٨٠/5/15", "1000/0/0", "²/5/15"]
)
def test_a_split_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="three whole numbers"):
        parse_shares(text)


def test_a_split_that_does_not_sum_to_100_is_refused() -> None:
    with pytest.raises(InputError, match="80/5/14 sums to 99"):
        parse_shares("80/5/14")
