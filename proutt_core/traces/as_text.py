"""Traces as text: what a model reads to predict (`render_prompt`), what it writes (`render_trace`), reading it back.

The order of sections, their bracketed names and the `<predict>` lines are those of the released ProUtt files. Ours
differs in two ways: the tree is JSON (theirs is a Python repr; both are read), and the paths have sections of their
own, so that a trace survives the way through text whole. Where a text itself holds one of the marks, it is written
with a backslash behind the mark's first character, and `parse_trace` takes that off again.

For exports: the prompt of a trace is `render_prompt(context, without=trace.left_out)`; an ablated trace lacks sections,
and the instruction must not ask for them. An SFT-only pair (`rejected` None, 'revision' left out) gives no preference
row. Released files are read by `parse_released_trace` where they can be; their traces have no paths.
"""

import json
import re
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring as _string
from typing import Any

from pydantic import ValidationError

from proutt_core.errors import InputError
from proutt_core.traces.ablation import views_of
from proutt_core.traces.instruction import (
    CATEGORY,
    EXPLORATION,
    EXPLORATION_PATHS,
    MINING,
    MINING_PATHS,
    SECTIONS,
    THEREFORE,
    TREE,
    instruction,
    sections_of,
)
from proutt_core.traces.tree_text import first_problem, parse_tree, stored_tree_json, tree_json
from proutt_core.types import IDS_OF_VIEW, VIEWS, Message, Part, Path, Trace, View

__all__ = [
    "parse_predictions",
    "parse_released_trace",
    "parse_trace",
    "render_dialogue",
    "render_prompt",
    "render_stored",
    "render_trace",
    "thoughts_of",
    "tree_json",
    "whole_text",
]

# The backslash goes behind the mark's first character, so that a text's own last backslash cannot hide a mark of ours.
_MARKS = (*SECTIONS, "<think>", "</think>", "<predict>", "</predict>")
_MARK = "|".join(rf"(?<=\{mark[0]})\\*{re.escape(mark[1:])}" for mark in _MARKS)
_PLAIN_MARK = re.compile(f"({_MARK})")
_ESCAPED_MARK = re.compile("|".join(rf"(?<=\{mark[0]})\\+{re.escape(mark[1:])}" for mark in _MARKS))
_HEADING = re.compile(f"({'|'.join(re.escape(mark) for mark in SECTIONS)})")
_THEREFORE = re.escape(THEREFORE).replace(r"\{\}", "(Statement|Question|Instruction)")
_CONCLUSION = re.compile(rf"(.*){_THEREFORE}\s*", flags=re.DOTALL)
_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}
_ANALYSES: dict[View, str] = {"mining": MINING, "exploration": EXPLORATION}
_PATHS: dict[View, str] = {"mining": MINING_PATHS, "exploration": EXPLORATION_PATHS}

# A released file joins its sections by one sentence each: "Then, I need to analyze …".
_RELEASED = (TREE, CATEGORY, MINING, EXPLORATION)
_RELEASED_TREE = re.compile(r"\s*(```[a-z]*\s*\n.*?\n\s*```|\{.*\})\s*([^\n]*)\s*", flags=re.DOTALL)
_RELEASED_CONCLUSION = re.compile(rf"(.*){_THEREFORE}\s*([^\n]*)\s*", flags=re.DOTALL)


def render_dialogue(messages: Sequence[Message]) -> str:
    return "\n\n".join(f"{_ROLES[m.role]}: {m.content}" for m in messages)


def render_prompt(context: Sequence[Message], *, without: frozenset[Part] = frozenset()) -> str:
    """The one prompt for everything that emits traces: training rows, prompted and tuned models."""
    return f"{instruction(without - {'revision'})}\n\nThe dialogue:\n\n{render_dialogue(context)}"


def render_trace(trace: Trace) -> str:
    """The trace as training text; what it lacks has no section.

    `parse_trace(render_trace(t), without=t.left_out) == t` where the ids are PREDICTION_IDS in order and predictions
    have paths.
    """
    return render_stored(trace.model_dump())


