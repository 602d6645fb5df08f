"""What is found as possible personal data, what is not, and masking: afterwards nothing is found."""

import random
import time

import pytest

from proutt_core.dialogues.checks import check
from proutt_core.dialogues.masking import mask, masked_dialogue
from proutt_core.dialogues.personal_data.finding import KINDS, count, find, partly_hidden
from proutt_core.types import Dialogue, Message


def messages(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(texts))


def masked(*texts: str) -> list[str]:
    return [message.content for message in mask(messages(*texts)).messages]


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
        ("IBAN DE89 3704 0044 0532 0130 00, bitte", ("id",)),  # ISO 13616's examples
        ("GB82WEST12345698765432", ("id",)),
        ("GB82WEST12345698765433", ()),  # wrong check digits
        ("DE89 3704 0044 0532 0130", ()),  # too short for Germany
        ("from 93.184.216.34 today", ("ip",)),
        ("8.8.8.8, 1.2.3.4, 255.255.255.0, 10.20.30.40, 127.0.0.1", ()),  # headings, masks, private networks
        ("Chrome version 120.10.6.99 and v100.0.48.96", ()),
        ("2606:4700:4700:0:0:0:0:1111", ("ip",)),
        ("at 2023:10:11 std::vector 2001:db8::1", ()),
        ("订单号6212345678901234，价格￥1299.00，2023-04-09", ()),  # an order number that fails Luhn
        ("order 1234567812345670 and 9876543210987654", ()),  # the first passes Luhn, no issuer begins with 1
        ("[EMAIL_1] [PHONE_2] [KEY_1] [ID_1] [IP_10]", ()),
        ("NAME_1 and <PRESIDIO_ANONYMIZED_EMAIL_ADDRESS>", ()),
    ],
)
def test_personal_data(text: str, kinds: tuple[str, ...]) -> None:
    assert tuple(count([text])) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "1" * 300_000,
        "1-" * 100_000,
        "a" * 300_000 + "@",
        "a.@" * 100_000,
        "(1) " * 100_000,
        "-----BEGIN PRIVATE KEY-----" * 10_000,
        "AB12" * 70_000,
        "1.10." * 60_000,
        "2:" * 90_000,
    ],
)
def test_long_runs_do_not_take_long(text: str) -> None:
    started = time.process_time()
    count([text])
    assert time.process_time() - started < 5  # milliseconds to tenths of a second; a quadratic pattern takes minutes


def test_a_match_is_told_by_its_place() -> None:
    text = "请写信到zhang@example.com或致电13812345678。"
    assert [(found.kind, text[found.start : found.end]) for found in find(text)] == [
        ("email", "zhang@example.com"),
        ("phone", "13812345678"),
    ]


def test_a_private_key_is_found_whole_and_as_far_as_it_goes() -> None:
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n"
    whole = f"-----BEGIN PRIVATE KEY-----\n{line * 20}-----END PRIVATE KEY-----"
    assert masked(f"see {whole} ok") == ["see [KEY_1] ok"]
    cut_off = f"-----BEGIN RSA PRIVATE KEY-----\n{line * 3}"
    assert masked(f"{cut_off}and so on") == ["[KEY_1]\nand so on"]


@pytest.mark.parametrize(
    ("value", "expected"), [("jane@example.com", "jan…com"), ("13812345678", "13…78"), ("abc", "…")]
)
def test_what_is_partly_hidden(value: str, expected: str) -> None:
    assert partly_hidden(value) == expected


def test_the_same_value_gets_the_same_placeholder_in_one_dialogue() -> None:
    assert masked(
        "I am jane@example.com, phone 138 1234 5678", "Is it Jane@Example.com or b@example.com?", "+86-13812345678"
    ) == ["I am [EMAIL_1], phone [PHONE_1]", "Is it [EMAIL_1] or [EMAIL_2]?", "[PHONE_1]"]


def test_numbers_go_on_after_placeholders_that_are_there() -> None:
    assert masked("[EMAIL_3] wrote to a@example.com") == ["[EMAIL_3] wrote to [EMAIL_4]"]


def test_masks_of_the_source_stay() -> None:
    text = "NAME_1 told <PRESIDIO_ANONYMIZED_PERSON>"
    assert masked(text) == [text]


def test_a_masked_dialogue_is_noted_checked_again_and_without_its_source() -> None:
    talk = messages("mail a@example.com and b@example.com", "13812345678")
    dialogue = Dialogue(
        external_id="d", group="d", messages=talk, notes=("x",), original="{…}", checks=check(talk, toxic=True)
    )
    masked = masked_dialogue(dialogue)
    assert masked.notes == ("x", "personal data masked: 2 e-mail", "personal data masked: 1 phone")
    assert masked.original is None
    assert (masked.checks.personal_data, masked.checks.toxic, masked.checks.turns) == ({}, True, 1)
    assert masked_dialogue(masked) is masked


PIECES = (
    *("a@example.com", "b.c+d@mail.example.co.uk", "13812345678", "138 1234 5678", "+86-13812345678", "010-69705418"),
    *("+44 20 7946 0958", "(415) 555-2671", "415-555-2671", "sk-abcdefghijklmnopqrstuvwx12", "AKIAIOSFODNN7EXAMPLE"),
    *("ghp_" + "a1" * 18, "-----BEGIN RSA PRIVATE KEY-----", "11010519491231002X", "4111 1111 1111 1111"),
    *("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "93.184.216.34", "2606:4700:4700::1111"),
    *(
        "[EMAIL_1]",
        "[PHONE_7]",
        "NAME_1",
        "电话",
        "，",
        "@",
        ".",
        "-",
        " ",
        "  ",
        "\n",
        "+",
        "(",
        ")",
        "1",
        "86",
        "x",
        "_",
    ),
    *("eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 12, "hf_" + "a1" * 16, "version ", "12.34."),
)


def test_after_masking_nothing_is_found_and_masking_again_changes_nothing() -> None:
    draw = random.Random(0)
    kinds = set[str]()
    for _ in range(3_000):
        talk = messages(*("".join(draw.choices(PIECES, k=draw.randint(1, 12))) for _ in range(draw.randint(1, 4))))
        once = mask(talk)
        kinds |= once.counts.keys()
        assert count(message.content for message in once.messages) == {}, talk
        assert check(once.messages, toxic=None).personal_data == {}, talk
        again = mask(once.messages)
        assert (again.messages, again.counts) == (once.messages, {}), talk
        assert bool(once.counts) == bool(count(message.content for message in talk))
    assert kinds == set(KINDS)
