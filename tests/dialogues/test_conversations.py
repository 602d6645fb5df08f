"""What is one conversation: equal texts, earlier states, pieces, groups; and what is told of splits."""

import pytest

from proutt_core.dialogues.balance import GroupCount, balance
from proutt_core.dialogues.conversations import (
    Groups,
    Numbered,
    Opened,
    first_turn,
    opening_sha256,
    repeats,
    stems_of_pieces,
)
from proutt_core.dialogues.files.split_names import split_named
from proutt_core.dialogues.splits import Shares
from proutt_core.types import Message


def talk(*texts: str, system: str = "") -> tuple[Message, ...]:
    messages = [Message(role=("user", "assistant")[i % 2], content=text) for i, text in enumerate(texts)]  # type: ignore[arg-type]
    return (*([Message(role="system", content=system)] if system else []), *messages)


def opened(*talks: tuple[Message, ...]) -> list[Opened]:
    return [Opened(number, f"g{number}", messages) for number, messages in enumerate(talks, 1)]


def test_of_equal_texts_the_first_is_kept() -> None:
    found = repeats(opened(talk("a", "b"), talk("a", "c"), talk("a", "b")))
    assert (found.duplicates, found.earlier_states) == ({3}, set())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_growing_states_the_longest_is_kept_in_any_order(order: tuple[int, int, int]) -> None:
    states = [talk("a"), talk("a", "b", "c"), talk("a", "b", "c", "d", "e")]
    found = repeats(opened(*(states[place] for place in order)))
    longest = order.index(2) + 1
    assert found.earlier_states == {1, 2, 3} - {longest}
    assert not found.duplicates


def test_branches_are_both_kept_and_their_common_beginning_is_not() -> None:
    found = repeats(opened(talk("a", "b", "c"), talk("a", "b", "c", "d"), talk("a", "b", "c", "e")))
    assert found.earlier_states == {1}


def test_a_text_that_only_looks_like_a_beginning_is_kept() -> None:
    assert not repeats(opened(talk("a", "b"), talk("a", "bc", "d"), talk("a", "b c"))).earlier_states


def test_a_state_that_ends_inside_a_joined_message_is_an_earlier_one() -> None:
    call, result = '{"name": "weather"}', "21 degrees"
    states = [talk("a", call), talk("a", f"{call}\n{result}"), talk("a", f"{call}\n{result}\nSunny.", "thanks")]
    assert repeats(opened(*states)).earlier_states == {1, 2}
    assert repeats(opened(talk("a"), talk("a\nand b", "c"))).earlier_states == {1}
    assert opening_sha256(talk("a")) == opening_sha256(talk("a\nand b", "c"))


def test_white_space_at_the_end_makes_no_other_text() -> None:
    found = repeats(opened(talk("a", "b "), talk("a", "b"), talk("a", "b", "c")))
    assert (found.duplicates, found.earlier_states) == ({2}, {1})
    assert first_turn(talk("a", "b ")) == first_turn(talk("a", "b"))


def test_pieces_of_which_a_draw_left_few_are_still_pieces() -> None:
    left = [n for n in range(60) if n % 5 in (0, 1)]
    assert stems_of_pieces((Numbered(f"abc_{n * 4}", 4) for n in left), dialogue_count=300) == {"abc"}


def test_the_opening_is_the_system_prompt_and_the_first_user_message() -> None:
    assert opening_sha256(talk("a", "b")) == opening_sha256(talk("a", "c", "d"))
    assert opening_sha256(talk("a", "b")) != opening_sha256(talk("a", "b", system="be brief"))
    assert first_turn(talk("a", "b", "c")) == first_turn(talk("a", "b", "d"))
    assert first_turn(talk("a", "b")) != first_turn(talk("a", "c"))
    assert first_turn(talk("a")) is None


def test_groups_join_over_several_steps_under_the_smallest_name() -> None:
    groups = Groups()
    groups.join(["c", "d"])
    groups.join(["x", "y"])
    groups.join(["d", "b", "y"])
    assert {groups.of(name) for name in "bcdxy"} == {"b"}
    assert groups.of("alone") == "alone"


