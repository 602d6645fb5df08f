"""Messages that name the one before them: the branch that was shown last, or ranked best, out of a tree of versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from proutt_core.dialogues.files.rows import JsonObject
from proutt_core.dialogues.readers.keys import first, view

OTHER_BRANCHES = "other branches of the conversation left out"

_ID_KEYS = ("messageid", "uuid", "id", "nodeid")
_PARENT_KEYS = ("parentmessageid", "parentmessageuuid", "parentid", "parentuuid", "parentnodeid", "parent")
_TIME_KEYS = ("createtime", "createdat", "timestamp", "updatedat", "createddate")
_CHILD_KEYS = ("replies", "children")


def one_branch(messages: list[Any], notes: list[str], *, leaf: object = None) -> list[Any]:
    """The messages from the first to `leaf`; without a leaf, to the best-ranked or else the newest one.

    Messages that do not name each other come back as they are, in their order.
    """
    views = [view(message) if isinstance(message, dict) else {} for message in messages]
    places = {name: place for place, v in enumerate(views) if (name := _name(first(v, _ID_KEYS))) is not None}
    parents: dict[int, int] = {}
    for place, v in enumerate(views):
        parent = places.get(_name(first(v, _PARENT_KEYS)) or "")
        if parent is not None and parent != place:
            parents[place] = parent
    roots = [place for place in range(len(views)) if place not in parents]
    splits = len(set(parents.values())) < len(parents)
    if not parents or (len(roots) > 1 and not splits) or len(roots) > max(1, len(views) // 2):
        return messages
    end = places.get(_name(leaf) or "")
    path = _path(parents, _best(views, parents, roots) if end is None else end)
    if len(path) < len(messages):
        notes.append(OTHER_BRANCHES)
    return [messages[place] for place in path]


def _name(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("$oid")
    return str(value) if isinstance(value, str | int) else None


def _path(parents: Mapping[int, int], end: int) -> list[int]:
    """From the root to `end`. A circle ends where it closes."""
    path: dict[int, None] = {end: None}
    while (parent := parents.get(end)) is not None and parent not in path:
        path[parent] = None
        end = parent
    return list(reversed(path))


def _best(views: list[JsonObject], parents: Mapping[int, int], roots: list[int]) -> int:
    if roots and any(isinstance(v.get("rank"), int) for v in views):
        return _best_ranked(views, parents, roots[0])
    inner = set(parents.values())
    leaves = [place for place in range(len(views)) if place not in inner] or [len(views) - 1]
    return max(leaves, key=lambda place: (*_time(views[place]), place))


def _best_ranked(views: list[JsonObject], parents: Mapping[int, int], place: int) -> int:
    """Down from the root by the lowest rank; among those without a rank, the first."""
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    passed = {place}
    while candidates := [child for child in children.get(place, ()) if child not in passed]:
        place = min(candidates, key=lambda child: (_rank(views[child]), child))
        passed.add(place)
    return place


def _rank(message: JsonObject) -> float:
    rank = message.get("rank")
    return rank if isinstance(rank, int) and not message.get("deleted") else float("inf")


def _time(message: JsonObject) -> tuple[float, str]:
    value = first(message, _TIME_KEYS)
    return (float(value), "") if isinstance(value, float | int) and abs(value) < 1e300 else (0.0, str(value or ""))


def flattened(messages: Iterable[Any]) -> list[Any]:
    """Messages that hold the replies to them, as a list in which each reply names its parent."""
    flat: list[Any] = []
    waiting: list[tuple[Any, Any]] = [(message, None) for message in reversed(list(messages))]
    while waiting:
        message, parent = waiting.pop()
        if not isinstance(message, dict):
            flat.append(message)
            continue
        replies = first(view(message), _CHILD_KEYS)
        held = {key: value for key, value in message.items() if value is not replies}
        if parent is not None and first(view(message), _PARENT_KEYS) is None:
            held["parent_id"] = parent
        flat.append(held)
        if isinstance(replies, list) and all(isinstance(reply, dict) for reply in replies):
            waiting.extend((reply, first(view(message), _ID_KEYS)) for reply in reversed(replies))
    return flat


def holds_replies(messages: Iterable[Any]) -> bool:
    return any(
        isinstance(m, dict)
        and len(m) > 2
        and isinstance(replies := first(view(m), _CHILD_KEYS), list)
        and isinstance(replies[0], dict)
        for m in messages
    )
