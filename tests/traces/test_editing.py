"""An edit changes texts only, and names what it cannot use."""

import pytest

from proutt_core.errors import InputError
from proutt_core.traces.editing import editable_texts, parts_of, parts_that_differ, with_texts
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


def test_an_ablations_trace_is_edited_by_the_texts_it_has() -> None:
    rest = trace().model_copy(update=dict.fromkeys(("tree", "category", "category_reasoning", "mining")))
    assert parts_of(rest) == ("exploration",) and parts_of(trace()) == ("tree", "category", "mining", "exploration")
    assert set(editable_texts(rest)) == {"exploration", "e1", "e2"}
    edited = with_texts(rest, {"e2": "Elsewhere?"})
    assert edited.predictions[1].text == "Elsewhere?" and edited.left_out == rest.left_out
    assert parts_that_differ(rest, edited) == ("exploration",)
    with pytest.raises(InputError, match="no texts of a trace: category, m1"):
        with_texts(rest, {"m1": "x", "category": "y"})
    with pytest.raises(InputError, match="Predictions 3 and 4 are the same"):
        with_texts(rest, {"e2": rest.predictions[0].text})
    with pytest.raises(InputError, match="Prediction 4 is empty"):
        with_texts(rest, {"e2": " "})
