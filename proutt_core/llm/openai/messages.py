"""An answer's message, whatever its shape: its text, its thoughts, what ended it."""

import re
from dataclasses import dataclass
from typing import Any

# How models mark thoughts in their text, each with its end.
_MARKS = (
    *(("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>")),
    *(("<reasoning>", "</reasoning>"), ("<reason>", "</reason>"), ("<analysis>", "</analysis>")),
    *(("[think]", "[/think]"), ("◁think▷", "◁/think▷"), ("<seed:think>", "</seed:think>")),
    *(("<|start_thinking|>", "<|end_thinking|>"), ("<|begin_of_thought|>", "<|end_of_thought|>")),
    *(("<|thinking|>", "<|/thinking|>"), ("<internal>", "</internal>")),
)
_FINAL = "<|channel|>final<|message|>"  # gpt-oss: other channels hold its thoughts
_HARMONY_MARK = re.compile(r"<\|(?:start|end|return|channel|message|call)\|>")
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)
_THOUGHT_KINDS = ("thinking", "reasoning", "thought", "redacted_thinking", "reasoning.text", "reasoning_content")
_PART_FIELDS = ("text", "thinking", "reasoning", "content", "value")
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "thoughts", "reasoning_details")


@dataclass(frozen=True)
class ReadMessage:
    """`thoughts` came apart from the text, in fields or parts of their own."""

    text: str
    thoughts: str = ""
    is_refusal: bool = False


def message_in(choice: dict[str, Any]) -> ReadMessage:
    """The message of a choice: chat completions, legacy completions (`text`), what a stream left (`delta`)."""
    message = choice.get("message") or choice.get("delta") or choice
    if isinstance(message, str):
        return ReadMessage(message)
    if not isinstance(message, dict):
        return ReadMessage("")
    content = next((message[name] for name in ("content", "text", "output_text") if message.get(name)), "")
    texts: list[str] = []
    thoughts: list[str] = []
    _collect(content, texts, thoughts, depth=0)
    apart = next((said for name in _THOUGHT_FIELDS if (said := _plain(message.get(name)))), "")
    text, refusal = "".join(texts), message.get("refusal")
    if not text and isinstance(refusal, str) and refusal:
        return ReadMessage(refusal, "", is_refusal=True)
    return ReadMessage(text, "\n\n".join(part for part in (apart, "".join(thoughts)) if part.strip()))


def _collect(content: Any, texts: list[str], thoughts: list[str], *, depth: int) -> None:
    """Text and thoughts of a content that is text, a part, or a list of either."""
    if isinstance(content, str):
        texts.append(content)
    elif isinstance(content, list) and depth < 4:
        for part in content:
            _collect(part, texts, thoughts, depth=depth + 1)
    elif isinstance(content, dict):
        kind = content.get("type")
        inner = next(
            (content[name] for name in ("text", "thinking", "reasoning", "content", "value") if content.get(name)), ""
        )
        is_thought = kind in _THOUGHT_KINDS or content.get("thought") is True
        _collect(inner, thoughts if is_thought else texts, thoughts, depth=depth + 1)


def _plain(value: Any) -> str:
    """The text of thoughts that are a text, parts, or something else that is no text."""
    texts: list[str] = []
    if isinstance(value, list):
        _collect(value, texts, texts, depth=0)
    elif isinstance(value, str):
        texts.append(value)
    text = "".join(texts)
    return text if text.strip() else ""


def split_thoughts(text: str) -> tuple[str, str]:
    """A reasoning model's thoughts, and what follows its `<think>…</think>` or other marks.

    The opening mark may be missing, for some templates write it into the prompt. One that is never closed leaves no
    answer: the model was cut off while it thought.
    """
    if _FINAL in text:
        thoughts, _, rest = text.rpartition(_FINAL)
        return _HARMONY_MARK.sub(" ", thoughts).strip(), _HARMONY_MARK.split(rest)[0].strip()
    body = text.lstrip()
    lowered = body.lower()
    for opening, closing in _MARKS:
        if lowered.startswith(opening):
            end = lowered.find(closing, len(opening))
            if end < 0:
                return body[len(opening) :].strip(), ""
            return body[len(opening) : end].strip(), body[end + len(closing) :].strip()
    if not body.startswith(("{", "[", "```")):
        for _, closing in _MARKS:
            end = lowered.find(closing)
            if end >= 0:
                return body[:end].strip(), body[end + len(closing) :].strip()
    return "", text


def is_whole_answer(thoughts: str) -> bool:
    """Whether what came as thoughts is a JSON object and nothing else: a reasoning parser took an answer for them."""
    body = thoughts.strip()
    fenced = _FENCED.fullmatch(body)
    body = fenced.group(1).strip() if fenced else body
    return body.startswith("{") and body.endswith("}")
