"""Traces as text: what a model reads to predict (`render_prompt`), what it writes (`render_trace`), reading it back.

The order of sections, their bracketed names and the four `<predict>` lines are those of the released ProUtt files. Ours
differs in two ways: the tree is JSON (theirs is a Python repr; `parse_trace` reads both), and the paths have sections
of their own, so that a trace survives the way through text whole. Where a text itself holds one of the marks, it is
written with a backslash behind the mark's first character, and `parse_trace` takes that off again.
"""

import ast
import json
import re
from collections.abc import Sequence

from pydantic import ValidationError

from proutt_core.errors import InputError
from proutt_core.types import (
    PREDICTION_IDS,
    Attribute,
    IntentTree,
    Message,
    Path,
    Prediction,
    Topic,
    Trace,
    View,
    ViewReasoning,
)

_TREE = "[User Intent Tree]:"
_CATEGORY = "[Analysis of the sentence category for the user's next input]:"
_MINING = "[Mining View Analysis]:"
_MINING_PATHS = "[Mining Paths]:"
_EXPLORATION = "[Exploration View Analysis]:"
_EXPLORATION_PATHS = "[Exploration Paths]:"
_SECTIONS = (_TREE, _CATEGORY, _MINING, _MINING_PATHS, _EXPLORATION, _EXPLORATION_PATHS)
_THEREFORE = "Therefore, the sentence category for the user's next input is most likely {}."

# The backslash goes behind the mark's first character, so that a text's own last backslash cannot hide a mark of ours.
_MARKS = (*_SECTIONS, "<think>", "</think>", "<predict>", "</predict>")
_MARK = "|".join(rf"(?<=\{mark[0]})\\*{re.escape(mark[1:])}" for mark in _MARKS)
_PLAIN_MARK = re.compile(f"({_MARK})")
_MARK_ENDS = ("]:", "think>", "predict>")  # each mark, escaped or not, ends with one of these
_ESCAPED_MARK = re.compile("|".join(rf"(?<=\{mark[0]})\\+{re.escape(mark[1:])}" for mark in _MARKS))
_HEADING = re.compile(f"({'|'.join(re.escape(mark) for mark in _SECTIONS)})")
_PREDICT = re.compile(r"<predict>(.*?)</predict>", flags=re.DOTALL)
_CONCLUSION = re.compile(
    r"(.*)" + re.escape(_THEREFORE).replace(r"\{\}", "(Statement|Question|Instruction)") + r"\s*", flags=re.DOTALL
)
_json = json.JSONEncoder(ensure_ascii=False).encode
_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}

INSTRUCTION = f"""\
Read the dialogue between a user and an assistant and predict what the user says next.

1. Intent tree. What the user has asked for so far: topics, their attributes, and a short value of each, as JSON: \
{{"topic": {{"attribute": "value"}}}}.
2. Sentence category. Reason, above all from the assistant's last reply, whether the user will make a Statement \
(gives information, an opinion or thanks), ask a Question, or give an Instruction (wants something done).
3. Mining. How the user may go on with a topic of the tree: a new attribute of it, or another value of one. Two \
paths: source (a topic of the tree), node (the attribute), leaf (its value).
4. Exploration. Which new but related topic the user may turn to. Two paths: source (a topic of the tree), node \
(the new topic, not in the tree), leaf (an attribute of it).
Then four predictions, one for each path in order, of the predicted category, written as the user would write them \
and in the dialogue's language.

Answer in exactly this form:
<think>
{_TREE}
{{"topic": {{"attribute": "value"}}}}

{_CATEGORY}
reasoning
{_THEREFORE.format("Question")}

{_MINING}
reasoning

{_MINING_PATHS}
[{{"source": "…", "node": "…", "leaf": "…"}}, {{"source": "…", "node": "…", "leaf": "…"}}]

{_EXPLORATION}
reasoning

{_EXPLORATION_PATHS}
[{{"source": "…", "node": "…", "leaf": "…"}}, {{"source": "…", "node": "…", "leaf": "…"}}]
</think>
<predict>mining, path 1</predict>
<predict>mining, path 2</predict>
<predict>exploration, path 1</predict>
<predict>exploration, path 2</predict>"""


def render_dialogue(messages: Sequence[Message]) -> str:
    return "\n\n".join(f"{_ROLES[m.role]}: {m.content}" for m in messages)


def render_prompt(context: Sequence[Message]) -> str:
    """The one prompt for everything that emits traces: training rows, prompted and tuned models."""
    return f"{INSTRUCTION}\n\nThe dialogue:\n\n{render_dialogue(context)}"


def tree_json(tree: IntentTree) -> str:
    """The tree as a nested JSON object. An attribute that a topic has twice stays twice, or text would lose a value."""
    topics = (f"{_json(t.topic)}: {{{_pairs([(a.attribute, a.value) for a in t.attributes])}}}" for t in tree.topics)
    return "{" + ", ".join(topics) + "}"


def render_trace(trace: Trace) -> str:
    """The trace as training text. `parse_trace(render_trace(t)) == t` where the ids are PREDICTION_IDS in order."""
    sections = (
        (_TREE, tree_json(trace.tree)),
        (_CATEGORY, f"{_escape(trace.category_reasoning)}\n{_THEREFORE.format(trace.category)}"),
        (_MINING, trace.mining.reasoning),
        (_MINING_PATHS, _paths_json(trace.mining)),
        (_EXPLORATION, trace.exploration.reasoning),
        (_EXPLORATION_PATHS, _paths_json(trace.exploration)),
    )
    thoughts = "\n\n".join(f"{name}\n{text if name == _CATEGORY else _escape(text)}" for name, text in sections)
    predictions = "\n".join(f"<predict>{_escape(p.text)}</predict>" for p in trace.predictions)
    return f"<think>\n{thoughts}\n</think>\n{predictions}"


