"""A reasoning model's text taken apart: its thoughts, between the marks of its maker, and what it answers.

A server that knows the model takes the thoughts out itself; one that does not hands the marks through.
"""

import re
from dataclasses import dataclass

# How often one text may open or close thoughts; beyond that it is no reasoning model's.
_MOST_THOUGHTS = 8
_ANSWER_BEGINS = ("{", "[", "```")


@dataclass(frozen=True)
class _Marks:
    """Patterns of what opens and closes thoughts. `words`: ordinary words, that mean nothing unless both are there."""

    opening: str
    closing: str
    words: bool = False


_NAMES = r"(?:[a-z]+:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad)"
_MARKS = (
    _Marks(rf"<{_NAMES}>", rf"</{_NAMES}>"),  # Qwen, DeepSeek, GLM, EXAONE, Reka, Seed (<seed:think>) and most others
    _Marks(r"\[THINK\]", r"\[/THINK\]"),  # Mistral
    _Marks(r"◁think▷", r"◁/think▷"),  # Kimi
    _Marks(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    _Marks(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Cohere
    _Marks(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    _Marks(r"<\|channel>thought", r"<channel\|>"),  # Gemma
    _Marks(r"<unused94>(?:thought)?", r"<unused95>"),  # MedGemma
    # gpt-oss, with its special tokens and where a server drops them; each of its channels is a message of its own.
    _Marks(
        r"(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)(?:[^<{]*<\|constrain\|>)?[^<{]*<\|message\|>",
        r"<\|(?:end|call)\|>|(?=<\|start\|>|<\|channel\|>)",
    ),
    _Marks(r"analysis(?=\S)", r"assistantfinal(?:json)?", words=True),
    _Marks(r"Here(?: is|'s) my thought process:", r"Here(?: is|'s) my response:", words=True),  # Granite
)
_OPENINGS = [(marks, re.compile(rf"(?:{marks.opening})\s*", re.I), re.compile(marks.closing, re.I)) for marks in _MARKS]
# Closings that tell by themselves that thoughts went before: some templates write the opening mark into the prompt.
_CLOSING = re.compile("|".join(marks.closing for marks in _MARKS[:8]), re.IGNORECASE)

# What some models put around the answer itself.
_BEFORE_ANSWER = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>final(?:[^<{]*<\|constrain\|>)?[^<{]*<\|message\|>|<(?:answer|response)>|"
    r"<\|(?:begin_of_(?:solution|box|answer)|START_(?:RESPONSE|TEXT))\|>",
    re.IGNORECASE,
)
_AFTER_ANSWER = (
    *(
        "</answer>",
        "</response>",
        "</s>",
        "<end_of_turn>",
        "<|end_of_solution|>",
        "<|end_of_box|>",
        "<|end_of_answer|>",
    ),
    *("<|end_of_text|>", "<|end_response|>", "<|end_text|>", "<|end_of_turn_token|>", "<|return|>", "<|end|>"),
    *("<|im_end|>", "<|eot_id|>", "<|endoftext|>"),
)
_LONGEST_END = max(map(len, _AFTER_ANSWER))


def split_thoughts(text: str) -> tuple[str, str]:
    """The thoughts, and what follows them; ("", the text as it is) where there are none.

    Thoughts that are never closed leave no answer: the model was cut off while it thought.
    """
    thoughts: list[str] = []
    rest = text.lstrip()
    for _ in range(_MOST_THOUGHTS):
        parts = _first_thoughts(rest)
        if parts is None:
            break
        thoughts.append(parts[0])
        rest = parts[1]
    if not thoughts:
        return "", text
    return "\n\n".join(part for part in thoughts if part), _unmarked(rest)


def without_thoughts(text: str) -> str:
    """The answer alone, without the marks that some models put around it or end it with."""
    if text.startswith("{") and text.endswith("}"):
        return text
    _, rest = split_thoughts(text)
    return _unmarked(rest.strip())


def _unmarked(answer: str) -> str:
    opening = _BEFORE_ANSWER.match(answer)
    if opening is not None:
        answer = answer[opening.end() :]
    for _ in _AFTER_ANSWER:
        end = answer[-_LONGEST_END:].lower()
        mark = next((mark for mark in _AFTER_ANSWER if end.endswith(mark)), "")
        answer = answer[: len(answer) - len(mark)].rstrip()
    return answer.strip()


def bare(thoughts: str) -> str:
    """Thoughts that came apart, without marks that a server left around them."""
    inner, rest = split_thoughts(thoughts)
    return f"{inner}\n\n{rest}".strip() if inner else thoughts.strip()


def _first_thoughts(text: str) -> tuple[str, str] | None:
    for marks, opening, closing in _OPENINGS:
        begin = opening.match(text)
        if begin is None:
            continue
        end = closing.search(text, begin.end())
        if end is not None:
            return text[begin.end() : end.start()].strip(), text[end.end() :].strip()
        if not marks.words:
            return text[begin.end() :].strip(), ""
    if text.startswith(_ANSWER_BEGINS):
        return None
    end = _CLOSING.search(text)
    return None if end is None else (text[: end.start()].strip(), text[end.end() :].strip())
