"""An edit changes texts only, and names what it cannot use."""

import pytest

from proutt_core.editing import editable_texts, parts_that_differ, with_texts
from proutt_core.errors import InputError
from tests.db.work import trace


def test_texts_put_back_unchanged_give_the_same_trace() -> None:
    assert with_texts(trace(), editable_texts(trace())) == trace()


def test_only_the_named_texts_change() -> None:
    edited = with_texts(trace(), {"m2": "Is it full on Sundays?", "exploration": "They may be hungry."})
    assert [p.text for p in edited.predictions] == [
        "When do the maples turn?",
        "Is it full on Sundays?",
        "Where can we eat nearby?",
        "Is there a good tea house?",
    ]
    assert edited.exploration.reasoning == "They may be hungry."
    assert (edited.tree, edited.mining.reasoning) == (trace().tree, trace().mining.reasoning)
    assert edited.mining.predictions[1].path == trace().mining.predictions[1].path


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({"e1": "   "}, "Prediction 3"),
        ({"m1": "x" * 2001}, "Prediction 1"),
        ({"mining": ""}, "mining reasoning"),
        ({"category": ""}, "category reasoning"),
        ({"m1": "Where can we eat nearby?"}, "Predictions 1 and 3 are the same"),
        ({"m1": "where  can we eat nearby？"}, "Predictions 1 and 3 are the same"),
        ({"tree": "x"}, "tree"),
    ],
)
def test_a_text_that_cannot_be_used_is_named(texts: dict[str, str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        with_texts(trace(), texts)


def test_the_trace_edited_stays_as_it_was() -> None:
    original = trace()
    with_texts(original, {"m1": "Something else?"})
    assert original == trace()


def test_parts_that_differ_are_found_one_by_one() -> None:
    assert parts_that_differ(trace(), trace()) == ()
    assert parts_that_differ(trace(), with_texts(trace(), {"m1": "Other?"})) == ("mining",)
    both = with_texts(trace(), {"category": "Other.", "e2": "Else?"})
    assert parts_that_differ(trace(), both) == ("category", "exploration")
