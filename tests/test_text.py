"""Normal form, length and bigram overlap, worked by hand."""

import pytest

from proutt_core.text import dice, is_long, ngrams, normalise, script_of


def test_normal_form_folds_width_case_and_white_space() -> None:
    assert normalise(" Ｈｏｔｅｌ \n\t STRASSE ß ") == "hotel strasse ss"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three", False),
        ("one two three four", True),
        ("酒店的价格是多", False),  # 7 characters
        ("酒店的价格是多少", True),  # 8
        ("想住 Garden Inn 酒店", False),  # 4 characters, 2 words
        ("", False),
        ("？！……。。。。。。。", False),
        ("!!! ??? ... ---", False),
    ],
)
def test_long_from_four_words_or_eight_cjk_characters(text: str, expected: bool) -> None:
    assert is_long(text) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("night", "nacht", 2 * 1 / (4 + 4)),  # ni ig gh ht | na ac ch ht
        ("酒店", "酒店", 1.0),
        ("aaaa", "aa", 2 * 1 / (3 + 1)),  # bigrams count as often as they occur
        ("a", "a", 1.0),
        ("a", "b", 0.0),
        ("", "", 1.0),
        ("", "ab", 0.0),
        ("ＡＢ", "ab", 1.0),
    ],
)
def test_dice_over_bigrams(a: str, b: str, expected: float) -> None:
    assert dice(a, b) == pytest.approx(expected)
    assert dice(b, a) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我想订酒店", "han"),
        ("我想订 Garden Inn", None),  # 3 characters
        ("我想订 Garden Inn 酒店", "han"),  # 5 characters, 2 words
        ("酒店 in the old town please", None),
        ("I want a room", "other"),
        ("I want it", None),  # 3 words
        ("Я хочу снять номер", "other"),
        ("ひらがなです", "han"),
        ("1 2 3 4 5", None),
        ("", None),
    ],
)
def test_the_script_is_said_only_where_it_is_beyond_doubt(text: str, expected: str | None) -> None:
    assert script_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is it Open?", {"is", "it", "open", "is it", "it open"}),
        ("酒店，价格", {"酒店", "价格"}),  # no pair over the comma
        ("住Garden Inn酒店", {"garden", "inn", "garden inn", "酒店"}),
        ("go go go", {"go", "go go"}),
        ("好", set()),
        ("?!", set()),
    ],
)
def test_ngrams_are_words_pairs_of_words_and_pairs_of_characters(text: str, expected: set[str]) -> None:
    assert ngrams(text) == expected