def render_stored(trace: dict[str, Any]) -> str:
    """The same for a trace as it is stored, its JSON as plain values: a Trace each would slow an export of many."""
    sections: list[str] = []
    predictions: list[str] = []
    if trace["tree"] is not None:
        sections.append(f"{TREE}\n{_escape(stored_tree_json(trace['tree']))}")
    if trace["category"] is not None:
        reasoning = _escape(trace["category_reasoning"])
        sections.append(f"{CATEGORY}\n{reasoning}\n{THEREFORE.format(trace['category'])}")
    for view in VIEWS:
        if (half := trace[view]) is None:
            continue
        sections.append(f"{_ANALYSES[view]}\n{_escape(half['reasoning'])}")
        paths = [path for prediction in half["predictions"] if (path := prediction["path"]) is not None]
        if paths:
            sections.append(f"{_PATHS[view]}\n{_escape(_paths_json(paths))}")
        predictions += [f"<predict>{_escape(prediction['text'])}</predict>" for prediction in half["predictions"]]
    thoughts = "\n\n".join(sections)
    return f"<think>\n{thoughts}\n</think>\n" + "\n".join(predictions)


def parse_trace(text: str, *, without: frozenset[Part] = frozenset()) -> Trace:
    """Read a trace from text: every section that was not left out, and no other. Raises InputError that names the
    section that is missing, unreadable or not asked for.
    """
    plain = _line_ends(text)
    views = views_of(without)
    body = _sections(thoughts_of(plain), expected=sections_of(without))
    texts = parse_predictions(plain, count=2 * len(views))
    fields: dict[str, Any] = {}
    if CATEGORY in body:
        conclusion = _CONCLUSION.fullmatch(body[CATEGORY])
        if conclusion is None:
            raise InputError(f"trace: {CATEGORY} does not end with '{THEREFORE.format('…')}'")
        fields |= {"category": conclusion[2], "category_reasoning": _unescape(conclusion[1])}
    if TREE in body:
        fields["tree"] = parse_tree(_unescape(body[TREE]))
    for i, view in enumerate(views):
        paths = _paths(view, _unescape(body[_PATHS[view]]))
        reasoning = _unescape(body[_ANALYSES[view]])
        fields[view] = _view(view, reasoning, texts[2 * i : 2 * i + 2], paths)
    return _trace(fields)


def parse_released_trace(text: str) -> Trace:
    """A trace of a released ProUtt file. Its paths stand in its prose only, so that no prediction has one.

    Released files escape nothing. Raises InputError where the text does not have their form to the letter, or holds
    what a trace cannot hold (a nested attribute, a label over 120 characters, more or fewer than four predictions):
    such a text is to be kept verbatim.
    """
    plain = _line_ends(text)
    thoughts = thoughts_of(plain)
    body = _sections(thoughts, expected=_RELEASED)
    tree = _RELEASED_TREE.fullmatch(body[TREE])
    conclusion = _RELEASED_CONCLUSION.fullmatch(body[CATEGORY])
    if tree is None or conclusion is None or "\n" in thoughts.partition(TREE)[0].strip():
        raise InputError("trace: not in the form of a released file")
    texts = _utterances(plain, count=4)
    fields: dict[str, Any] = {
        "tree": parse_tree(tree[1]),
        "category": conclusion[2],
        "category_reasoning": conclusion[1],
    }
    for i, view in enumerate(views_of(frozenset())):
        fields[view] = _view(view, body[_ANALYSES[view]], texts[2 * i : 2 * i + 2], (None, None))
    return _trace(fields)


def thoughts_of(text: str) -> str:
    """The text inside the trace's own think tags, unchanged. Raises InputError where they are not closed.

    The last tags count: a reasoning model may have written thoughts of its own first. Some templates leave the opening
    tag out.
    """
    thoughts, end, _ = text.rpartition("</think>")
    if not end:
        raise InputError("trace: no </think>")
    return thoughts.rpartition("<think>")[2].strip()


