"""Differences are marked by word, in Chinese by character, and never change a text."""

import pytest

from proutt_core.display.differences import Differences, Piece, differences


def marked(pieces: tuple[Piece, ...]) -> str:
    """Changed pieces in brackets."""
    return "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in pieces)


def both(left: str, right: str) -> tuple[str, str]:
    pieces = differences(left, right)
    return marked(pieces.left), marked(pieces.right)


def test_one_word_changed_marks_that_word_on_both_sides() -> None:
    assert both("I want a cheap hotel.", "I want a quiet hotel.") == (
        "I want a [cheap] hotel.",
        "I want a [quiet] hotel.",
    )


def test_a_word_added_marks_only_the_side_that_has_it() -> None:
    assert both("book a table", "book a big table") == ("book a table", "book a [big ]table")


def test_chinese_is_compared_by_character() -> None:
    assert both("推荐一家便宜的餐厅", "推荐一家安静的餐厅") == ("推荐一家[便宜]的餐厅", "推荐一家[安静]的餐厅")


def test_mixed_text_keeps_latin_words_whole() -> None:
    assert both("我想去Kyoto玩", "我想去Osaka玩") == ("我想去[Kyoto]玩", "我想去[Osaka]玩")


def test_a_lone_comma_between_two_changes_is_not_an_island() -> None:
    assert both("the red, big house stands", "the blue, tiny house stands") == (
        "the [red, big] house stands",
        "the [blue, tiny] house stands",
    )


def test_equal_texts_have_nothing_marked() -> None:
    assert both("same\ntext", "same\ntext") == ("same\ntext", "same\ntext")


def test_unrelated_texts_are_marked_whole() -> None:
    assert both("alpha beta", "гамма") == ("[alpha beta]", "[гамма]")


def test_an_empty_side_marks_the_other_whole() -> None:
    assert differences("", "new") == Differences(left=(), right=(Piece(text="new", differs=True),))


@pytest.mark.parametrize("left", ["", "a  b\tc\r\n", "价格：100元/晚？", "emoji 👩‍👩‍👧 and \u202e bidi", "x" * 5000])
@pytest.mark.parametrize("right", ["", "a b c", "价格：200元/晚！", "_under_score_", "x y " * 2000])
def test_joined_pieces_are_the_texts_themselves(left: str, right: str) -> None:
    pieces = differences(left, right)
    assert "".join(piece.text for piece in pieces.left) == left
    assert "".join(piece.text for piece in pieces.right) == right
