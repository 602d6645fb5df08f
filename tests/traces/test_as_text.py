"""Traces survive the way through text whole, whatever their texts hold."""

import json
import random
import re

import pytest

from proutt_core.errors import InputError
from proutt_core.traces.as_text import (
    parse_predictions,
    parse_released_trace,
    parse_trace,
    render_prompt,
    render_trace,
    tree_json,
)
from proutt_core.types import Attribute, IntentTree, Message, Path, Prediction, Topic, Trace, View, ViewReasoning

HOSTILE = [
    "</think>",
    "<think>",
    "<predict>",
    "</predict>",
    "<\\/predict>",
    "\\</predict>",
    "[User Intent Tree]:",
    "\\[Mining Paths]:",
    "[\\Exploration Paths]:",
    "[Mining View Analysis]:",
    "Therefore, the sentence category for the user's next input is most likely Statement.",
    "\n",
    "\r\n",
    "\n\n",
    "\t",
    '"',
    "'",
    "\\",
    "\\\\n",
    "{",
    "}",
    "```",
    "```json\n",
    "酒店",
    "的价格是多少？",
    "😀",
    "\u202e",
    "\u2028",
    "\x85",
    "\x1c",
    "\ufeff",
    " ",
    "word",
    "[",
    "<",
    "/",
]


def hostile(rng: random.Random, most: int = 8, limit: int = 2000) -> str:
    text = "".join(rng.choice(HOSTILE) for _ in range(rng.randint(1, most)))[: limit - 2]
    return f"x{text}" if rng.random() < 0.5 else f"{text}\u4f60"


def random_trace(rng: random.Random) -> Trace:
    def view(name: View, ids: tuple[str, str]) -> ViewReasoning:
        def prediction(id_: str) -> Prediction:
            path = Path(view=name, source=label(), node=label(), leaf=label())
            return Prediction(id=id_, text=hostile(rng), path=path)

        return ViewReasoning(view=name, reasoning=hostile(rng), predictions=(prediction(ids[0]), prediction(ids[1])))

    def label() -> str:
        return hostile(rng, limit=120, most=4)

    topics = {label().casefold(): label() for _ in range(rng.randint(1, 4))}
    tree = IntentTree(
        topics=tuple(
            Topic(
                topic=f"{i}{name}"[:120],
                attributes=tuple(Attribute(attribute=label(), value=label()) for _ in range(rng.randint(1, 3))),
            )
            for i, name in enumerate(topics.values())
        )
    )
    return Trace(
        tree=tree,
        category=rng.choice(["Statement", "Question", "Instruction"]),
        category_reasoning=hostile(rng),
        mining=view("mining", ("m1", "m2")),
        exploration=view("exploration", ("e1", "e2")),
    )


@pytest.mark.parametrize("seed", range(300))
def test_a_trace_of_hostile_texts_survives_the_round_trip(seed: int) -> None:
    trace = random_trace(random.Random(seed))
    assert parse_trace(render_trace(trace)) == trace


@pytest.mark.parametrize("mark", ["</think>", "<predict>", "</predict>", "[Mining Paths]:", "\\</predict>", "end\\"])
def test_a_mark_inside_any_text_is_text(mark: str) -> None:
    trace = random_trace(random.Random(1))
    reasoning = f"before {mark}"
    changed = trace.model_copy(
        update={
            "category_reasoning": reasoning,
            "mining": trace.mining.model_copy(update={"reasoning": reasoning}),
            "exploration": trace.exploration.model_copy(
                update={
                    "predictions": tuple(p.model_copy(update={"text": mark}) for p in trace.exploration.predictions)
                }
            ),
        }
    )
    assert parse_trace(render_trace(changed)) == changed
    assert parse_predictions(render_trace(changed))[2:] == (mark, mark)