@pytest.mark.parametrize(
    ("ids", "length", "are_pieces"),
    [
        (["abc_0", "abc_17"], 17, True),  # FastChat: the number is the place of the first message
        (["abc_0", "abc_1", "abc_2"], 4, True),  # few
        ([f"abc_{n * 6}" for n in range(30)], 6, True),  # many, but each goes on where the last ended
        ([f"identity_{n}" for n in range(500)], 4, False),
        ([f"chat_{n:04}" for n in range(40)], 4, False),
        ([f"conv_{n * 7919 % 10_000}" for n in range(40)], 4, False),  # numbers at random, far from each other
        ([f"2024_05_{n}" for n in range(1, 32)], 2, False),
    ],
    ids=["two pieces", "three counted", "thirty places", "identity", "padded", "at random", "dates"],
)
def test_a_stem_is_a_conversation_only_if_the_rows_say_so(ids: list[str], length: int, are_pieces: bool) -> None:
    stems = stems_of_pieces((Numbered(name, length) for name in ids), dialogue_count=600)
    assert bool(stems) is are_pieces


def test_a_few_counted_ids_that_are_the_whole_file_are_no_conversation() -> None:
    assert not stems_of_pieces((Numbered(f"chat_{n}", 4) for n in range(8)), dialogue_count=8)
    assert stems_of_pieces((Numbered(f"chat_{n * 4}", 4) for n in range(8)), dialogue_count=8) == {"chat"}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(("train", "train"), ("Training", "train"), ("TEST", "test"), ("held-out", "test")),
        *((" dev ", "valid"), ("validation", "valid"), ("val", "valid"), ("chat", None), ("", None), (None, None)),
    ],
)
def test_names_of_splits(name: str | None, split: str | None) -> None:
    assert split_named(name) == split


def singles(count: int, split: str = "train") -> list[GroupCount]:
    return [GroupCount(f"d{n}", split, 1, 1) for n in range(count)]  # type: ignore[arg-type]


def test_a_split_without_dialogues_is_told_with_shares_that_would_help() -> None:
    (line, *others) = balance(singles(30), shares=Shares(), seed=0).warnings
    assert line.startswith("no test dialogue: no study will be possible; ") and " would give " in line
    assert others == ["no valid dialogue"]


def test_a_split_that_was_not_asked_for_is_not_missed() -> None:
    assert balance(singles(30), shares=Shares(train=100, valid=0, test=0), seed=0).warnings == []


def test_dialogues_without_samples_are_told() -> None:
    groups = [GroupCount("a", "train", 5, 5), GroupCount("b", "test", 5, 0)]
    warnings = balance(groups, shares=Shares(train=80, valid=0, test=20), seed=0).warnings
    assert any(line.startswith("no test dialogue gives a sample") for line in warnings)
    nothing = balance([GroupCount("a", "train", 5, 0)], shares=Shares(), seed=0).warnings
    assert nothing[-1].startswith("no dialogue gives a sample")


def test_the_largest_group_is_named_with_its_share() -> None:
    fallen = balance([GroupCount("big", "train", 40, 40), *singles(60)], shares=Shares(), seed=0)
    assert (fallen.largest_name, fallen.largest_size, fallen.groups) == ("big", 40, 61)
    assert 'the largest group ("big") holds 40 of 100 dialogues (40%), all in train' in fallen.warnings


def test_one_group_is_told_as_such_and_no_shares_are_proposed() -> None:
    warnings = balance([GroupCount("all", "train", 9, 9)], shares=Shares(), seed=0).warnings
    assert warnings[0].startswith("all dialogues are one group")


def test_splits_that_the_source_names_are_not_called_wrong_shares() -> None:
    warnings = balance(singles(20), shares=None, seed=0).warnings
    assert warnings[0].endswith("the source names the splits, --split makes others")
