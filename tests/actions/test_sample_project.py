"""The bundled dialogues keep what proutt_core/sample/README.md says of them."""

import json
from collections import Counter
from itertools import groupby
from typing import Any

import pytest

from proutt_core.actions.sample import sample_path

Row = dict[str, Any]

INVISIBLE = "\u200b\u200d\ufeff"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [json.loads(line) for line in sample_path().read_text(encoding="utf-8").splitlines()]


def is_noisy(row: Row) -> bool:
    return str(row["id"]).startswith("noisy-")


def contents(row: Row) -> list[str]:
    return [message["content"] for message in row["messages"]]


def speakers(row: Row) -> list[str]:
    """Roles without the system and empty messages; neighbours of one role count once."""
    roles = [m["role"] for m in row["messages"] if m["role"] != "system" and m["content"].strip()]
    return [role for role, _ in groupby(roles)]


def test_every_row_has_the_openai_messages_shape(rows: list[Row]) -> None:
    for row in rows:
        assert set(row) - {"group"} == {"id", "language", "messages"}, row["id"]
        for message in row["messages"]:
            assert set(message) == {"role", "content"}, row["id"]
            assert message["role"] in {"system", "user", "assistant"}, row["id"]
            assert isinstance(message["content"], str), row["id"]


def test_ids_are_unique(rows: list[Row]) -> None:
    assert len({row["id"] for row in rows}) == len(rows)


def test_sixty_dialogues_half_english_half_chinese(rows: list[Row]) -> None:
    assert Counter(row["language"] for row in rows) == {"en": 30, "zh": 30}


def test_the_text_is_in_the_language_named(rows: list[Row]) -> None:
    for row in rows:
        has_chinese = any("\u4e00" <= c <= "\u9fff" for c in "".join(contents(row)))
        assert has_chinese == (row["language"] == "zh"), row["id"]


def test_three_to_eight_turns(rows: list[Row]) -> None:
    for row in rows:
        order = speakers(row)[1:] if speakers(row)[0] == "assistant" else speakers(row)
        complete, users = order.count("assistant"), order.count("user")
        assert complete >= 3 and users <= 8, row["id"]


def test_dialogues_that_are_not_noisy_need_no_normalising(rows: list[Row]) -> None:
    for row in (r for r in rows if not is_noisy(r)):
        roles = [m["role"] for m in row["messages"]]
        assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))], row["id"]
        assert all(text and text == text.strip() for text in contents(row)), row["id"]
        assert not any(c in text for text in contents(row) for c in INVISIBLE), row["id"]


def test_no_two_messages_of_one_user_are_the_same_unless_noisy(rows: list[Row]) -> None:
    for row in (r for r in rows if not is_noisy(r)):
        texts = [m["content"] for m in row["messages"] if m["role"] == "user"]
        assert len(set(texts)) == len(texts), row["id"]


def test_some_rows_share_a_group_and_some_end_with_the_user(rows: list[Row]) -> None:
    groups = Counter(row["group"] for row in rows if "group" in row)
    assert groups and all(n > 1 for n in groups.values())
    assert sum(row["messages"][-1]["role"] == "user" for row in rows) >= 10


def test_every_kind_of_noise_is_present(rows: list[Row]) -> None:
    noisy = [row for row in rows if is_noisy(row)]
    texts = [text for row in noisy for text in contents(row)]
    pairs = [pair for row in noisy for pair in zip(row["messages"], row["messages"][1:], strict=False)]
    assert len(noisy) >= 6
    assert any(row["messages"][0]["role"] == "system" for row in noisy)
    assert any(row["messages"][0]["role"] == "assistant" for row in noisy)
    assert any(a["role"] == b["role"] == "user" for a, b in pairs)
    assert any(not text for text in texts), "an empty message"
    assert any(text != text.strip() for text in texts), "spaces at an end"
    assert any(len(set(contents(row))) < len(row["messages"]) for row in noisy), "a repeated message"
    assert any("<script>" in text for text in texts), "HTML"
    assert any("@example.com" in text and "555-" in text for text in texts), "e-mail and phone"
    assert all(any(c in text for text in texts) for c in INVISIBLE), "invisible characters"
    assert any(ord(c) > 0x1F000 for text in texts for c in text), "emoji"
