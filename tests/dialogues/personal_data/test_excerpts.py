"""Matches in their surroundings: together where they are near, hidden where asked, and nothing of the text lost."""

from proutt_core.dialogues.personal_data.excerpts import AROUND, LONGEST, Excerpt, excerpts
from proutt_core.types import Message


def of(*texts: str, **how: object) -> list[Excerpt]:
    return excerpts([Message(role="user", content=text) for text in texts], **how)  # type: ignore[arg-type]


def drawn(excerpt: Excerpt) -> str:
    return "".join(f"<{piece.text}>" if piece.differs else piece.text for piece in excerpt.pieces)


def test_near_matches_are_one_excerpt() -> None:
    (excerpt,) = of("I am jane@example.com, call 13812345678 now")
    assert excerpt.kinds == ("email", "phone")
    assert drawn(excerpt) == "I am <jan…com>, call <13…78> now"


def test_far_matches_are_two_and_what_is_cut_off_is_told() -> None:
    first, second = of("a@example.com" + " x" * 300 + " b@example.com", hidden=False)
    assert drawn(first) == "<a@example.com>" + (" x" * 300)[:AROUND] + " …"
    assert drawn(second) == "… " + (" x" * 300 + " ")[-AROUND:] + "<b@example.com>"


def test_a_neighbour_of_another_kind_is_hidden_and_not_marked() -> None:
    (excerpt,) = of("I am jane@example.com, call 13812345678 now", kind="phone")
    assert (excerpt.kinds, drawn(excerpt)) == (("phone",), "I am jan…com, call <13…78> now")


def test_no_more_than_asked_for_and_never_without_end() -> None:
    assert len(of(*["a@example.com"] * 5, most=2)) == 2
    many = of("someone@example.com " * 200, most=100, hidden=False)
    assert all(len(drawn(found)) < LONGEST + 2 * AROUND + 100 for found in many)
    assert sum(drawn(found).count("<") for found in many) == 200


def test_nothing_where_nothing_is() -> None:
    assert of("hello", "13 people") == []
