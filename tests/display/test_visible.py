"""Hidden characters are shown, long texts folded, code told from prose."""

import unicodedata

import pytest

from proutt_core.display.visible import FOLD_FROM, Block, blocks, fold, visible


@pytest.mark.parametrize(
    "text",
    [
        "plain\ttext\nwith lines",
        "中文，标点。《书》 全角　空格",
        "naïve café — “quotes” … 5\u00a0km",
        "👩\u200d👩\u200d👧 family, ❤️ heart, 👍🏽",  # joiners and modifiers inside emoji
        "می\u200cخواهم",  # Persian needs the non-joiner
        "क्\u200dष",
        "עברית and العربية",
    ],
)
def test_honest_text_stays_letter_by_letter(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc\u202egnp.exe", "abc⟦U+202E⟧gnp.exe"),
        ("a\u200bb", "a⟦U+200B⟧b"),
        ("\ufeffstart", "⟦U+FEFF⟧start"),
        ("a\u200db", "a⟦U+200D⟧b"),  # a joiner between Latin letters joins nothing
        ("\u200d", "⟦U+200D⟧"),
        ("a\u2066b\u2069", "a⟦U+2066⟧b⟦U+2069⟧"),
        ("so\u00adft", "so⟦U+00AD⟧ft"),
        ("\x1b[31mred", "⟦U+001B⟧[31mred"),
        ("a\x00b", "a⟦U+0000⟧b"),
        ("\ud83d alone", "⟦U+D83D⟧ alone"),
        ("blank\u3164letter", "blank⟦U+3164⟧letter"),
        ("tag\U000e0041", "tag⟦U+E0041⟧"),
        ("line\u2028sep", "line⟦U+2028⟧sep"),
        ("one\r\ntwo\rthree", "one\ntwo⟦U+000D⟧three"),
    ],
)
def test_hidden_characters_are_shown(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_every_format_and_control_character_is_shown_alone() -> None:
    for number in range(0x110000):
        c = chr(number)
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t":
            assert visible(f"x{c}y") == f"x⟦U+{number:04X}⟧y"


def test_fenced_code_is_a_block_of_its_own() -> None:
    text = "Try this:\n```python\nfor i in x:\n    go(i)\n```\nThen rest."
    assert blocks(text) == [
        Block("text", "Try this:"),
        Block("code", "for i in x:\n    go(i)"),
        Block("text", "Then rest."),
    ]


def test_longer_fence_holds_a_shorter_one() -> None:
    assert blocks("````\n```\ninner\n```\n````") == [Block("code", "```\ninner\n```")]


def test_fence_that_never_closes_runs_to_the_end() -> None:
    assert blocks("see\n~~~\ncode\nmore") == [Block("text", "see"), Block("code", "code\nmore")]


@pytest.mark.parametrize("text", ["", "   ", "no code", "inline ``` ticks ``` here", "a\n\nb\n"])
def test_text_without_fences_stays_whole(text: str) -> None:
    assert blocks(text) == [Block("text", text)]


def test_no_word_is_lost_between_blocks() -> None:
    text = "one\n```\ntwo\n```\nthree\n```\nfour"
    assert [block.body for block in blocks(text)] == ["one", "two", "three", "four"]


def test_short_text_is_not_folded() -> None:
    assert fold("x" * FOLD_FROM) is None
    assert fold("a line\n" * 16) is None


def test_long_text_shows_its_first_and_last_words() -> None:
    text = " ".join(f"word{n}" for n in range(300))
    folded = fold(text)
    assert folded is not None
    assert text.startswith(folded.head) and text.endswith(folded.tail)
    assert text[len(folded.head)] == " " and text[-len(folded.tail) - 1] == " "  # cut between words
    assert 350 < len(folded.head) <= 420 and 130 < len(folded.tail) <= 180


def test_long_chinese_text_without_spaces_is_cut_too() -> None:
    folded = fold("字" * 2000)
    assert folded is not None and (len(folded.head), len(folded.tail)) == (420, 180)


def test_many_short_lines_are_folded_by_lines() -> None:
    folded = fold("\n".join(f"{n}. point" for n in range(40)))
    assert folded is not None
    assert folded.head.splitlines() == [f"{n}. point" for n in range(7)]
    assert folded.tail.splitlines() == ["37. point", "38. point", "39. point"]