def plain_trace() -> Trace:
    tree = IntentTree(
        topics=(
            Topic(topic="酒店", attributes=(Attribute(attribute="价格", value="便宜"),)),
            Topic(topic="景点", attributes=(Attribute(attribute="门票", value="免费"),)),
        )
    )

    def view(name: View, first: str, second: str) -> ViewReasoning:
        def prediction(id_: str) -> Prediction:
            path = Path(view=name, source="酒店", node=f"节点{id_}", leaf="叶")
            return Prediction(id=id_, text=f"预测 {id_}", path=path)

        return ViewReasoning(view=name, reasoning="因为……", predictions=(prediction(first), prediction(second)))

    return Trace(
        tree=tree,
        category="Question",
        category_reasoning="用户会问。",
        mining=view("mining", "m1", "m2"),
        exploration=view("exploration", "e1", "e2"),
    )


def test_training_text_holds_json_and_no_python_repr() -> None:
    text = render_trace(plain_trace())
    assert '{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}' in text
    assert "{'" not in text


def test_the_sections_come_in_the_order_of_the_released_files() -> None:
    text = render_trace(plain_trace())
    names = re.findall(r"^\[.*?\]:", text, flags=re.MULTILINE)
    assert [n for n in names if "Paths" not in n] == [
        "[User Intent Tree]:",
        "[Analysis of the sentence category for the user's next input]:",
        "[Mining View Analysis]:",
        "[Exploration View Analysis]:",
    ]
    assert text.startswith("<think>\n")
    assert text.count("<predict>") == 4 and text.index("</think>") < text.index("<predict>")


def test_crlf_files_and_python_repr_trees_are_read() -> None:
    trace = plain_trace()
    text = render_trace(trace).replace(tree_json(trace.tree), f"```\n{json.loads(tree_json(trace.tree))!r}\n```")
    assert "{'酒店'" in text
    assert parse_trace(text.replace("\n", "\r\n")) == trace


def test_an_attribute_named_twice_keeps_both_values() -> None:
    tree = IntentTree(
        topics=(
            Topic(
                topic="food",
                attributes=(Attribute(attribute="kind", value="Thai"), Attribute(attribute="kind", value="Lao")),
            ),
        )
    )
    trace = plain_trace().model_copy(update={"tree": tree})
    assert parse_trace(render_trace(trace)).tree == tree


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("</think>", "", "</think>"),
        ("[Mining Paths]:", "", "Mining Paths"),
        ("[User Intent Tree]:", "", "User Intent Tree"),
        ("<predict>预测 e2</predict>", "", "3 <predict>"),
        ("预测 e2", " ", "empty <predict>"),
        ("most likely Question.", "most likely Poem.", "sentence category"),
        ('{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}', "nonsense", "neither JSON nor a Python dict"),
        ('{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}', '["酒店"]', "not an object of topics"),
        ('{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}', '{"酒店": ["价格"]}', "not an object of topics"),
        ('{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}', '{"酒店": {"价格": 3}}', "value"),
        ('{"酒店": {"价格": "便宜"}, "景点": {"门票": "免费"}}', "[" * 100_000, "User Intent Tree"),
        ('{"source": "酒店", "node": "节点m2", "leaf": "叶"}', '{"source": "酒店"}', "mining paths"),
        ("因为……", " ", "reasoning"),
    ],
)
def test_what_is_missing_is_named(old: str, new: str, named: str) -> None:
    text = render_trace(plain_trace())
    assert old in text
    with pytest.raises(InputError, match=re.escape(named)):
        parse_trace(text.replace(old, new))


def test_predictions_of_a_released_answer_are_read_though_it_has_no_paths() -> None:
    # The shape of the released files (text written for this test).
    text = (
        "<think>First the tree.\r\n[User Intent Tree]: ```\r\n{'Trip': {'to': 'Rome'}}\r\n```\r\n</think>\r\n"
        "The next input is most likely: \r\n" + "".join(f"<predict>Guess {i}</predict>\r\n" for i in range(4))
    )
    assert parse_predictions(text) == ("Guess 0", "Guess 1", "Guess 2", "Guess 3")
    with pytest.raises(InputError, match="Mining Paths"):
        parse_trace(text)


def test_the_prompt_shows_the_whole_context_in_order() -> None:
    text = render_prompt((Message(role="user", content="Hi <b>"), Message(role="assistant", content="你好")))
    assert text.index("User: Hi <b>") < text.index("Assistant: 你好")
    assert text.endswith("Assistant: 你好")