def whole_text(text: str, thoughts: str | None) -> str:
    """A trace's text, put together again where a server took it apart at the think tags, which most then leave out.

    Thoughts that hold no section of a trace are a reasoning model's own: the text is whole without them.
    """
    if not thoughts or "</think>" in text or not _HEADING.search(thoughts):
        return text
    inner = thoughts.strip().removeprefix("<think>").removesuffix("</think>").strip()
    return f"<think>\n{inner}\n</think>\n{text.lstrip()}"


def parse_predictions(text: str, *, count: int = 4) -> tuple[str, ...]:
    """The predicted utterances of a trace's text. Raises InputError unless there are `count`, none of them empty."""
    return tuple(_unescape(utterance) for utterance in _utterances(_line_ends(text), count=count))


def _utterances(text: str, *, count: int) -> list[str]:
    utterances = list(_between(text.rpartition("</think>")[2], "<predict>", "</predict>"))
    if len(utterances) != count:
        raise InputError(f"trace: {len(utterances)} <predict> lines instead of {count}")
    if any(not utterance.strip(" \t\r\n") for utterance in utterances):
        raise InputError("trace: an empty <predict>")
    return utterances


def _between(text: str, opening: str, closing: str) -> Iterator[str]:
    """What stands between marks, in one look at the text: a pattern would look to its end again for each mark."""
    start, end = text.find(opening), 0
    while start >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        yield text[start + len(opening) : end]
        start = text.find(opening, end + len(closing))


def _sections(thoughts: str, *, expected: Sequence[str]) -> dict[str, str]:
    parts = _HEADING.split(thoughts)
    names, bodies = parts[1::2], parts[2::2]
    missing = [name for name in expected if name not in names]
    if missing:
        raise InputError(f"trace: no section {', '.join(missing)}")
    repeated = [name for name in expected if names.count(name) > 1]
    if repeated:
        raise InputError(f"trace: section {', '.join(repeated)} appears more than once")
    surplus = [name for name in names if name not in expected]
    if surplus:
        raise InputError(f"trace: section {', '.join(surplus)} was not asked for")
    return dict(zip(names, bodies, strict=True))


def _paths(view: View, text: str) -> tuple[Path, Path]:
    try:
        first, second = (Path.model_validate({"view": view, **path}) for path in json.loads(text))
    except (ValueError, TypeError, RecursionError) as exc:
        raise InputError(f"trace: the {view} paths are not two objects with source, node and leaf") from exc
    return first, second


def _view(view: View, reasoning: str, texts: Sequence[str], paths: tuple[Path | None, Path | None]) -> dict[str, Any]:
    predictions = [
        {"id": id_, "text": text, "path": path} for id_, text, path in zip(IDS_OF_VIEW[view], texts, paths, strict=True)
    ]
    return {"view": view, "reasoning": reasoning, "predictions": predictions}


def _trace(fields: dict[str, Any]) -> Trace:
    try:
        return Trace.model_validate(fields)
    except ValidationError as exc:
        raise InputError(f"trace: {first_problem(exc)}") from exc


def _paths_json(paths: list[dict[str, str]]) -> str:
    objects = [
        f'{{"source": {_string(p["source"])}, "node": {_string(p["node"])}, "leaf": {_string(p["leaf"])}}}'
        for p in paths
    ]
    return f"[{', '.join(objects)}]"


def _escape(text: str) -> str:
    # Each mark, escaped or not, ends with one of these; nearly always there is none.
    if "]:" not in text and "think>" not in text and "predict>" not in text:
        return text
    return _PLAIN_MARK.sub(r"\\\1", text)


def _unescape(text: str) -> str:
    return _ESCAPED_MARK.sub(lambda match: match[0][1:], text)


def _line_ends(text: str) -> str:
    """A file written with CRLF throughout is read as one with LF; a lone CRLF inside a text is that text's own."""
    return text.replace("\r\n", "\n") if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else text
