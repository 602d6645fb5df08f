"""What import notices: counts, personal data, language."""

import time

import pytest

from proutt_core.dialogues.checks import check, personal_data
from proutt_core.dialogues.language import code_of, detect, language_of
from proutt_core.types import Message


def messages(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(texts))


def test_counts() -> None:
    found = check((Message(role="system", content="abc"), *messages("Hi", "Hello", "HI ", "hello", "Bye")), toxic=None)
    assert found.characters == 3 + 2 + 5 + 3 + 5 + 3
    assert found.turns == 2  # the last message has no reply
    assert found.repeated_turns == 1  # but for case and space, the second is the first
    assert found.toxic is None


def test_a_repeated_question_with_another_answer_is_not_a_repeated_turn() -> None:
    assert check(messages("a", "b", "a", "c", "a", "b"), toxic=True).repeated_turns == 1


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to jane.doe+x@mail.example.co.uk.", ("email",)),
        ("我的邮箱是zhang@example.com，谢谢", ("email",)),
        ("@someone and a@b and user@localhost", ()),
        ("电话是010-69705418。", ("phone",)),
        ("手机13812345678", ("phone",)),
        ("手机 13812345678，谢谢", ("phone",)),
        ("call +44 20 7946 0958 now", ("phone",)),
        ("(415) 555-2671 or 415-555-2671", ("phone",)),
        ("pi is 3.14159265358979 and 0.13812345678", ()),
        ("2023-04-09 00:02:53, 100-150元, 2019-2020", ()),
        ("order 20230409000253, version 1.2.3.4", ()),
        ("192.168.100.200", ()),
        ("-1387*i = 743*i + 1115*i + 223905", ()),
        ("key sk-abcdefghijklmnopqrstuvwx123456", ("key",)),
        ("AKIAIOSFODNN7EXAMPLE", ("key",)),
        ("ghp_" + "a1" * 18, ("key",)),
        ("-----BEGIN RSA PRIVATE KEY-----", ("key",)),
        ("task-oriented risk-free night gh_ sk-short", ()),
        ("身份证 11010519491231002X", ("id",)),  # the standard's own example
        ("身份证 110105194912310021", ()),  # wrong check digit
        ("card 4111 1111 1111 1111", ("id",)),  # a test number that passes Luhn
        ("card 4111-1111-1111-1112", ()),
        ("0000 0000 0000 0000 4444444444444444", ()),
        ("a@example.com 13812345678 sk-abcdefghijklmnopqrstuvwx 4111111111111111", ("email", "phone", "key", "id")),
        ("NAME_1 and <PRESIDIO_ANONYMIZED_EMAIL_ADDRESS>", ()),
    ],
)
def test_personal_data(text: str, kinds: tuple[str, ...]) -> None:
    assert personal_data(text) == kinds


@pytest.mark.parametrize(
    "text", ["1" * 300_000, "1-" * 100_000, "a" * 300_000 + "@", "a.@" * 100_000, "(1) " * 100_000]
)
def test_long_runs_do_not_take_long(text: str) -> None:
    started = time.process_time()
    personal_data(text)
    assert time.process_time() - started < 5  # milliseconds to tenths of a second; a quadratic pattern takes minutes


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
    assert detect(text) == code


def test_the_sources_word_comes_first_and_an_unknown_one_is_ignored() -> None:
    said = messages("I would like to find a restaurant.", "好的")
    assert language_of(said, named="Chinese") == "zh"
    assert language_of(said, named="unknown") == "en"
    assert language_of(said, named=None) == "en"
