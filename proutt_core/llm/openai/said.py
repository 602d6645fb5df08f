"""What the model said, in the parsed body of an answer: the text, the thoughts beside it, how it ended.

Most servers send OpenAI's form. Some send another one at the same address, wrap theirs once more, or send the text in
parts.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["text", "thoughts", "refusal"]

# Thoughts, where a server sends them apart: vLLM, SGLang, DeepSeek, Zhipu; OpenRouter, newer vLLM; Ollama; others.
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thoughts", "reasoning_text", "reasoning_details")
_THOUGHT_PARTS = ("think", "reason", "thought")  # what the type of such a part holds
_TEXTS = ("text", "content", "value", "output_text", "parts", "thinking", "reasoning", "summary")
_PART_KEYS = frozenset((*_TEXTS, "type", "annotations", "logprobs", "thought", "index", "id", "signature", "role"))
_WRAPPERS = ("data", "result", "response", "output", "body", "payload")
_FINISH = ("finish_reason", "stop_reason", "finishReason", "done_reason")
_DEEPEST = 5


@dataclass(frozen=True)
class Said:
    """`text` is "" where none came. `finish` is the server's word for how it ended; None where it said nothing.

    `whole` is the part of the body in which the answer lies, with the usage and the names beside it.
    """

    text: str
    thoughts: str
    refusal: str
    finish: str | None
    whole: Mapping[str, Any]
    choice: Mapping[str, Any]
    arguments: str = ""  # of a tool that the model called, where it called one

    @property
    def is_something(self) -> bool:
        return bool(self.text or self.thoughts or self.refusal or self.arguments)


def said_in(body: object, depth: int = 0) -> Said | None:
    """What the model said, or None where the body has not the shape of an answer, or of none that is known."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, Mapping):
        return None
    choice = _choice(body)
    if choice is not None:
        return _said(_message(choice), body, choice)
    for message in _other_messages(body):
        return _said(message, body, body)
    for name in _WRAPPERS:
        if depth < 2 and isinstance(body.get(name), Mapping | list):
            inner = said_in(body[name], depth + 1)
            if inner is not None:
                beside = {other: value for other, value in body.items() if other != name}
                return replace(inner, whole={**beside, **inner.whole})
    return None


def pieces(content: object, kind: Kind = "text", depth: int = 0) -> Iterator[tuple[Kind, str]]:
    """The texts in what a message holds: a text, a list of parts, a part."""
    if isinstance(content, str):
        yield kind, content
    elif depth < _DEEPEST and isinstance(content, list):
        for part in content:
            yield from pieces(part, kind, depth + 1)
    elif depth < _DEEPEST and isinstance(content, Mapping):
        kind = _kind_of(content, kind)
        name = next((name for name in (*_TEXTS, "refusal") if content.get(name)), None)
        if name is not None:
            yield from pieces(content[name], kind, depth + 1)


def joined(parts: Iterable[tuple[Kind, str]], kind: Kind) -> str:
    return "".join(text for other, text in parts if other == kind)


def thoughts_beside(message: Mapping[str, Any]) -> str:
    """Thoughts that came apart from the text."""
    for name in _THOUGHTS:
        text = joined(pieces(message.get(name), "thoughts"), "thoughts")
        if text.strip():
            return text
    return ""


def _choice(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first choice that holds something, else the first."""
    choices = body.get("choices", body.get("candidates"))  # the latter: Gemini
    choices = list(choices.values()) if isinstance(choices, Mapping) and "message" not in choices else choices
    choices = choices if isinstance(choices, list) else [choices]
    readable = [{"text": c} if isinstance(c, str) else c for c in choices[:16] if isinstance(c, str | Mapping)]
    if not readable:
        return None
    return next((c for c in readable if _said(_message(c), body, c).is_something), readable[0])


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("message", "delta", "messages"):
        inner = choice.get(name)
        inner = inner[-1] if isinstance(inner, list) and inner else inner
        if isinstance(inner, Mapping):
            return inner
        if isinstance(inner, str):
            return {"content": inner}
    return {"content": choice.get("content", choice.get("text"))}


def _other_messages(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The same in the forms of other makers."""
    if isinstance(body.get("message"), Mapping):  # Ollama, Cohere
        yield body["message"]
    if isinstance(body.get("output"), list):  # OpenAI's responses
        yield {"content": body["output"]}
    if body.get("type") == "message" or (
        isinstance(body.get("content"), str) and "model" in body
    ):  # Anthropic, llama.cpp
        yield body
    for name, beside in (("generated_text", ""), ("response", "model"), ("text", "finish_reason"), ("result", "usage")):
        if isinstance(body.get(name), str) and (not beside or beside in body):  # TGI, Ollama, DashScope, Qianfan
            yield {"content": body[name]}


def _said(message: Mapping[str, Any], whole: Mapping[str, Any], choice: Mapping[str, Any]) -> Said:
    content = message.get("content")
    if content is None and isinstance(message.get("text"), str):
        content = message["text"]
    parts = list(pieces(_as_json(content) if _is_parsed_json(content) else content))
    refusal = message.get("refusal")
    beside = thoughts_beside(message) or thoughts_beside(choice)
    return Said(
        text=joined(parts, "text"),
        thoughts="\n\n".join(text for text in (beside, joined(parts, "thoughts")) if text.strip()),
        refusal=refusal if isinstance(refusal, str) and refusal else joined(parts, "refusal"),
        finish=next((value for name in _FINISH if isinstance(value := choice.get(name, whole.get(name)), str)), None),
        whole=whole,
        choice=choice,
        arguments=_arguments(message),
    )


def _kind_of(part: Mapping[str, Any], kind: Kind) -> Kind:
    name = part.get("type")
    name = name.lower() if isinstance(name, str) else ""
    if part.get("thought") is True or any(word in name for word in _THOUGHT_PARTS):
        return "thoughts"
    return "refusal" if name == "refusal" else kind


def _is_parsed_json(content: object) -> bool:
    """Whether a server that checks JSON sends the answer as an object of its own, and not as text."""
    if isinstance(content, Mapping):
        return not isinstance(content.get("type"), str) and not _PART_KEYS.issuperset(content)
    return isinstance(content, list) and any(isinstance(part, Mapping) and _is_parsed_json(part) for part in content)


def _as_json(content: object) -> str:
    try:
        return json.dumps(content, ensure_ascii=False)
    except RecursionError:
        return ""


def _arguments(message: Mapping[str, Any]) -> str:
    """What a model that answers by calling a tool says: some servers have it keep to a schema in this way."""
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and len(calls) == 1 else None
    function = call.get("function") if isinstance(call, Mapping) else message.get("function_call")
    arguments = function.get("arguments") if isinstance(function, Mapping) else None
    return arguments if isinstance(arguments, str) else ""
