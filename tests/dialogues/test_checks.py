"""What import notices: counts and language."""

import pytest

from proutt_core.dialogues.checks import check
from proutt_core.dialogues.language import code_of, language_of
from proutt_core.types import Checks, Message


def messages(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(texts))


def test_counts() -> None:
    checks = check((Message(role="system", content="abc"), *messages("Hi", "Hello", "HI ", "hello", "Bye")), toxic=None)
    assert checks.characters == 3 + 2 + 5 + 3 + 5 + 3
    assert checks.turns == 2  # the last message has no reply
    assert checks.repeated_turns == 1  # but for case and space, the second is the first
    assert checks.toxic is None


def test_personal_data_is_counted_by_kind_over_all_messages() -> None:
    checks = check(messages("13812345678 or a@example.com", "a@example.com", "thanks"), toxic=None)
    assert checks.personal_data == {"email": 2, "phone": 1}


def test_checks_of_the_first_version_are_still_read() -> None:
    assert Checks.model_validate({"personal_data": ["email", "id"]}).personal_data == {"email": 1, "id": 1}


def test_a_repeated_question_with_another_answer_is_not_a_repeated_turn() -> None:
    assert check(messages("a", "b", "a", "c", "a", "b"), toxic=True).repeated_turns == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("English", "en"),
        ("chinese", "zh"),
        ("zh-CN", "zh"),
        ("zh_Hans", "zh"),
        ("EN", "en"),
        ("Haitian Creole", "ht"),
        ("unknown", None),
        ("", None),
        ("xx", None),
        ("Klingon", None),
    ],
)
def test_names_of_languages(name: str, code: str | None) -> None:
    assert code_of(name) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我想找一家餐馆，请推荐 Peking Duck House", "zh"),
        ("レストランを探しています", "ja"),
        ("식당을 찾고 있어요", "ko"),
        ("ฉันกำลังมองหาร้านอาหาร", "th"),
        ("I would like to find a restaurant in San Jose, please.", "en"),
        ("Ich suche ein Restaurant in der Nähe des Bahnhofs.", "de"),
        ("Je cherche un restaurant près de la gare, s'il vous plaît.", "fr"),
        ("Я ищу ресторан рядом с вокзалом, пожалуйста.", "ru"),
        ("أبحث عن مطعم قريب من المحطة", "ar"),
        ("ok", "und"),
        ("12:30 ???", "und"),
        ("", "und"),
        ("好", "zh"),
    ],
)
def test_detected_languages(text: str, code: str) -> None:
    assert language_of([Message(role="user", content=text)], named=None).code == code


def test_the_sources_word_comes_first_and_an_unknown_one_is_ignored() -> None:
    talk = messages("I would like to find a restaurant.", "好的")
    assert language_of(talk, named="Chinese").code == "zh"
    assert language_of(talk, named="unknown").code == "en"
    assert language_of(talk, named=None).code == "en"


ENGLISH_REPLY = "Sure, here it is: this is the first part of what you asked for."


@pytest.mark.parametrize(
    ("texts", "code", "is_certain"),
    [
        (("List 10 anime", ENGLISH_REPLY, "Continue", ENGLISH_REPLY), "en", False),
        (("ok", ENGLISH_REPLY), "en", False),
        (("我想找一家餐馆", ENGLISH_REPLY), "zh", True),
        (("Translate this poem into Chinese for me please", "床前明月光，疑是地上霜。"), "en", False),
        (("123 ?", ENGLISH_REPLY), "und", False),
    ],
    ids=["short", "two letters", "script", "another script", "no letters"],
)
def test_a_guess_is_told_from_what_is_certain_and_hears_the_assistant(
    texts: tuple[str, ...], code: str, is_certain: bool
) -> None:
    talk = tuple(
        Message.model_validate({"role": ("user", "assistant")[i % 2], "content": text}) for i, text in enumerate(texts)
    )
    assert language_of(talk, named=None) == (code, is_certain)
    assert language_of(talk, named="English") == ("en", True)