def test_an_ablations_prompt_asks_for_its_own_form() -> None:
    context = (Message(role="user", content="Hi"), Message(role="assistant", content="Yes?"))
    whole, rest = render_prompt(context), render_prompt(context, without=frozenset({"tree", "exploration"}))
    assert "[User Intent Tree]:" in whole and "four predictions" in whole and whole.count("<predict>") == 4
    assert "[User Intent Tree]:" not in rest and "two predictions" in rest and rest.count("<predict>") == 2
    assert "2. Mining. How the user may go on with a topic of the dialogue" in rest
    assert render_prompt(context, without=frozenset({"revision"})) == whole


# Released files


RELEASED = """\
<think>First, I build the tree.
[User Intent Tree]: ```
{'Trip': {'to': "Rome's centre", 'when': 'May'}, 'Food': {'kind': 'vegan'}}
```

Then, I look at the sentence.
[Analysis of the sentence category for the user's next input]: The reply offers two hotels.
It leaves the price open.
Therefore, the sentence category for the user's next input is most likely Question.

Finally, I look at both views.
[Mining View Analysis]: They may ask for the price: 1) Trip -> price, and 2) Trip -> stars.
[Exploration View Analysis]: They may want to eat: 1) Trip -> Restaurants - vegan.
</think>
The user’s next input is most likely: 
<predict>What does it cost?</predict>
<predict>How many stars?</predict>
<predict>Where can we eat?</predict>
<predict>And vegan?</predict>
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_released_answer_is_a_trace_without_paths(line_end: str) -> None:
    trace = parse_released_trace(RELEASED.replace("\n", line_end))
    assert trace.tree is not None and trace.tree.topic_names == ("Trip", "Food")
    assert trace.tree.topics[0].attributes[0].value == "Rome's centre"
    assert trace.category == "Question"
    assert trace.category_reasoning == "The reply offers two hotels.\nIt leaves the price open."
    assert trace.view("mining").reasoning.endswith("2) Trip -> stars.")
    assert trace.view("exploration").reasoning.startswith("They may want to eat")
    assert [(p.id, p.text) for p in trace.predictions] == [
        ("m1", "What does it cost?"),
        ("m2", "How many stars?"),
        ("e1", "Where can we eat?"),
        ("e2", "And vegan?"),
    ]
    assert not trace.has_paths and trace.left_out == frozenset()
    assert "Paths" not in render_trace(trace)


def test_a_tree_without_a_fence_and_backslashes_are_read_as_they_stand() -> None:
    bare = RELEASED.replace("```\n{", "{").replace("}\n```", "}").replace("vegan?", "\\<predict?")
    trace = parse_released_trace(bare)
    assert trace.tree is not None and len(trace.tree.topics) == 2
    assert trace.predictions[3].text == "And \\<predict?"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("</think>", "", "</think>"),
        ("[Mining View Analysis]:", "Mining:", "Mining View Analysis"),
        ("1) Trip -> price", "[User Intent Tree]: x", "more than once"),
        ("{'to': \"Rome's centre\", 'when': 'May'}", "{'to': {'city': 'Rome'}}", "value"),
        ("{'to': \"Rome's centre\", 'when': 'May'}", "['Rome']", "not an object of topics"),
        ("most likely Question.", "a Question.", "not in the form of a released file"),
        ("Then, I look", "Then\nI look", "not in the form of a released file"),
        ("First, I build", "First\nI build", "not in the form of a released file"),
        ("<predict>And vegan?</predict>\n", "", "3 <predict>"),
        ("[Exploration View Analysis]:", "[Mining Paths]:\n[]\n[Exploration View Analysis]:", "was not asked for"),
        ("'vegan'", f"'{'v' * 121}'", "at most 120"),
    ],
)
def test_what_is_not_in_the_released_form_is_kept_verbatim_and_says_why(old: str, new: str, named: str) -> None:
    assert old in RELEASED
    with pytest.raises(InputError, match=re.escape(named)):
        parse_released_trace(RELEASED.replace(old, new))
