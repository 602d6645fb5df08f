"""Thoughts inside a text, behind the marks of many makers."""

import pytest

from proutt_core.llm import parse_reply
from proutt_core.llm.thoughts import bare, split_thoughts, without_thoughts
from tests.llm.replies import ANSWER

JSON = '{"colour": "red", "why": "it is", "score": 0.5}'
MARKS = [
    ("<think>", "</think>"),
    ("<Think>\n", "\n</Think>\n"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>"),
    ("analysis", "assistantfinal"),
    ("Here is my thought process:\n", "\nHere is my response:\n"),
]


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_thoughts_of_any_maker_are_taken_off_a_typed_reply(opening: str, closing: str) -> None:
    text = f'{opening}Red {{"or": 1}} so.{closing}{JSON}'
    assert parse_reply(text, ANSWER).colour == "red"
    assert split_thoughts(text)[0] == 'Red {"or": 1} so.'


@pytest.mark.parametrize(("opening", "closing"), [pair for pair in MARKS[:13] if pair[0].startswith(("<", "◁", "["))])
def test_thoughts_that_the_prompt_opened_and_thoughts_that_were_cut_off(opening: str, closing: str) -> None:
    assert split_thoughts(f"Red, so.{closing}{JSON}") == ("Red, so.", JSON)
    assert split_thoughts(f"{opening}Red, or is it") == ("Red, or is it", "")


@pytest.mark.parametrize(
    "text",
    [
        f"<answer>{JSON}</answer>",
        f"<think>so</think><answer>\n{JSON}\n</answer>",
        f"<|begin_of_box|>{JSON}<|end_of_box|>",
        f"<|START_RESPONSE|>{JSON}<|END_RESPONSE|>",
        f"{JSON}<|im_end|>",
        f"{JSON}</s>\n",
        f"<think></think>\n<think>so</think>```json\n{JSON}\n```",
        f"<|channel|>commentary<|message|>I look.<|end|><|channel|>analysis<|message|>so<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{JSON}<|return|>",
    ],
)
def test_what_stands_around_the_answer_is_taken_off(text: str) -> None:
    assert parse_reply(text, ANSWER).colour == "red"


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        '{"a": "</think> in a value"}',
        '{"a": "ends with </answer>"}',
        "analysis of what the user wants",
        "Here is my thought process: none",
        "plain words",
    ],
)
def test_a_text_without_thoughts_stays_as_it_is(text: str) -> None:
    assert split_thoughts(text) == ("", text)
    assert without_thoughts(text) == text


def test_marks_that_a_server_left_around_thoughts_go() -> None:
    assert bare("<think>\nso\n</think>\n") == "so"
    assert bare(" so ") == "so"


def test_many_marks_take_no_more_than_one_look_each() -> None:
    assert split_thoughts("<think>" * 100_000)[1] == ""
    assert split_thoughts("</think>" * 100_000)[0] == ""
