"""Whether a text tells an answer: the same words after the same messages, however they are written down."""

from typing import Any

import pytest

from db.blinding.same_words import Answer, Words, unescaped

DIALOGUE: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Is there a quiet hotel by the lake, with breakfast?"},
    {"role": "assistant", "content": "Yes: the Blue Heron, 80 euros a night."},
    {"role": "user", "content": "Book it for Friday, please!"},
    {"role": "assistant", "content": "Done."},
]
TEXTS = [message["content"] for message in DIALOGUE]


def told(text: str, *, target: int = 3, messages: list[dict[str, Any]] = DIALOGUE) -> bool:
    return Answer.at(target, messages).told_in(Words.of(text))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(TEXTS),
        "\n".join(TEXTS[1:4]),
        "\n".join(TEXTS).upper(),
        "  ".join(TEXTS).replace(" ", " \t\n"),
        "\n".join(f"User: {text}" for text in TEXTS),
        "".join(f"<|im_start|>user\n{text}<|im_end|>" for text in TEXTS),
        "\n".join(TEXTS).replace("!", "").replace(":", " -").replace("?", "？"),
        "Ｙｅｓ and much before\n" + "\n".join(TEXTS) + "\nand much after",
        "\n".join([*TEXTS[1:3], "What else? Book it for Friday, please! And a taxi."]),
    ],
)
def test_the_same_words_in_the_same_order_tell_it(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n".join(TEXTS[:3]),
        "\n".join([*TEXTS[:3], "Book it for Saturday, please!"]),
        "\n".join([TEXTS[3], *TEXTS[:3]]),
        "\n".join([*TEXTS[2:4]]),
        "\n".join([TEXTS[1], "Yes: the Grey Heron, 80 euros a night.", TEXTS[3]]),
        "\n".join(TEXTS).replace("Book", "Rebook"),
        " ".join(sorted(" ".join(TEXTS).split())),
    ],
)
def test_other_words_or_another_order_do_not(text: str) -> None:
    assert not told(text)


def test_a_message_is_not_found_inside_other_words() -> None:
    short: list[dict[str, Any]] = [
        {"role": role, "content": text} for role, text in (("user", "hi"), ("assistant", "ok?"), ("user", "art"))
    ]
    assert told("User: Hi!\nAssistant: OK\nUser: Art.", messages=short, target=2)
    assert not told("This is a book about the start.", messages=short, target=2)


def test_few_words_are_looked_for_together_with_what_was_said_before_them() -> None:
    thanks = [
        {"role": role, "content": text}
        for role, text in (("user", "Thanks."), ("assistant", "Anything else?"), ("user", "No."))
    ]
    assert told("\n".join([*TEXTS, "Thanks.", "Anything else?", "No."]), messages=[*DIALOGUE, *thanks], target=7)
    assert not told("Another talk. Thanks. Anything else? No.", messages=[*DIALOGUE, *thanks], target=7)


@pytest.mark.parametrize(
    "text", ["我想在湖边找一家安静的酒店。", "أبحث عن فندق هادئ قرب البحيرة.", "ฉันต้องการโรงแรมเงียบๆ", "안녕하세요"]
)
def test_any_script(text: str) -> None:
    dialogue: list[dict[str, Any]] = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": f"{text}1"},
        {"role": "user", "content": f"{text} 2！"},
    ]
    assert told(f"用户：{text}\n助手：{text}1\n用户：{text} 2", messages=dialogue, target=2)
    assert not told(f"用户：{text}\n助手：{text}1\n用户：{text} 3", messages=dialogue, target=2)


def test_messages_without_a_word_match_nothing() -> None:
    signs: list[dict[str, Any]] = [
        {"role": role, "content": text} for role, text in (("user", "?"), ("assistant", "…"), ("user", "👍"))
    ]
    assert not told("anything at all ? … 👍", messages=signs, target=2)
    assert not told("", messages=signs, target=2)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"a\nb", "a b"),
        (r"say \"this\"", "say this"),
        (r"\u6211\u60f3", "我想"),
        ("as it is", "as it is"),
        (r"ends in \u12", r"ends in  12"),
    ],
)
def test_what_escapes_stand_for(text: str, plain: str) -> None:
    assert Words.of(unescaped(text)) == Words.of(plain)
