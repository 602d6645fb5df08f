"""Shingles, the index against every pair compared, and what does not depend on luck."""

import random

import pytest

from proutt_core.dialogues.near_duplicates import Index, bands_for, jaccard, shingles
from proutt_core.dialogues.text import fold

WORDS = [f"word{n}" for n in range(300)]


def test_shingles_are_three_words() -> None:
    assert shingles("a b c d, e.") == {"a b c", "b c d", "c d e"}


def test_shingles_of_chinese_are_four_characters_without_spaces_and_signs() -> None:
    assert shingles("我想找酒店。") == {"我想找酒", "想找酒店"}
    assert shingles("我 想找\n酒店！") == shingles("我想找酒店")


def test_a_chinese_text_that_quotes_english_counts_as_chinese() -> None:
    assert shingles("请推荐 duck house") == {
        "请推荐d",
        "推荐du",
        "荐duc",
        "duck",
        "uckh",
        "ckho",
        "khou",
        "hous",
        "ouse",
    }


@pytest.mark.parametrize(
    ("text", "only"), [("hi", "hi"), ("hi there", "hi there"), ("好", "好"), ("?!", "?!"), ("", "")]
)
def test_a_text_shorter_than_a_shingle_is_one(text: str, only: str) -> None:
    assert shingles(text) == {only}


def test_similarity_is_shared_by_all() -> None:
    assert jaccard(frozenset("abcd"), frozenset("cdef")) == 2 / 6
    assert jaccard(frozenset("a"), frozenset("a")) == 1


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.95, 1.0])
def test_the_bands_find_a_pair_at_the_threshold(threshold: float) -> None:
    bands, rows = bands_for(threshold)
    assert bands * rows <= 126
    assert 1 - (1 - threshold**rows) ** bands >= 0.98


@pytest.mark.parametrize("threshold", [0.0, 1.01, -1.0])
def test_a_threshold_outside_its_range_is_a_bug(threshold: float) -> None:
    with pytest.raises(ValueError, match="at most 1"):
        Index(threshold)


def copies(texts: list[str], threshold: float) -> list[tuple[int, int, float]]:
    sets = [shingles(fold(text)) for text in texts]
    index = Index(threshold)
    for own in sets:
        index.add(own)
    assert len(index) == len(texts)
    return index.copies(lambda positions: [sets[position] for position in positions], lambda: None)


def talk(draw: random.Random, length: int) -> list[str]:
    return draw.choices(WORDS, k=length)


def changed(draw: random.Random, words: list[str], share: float) -> list[str]:
    return [draw.choice(WORDS) if draw.random() < share else word for word in words]


def test_exact_copies_are_found_and_the_first_stays() -> None:
    assert copies(["Hello there you", "good morning to all", "HELLO there, you!", "hello there you"], 0.8) == [
        (2, 0, 1.0),
        (3, 0, 1.0),
    ]


def test_nothing_is_like_anything() -> None:
    assert copies([], 0.8) == []
    assert copies(["one single talk"], 0.8) == []
    assert copies(["a b c d", "e f g h"], 0.8) == []


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_against_every_pair_compared(threshold: float) -> None:
    """What is found is exactly as similar as it says, kept ones are not like each other, and few pairs are missed."""
    draw = random.Random(1)
    texts: list[list[str]] = []
    for _ in range(150):
        first = talk(draw, draw.randint(10, 120))
        texts += [first, *(changed(draw, first, draw.choice((0.0, 0.02, 0.05, 0.1, 0.3))) for _ in range(2))]
    draw.shuffle(texts)
    talks = [" ".join(words) for words in texts]
    sets = [shingles(text) for text in talks]
    pairs = copies(talks, threshold)
    assert all(
        like < copy and similarity == jaccard(sets[copy], sets[like]) >= threshold for copy, like, similarity in pairs
    )
    gone = {copy for copy, _, _ in pairs}
    assert not gone & {like for _, like, _ in pairs}
    originals = [n for n in range(len(talks)) if n not in gone]
    missed = sum(
        jaccard(sets[a], sets[b]) >= threshold for place, a in enumerate(originals) for b in originals[place + 1 :]
    )
    assert len(pairs) > 100
    assert missed <= len(pairs) * 0.03


def test_the_same_texts_give_the_same_result() -> None:
    draw = random.Random(2)
    first = talk(draw, 60)
    texts = [" ".join(changed(draw, first, 0.04)) for _ in range(40)]
    assert copies(texts, 0.7) == copies(texts, 0.7)


def test_what_stops_the_search_is_not_swallowed() -> None:
    index = Index(0.8)
    for _ in range(3):
        index.add({"a b c"})

    def stop() -> None:
        raise KeyError("stopped")

    with pytest.raises(KeyError, match="stopped"):
        index.copies(lambda positions: [frozenset({"a b c"}) for _ in positions], stop)
