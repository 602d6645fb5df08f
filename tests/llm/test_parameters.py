"""Request parameters as somebody writes them: what they become, and in which words the others are refused."""

import json
from typing import Any

import pytest

from proutt_core.errors import InputError
from proutt_core.llm.parameters import RESERVED, lines_of, merged, read_parameters, written


def test_dots_nest_and_values_are_json_or_bare_words() -> None:
    lines = [
        "temperature=0.7",
        "chat_template_kwargs.enable_thinking=false",
        "chat_template_kwargs.date = 2026",
        "reasoning_effort=low",
        'stop=["\\n\\n", "="]',
        "a.b.c=null",
        'thinking={"type": "disabled"}',
        "thinking.budget=-1",
        'user="it\'s = me"',
        "service_tier=gpt-5.1/fast",
        "seed=9223372036854775807",
    ]
    parameters = read_parameters(lines)
    assert parameters == {
        "temperature": 0.7,
        "chat_template_kwargs": {"enable_thinking": False, "date": 2026},
        "reasoning_effort": "low",
        "stop": ["\n\n", "="],
        "a": {"b": {"c": None}},
        "thinking": {"type": "disabled", "budget": -1},
        "user": "it's = me",
        "service_tier": "gpt-5.1/fast",
        "seed": 2**63 - 1,
    }
    assert read_parameters(written(parameters)) == parameters
    assert lines_of("\n a=1 \n\n b=2\n") == ["a=1", "b=2"]


BAD = [
    ("temperature", "has no ="),
    ("", "has no ="),
    ("=1", "has no name before the ="),
    (".a=1", "has no name before the ="),
    ("a..b=1", "has no name before the ="),
    ("a b=1", "has no name before the ="),
    ("--temperature=1", "has no name before the ="),
    ("температура=1", "has no name before the ="),
    ("temperature=", "has no value after the ="),
    ("temperature= ", "has no value after the ="),
    ("temperature=0,7", "has a value that is no JSON"),
    ("temperature=1e999", "has a value that is no JSON"),
    ("temperature=[1, 1e999]", "has a value that is no JSON"),
    ("temperature=[NaN]", "has a value that is no JSON"),
    ("temperature=-Infinity", "has a value that is no JSON"),
    ("temperature=NaN", "write a number"),
    ("stop=None", "write null"),
    ("enable_thinking=False", "write false"),
    ("enable_thinking=TRUE", "write true"),
    ("a={'b': 1}", "has a value that is no JSON"),
    ('a="b', "has a value that is no JSON"),
    ('a="\\ud800"', "has a value that is no JSON"),
    ('a={"\\u0000": 1}', "has a value that is no JSON"),
    ("seed=9223372036854775808", "has a value that is no JSON"),
    ("seed=" + "9" * 1900, "has a value that is no JSON"),
    ("a=" + "[" * 1900, "has a value that is no JSON"),
    ("a=" + "x" * 3000, "is longer than 2000 characters"),
    ("a=\x1b[31m", "control characters"),
    ("a=b\nc", "control characters"),
    ("a=b\udcff", "control characters"),
    ("a=\u202eb", "control characters"),
]


@pytest.mark.parametrize(("text", "why"), BAD)
def test_what_cannot_be_read_is_refused_in_one_line_that_shows_it(text: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        read_parameters(["top_k=1", text])
    said = str(caught.value)
    assert why in said and said.isprintable() and len(said) < 300
    assert text[:20].split("\x1b")[0].split("\n")[0].split("\udcff")[0].split("\u202e")[0] in said


@pytest.mark.parametrize("name", [*RESERVED, "MODEL", "Response_Format.type", "stream_options.include_usage", "N"])
def test_what_the_client_sets_itself_what_changes_the_answer_and_secrets_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"the parameter {name.partition('.')[0]} cannot be given: ") as caught:
        read_parameters([f"{name}=sk-4f1c9a77e2"])
    assert "4f1c9a77e2" not in str(caught.value)


@pytest.mark.parametrize("lines", [["a=1", "a=2"], ["a=1", "a.b=2"], ["a.b=2", "a=1"], ["a.b=1", "a.b.c=1"]])
def test_two_that_contradict_each_other_are_refused(lines: list[str]) -> None:
    with pytest.raises(InputError, match=r"another parameter sets"):
        read_parameters(lines)


@pytest.mark.parametrize(
    ("own", "both"),
    [
        ({}, {"t": {"a": 1, "b": 2}, "s": 1}),
        ({"s": 2}, {"t": {"a": 1, "b": 2}, "s": 2}),
        ({"t": {"b": 3, "c": 4}}, {"t": {"a": 1, "b": 3, "c": 4}, "s": 1}),
        ({"t": None}, {"t": None, "s": 1}),
        ({"u": [1]}, {"t": {"a": 1, "b": 2}, "s": 1, "u": [1]}),
    ],
)
def test_ones_own_stand_over_the_defaults_member_by_member(own: dict[str, Any], both: dict[str, Any]) -> None:
    defaults = {"t": {"a": 1, "b": 2}, "s": 1}
    before = json.dumps(defaults)
    assert merged(defaults, own) == both
    assert json.dumps(defaults) == before