def parse_trace(text: str) -> Trace:
    """Read a trace from text. Raises InputError that names the section missing or unreadable.

    Released files lack the two sections of paths and are refused for that; `parse_predictions` reads their predictions.
    """
    plain = _line_ends(text)
    body = _sections(thoughts_of(plain))
    concluded = _CONCLUSION.fullmatch(body[_CATEGORY])
    if concluded is None:
        raise InputError(f"trace: {_CATEGORY} does not end with '{_THEREFORE.format('…')}'")
    texts = parse_predictions(plain)
    tree = _parse_tree(_unescape(body[_TREE]))
    try:
        return Trace.model_validate(
            {
                "tree": tree,
                "category": concluded[2],
                "category_reasoning": _unescape(concluded[1]),
                "mining": _view("mining", body[_MINING], _unescape(body[_MINING_PATHS]), texts),
                "exploration": _view("exploration", body[_EXPLORATION], _unescape(body[_EXPLORATION_PATHS]), texts),
            }
        )
    except ValidationError as exc:
        raise InputError(f"trace: {_first_problem(exc)}") from exc


def thoughts_of(text: str) -> str:
    """What stands in the trace's own think tags, as it stands. Raises InputError where they are not closed.

    The last tags: a reasoning model may have thought for itself first. Some templates leave the opening tag out.
    """
    thoughts, end, _ = text.rpartition("</think>")
    if not end:
        raise InputError("trace: no </think>")
    return thoughts.rpartition("<think>")[2].strip()


def parse_predictions(text: str) -> tuple[str, str, str, str]:
    """The four predicted utterances of a trace's text, ours or released. Raises InputError unless there are four."""
    answer = _line_ends(text).rpartition("</think>")[2]
    found = [_unescape(match) for match in _PREDICT.findall(answer)]
    if len(found) != 4:
        raise InputError(f"trace: {len(found)} <predict> lines instead of 4")
    if any(not utterance.strip(" \t\r\n") for utterance in found):
        raise InputError("trace: an empty <predict>")
    first, second, third, fourth = found
    return first, second, third, fourth


def _sections(thoughts: str) -> dict[str, str]:
    parts = _HEADING.split(thoughts)
    names, bodies = parts[1::2], parts[2::2]
    missing = [name for name in _SECTIONS if name not in names]
    if missing:
        raise InputError(f"trace: no section {', '.join(missing)}")
    twice = [name for name in _SECTIONS if names.count(name) > 1]
    if twice:
        raise InputError(f"trace: section {', '.join(twice)} appears more than once")
    return dict(zip(names, bodies, strict=True))


def _view(view: View, reasoning: str, paths: str, texts: Sequence[str]) -> ViewReasoning:
    start = 0 if view == "mining" else 2
    try:
        found = json.loads(paths)
        first, second = (Path.model_validate({"view": view, **path}) for path in found)
    except (ValueError, TypeError, RecursionError) as exc:
        raise InputError(f"trace: the {view} paths are not two objects with source, node and leaf") from exc
    one, two = (
        Prediction(id=PREDICTION_IDS[start + i], text=texts[start + i], path=path)
        for i, path in enumerate((first, second))
    )
    return ViewReasoning(view=view, reasoning=_unescape(reasoning), predictions=(one, two))


def _parse_tree(text: str) -> IntentTree:
    body = text.strip()
    fenced = re.fullmatch(r"```[a-z]*\s*\n(.*?)\n\s*```", body, flags=re.DOTALL)
    body = fenced[1].strip() if fenced else body
    try:
        pairs = json.loads(body, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        pairs = _python_pairs(body)
    # Objects came as tuples of pairs, arrays as lists: only the former are trees.
    if not isinstance(pairs, tuple) or not all(isinstance(attributes, tuple) for _, attributes in pairs):
        raise InputError(f"trace: {_TREE} is not an object of topics, each an object of attributes")
    try:
        return IntentTree(
            topics=tuple(
                Topic(topic=topic, attributes=tuple(Attribute(attribute=a, value=v) for a, v in attributes))
                for topic, attributes in pairs
            )
        )
    except ValidationError as exc:
        raise InputError(f"trace: {_TREE} {_first_problem(exc)}") from exc


def _python_pairs(body: str) -> object:
    """The tree of a released file: a Python dict's repr."""
    try:
        found = ast.literal_eval(body)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as exc:
        raise InputError(f"trace: {_TREE} is neither JSON nor a Python dict") from exc
    if not isinstance(found, dict):
        return found
    return tuple((topic, tuple(a.items()) if isinstance(a, dict) else a) for topic, a in found.items())


def _paths_json(view: ViewReasoning) -> str:
    paths = [{"source": p.path.source, "node": p.path.node, "leaf": p.path.leaf} for p in view.predictions]
    return _json(paths)


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{_json(name)}: {_json(value)}" for name, value in pairs)


def _escape(text: str) -> str:
    if not any(end in text for end in _MARK_ENDS):  # nearly always; an export of many pairs lives on it
        return text
    return _PLAIN_MARK.sub(r"\\\1", text)


def _unescape(text: str) -> str:
    return _ESCAPED_MARK.sub(lambda match: match[0][1:], text)


def _line_ends(text: str) -> str:
    """A file written with CRLF throughout is read as one with LF; a lone CRLF inside a text is that text's own."""
    return text.replace("\r\n", "\n") if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else text


def _first_problem(exc: ValidationError) -> str:
    error = exc.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
