"""Stored settings are read and written as values: nobody else looks a setting up by its name."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
# Where what is stored becomes a value and back, and what the database itself reads of it.
PLACES = {
    "db/stored_settings.py",
    "proutt_core/judge/settings.py",
    "proutt_core/llm/providers/model_ref.py",
    "proutt_core/methods/settings.py",
    "proutt_core/runs/request.py",
}


def sources() -> list[str]:
    paths = [path for folder in ("db", "pages", "proutt_core") for path in (PROJECT / folder).rglob("*.py")]
    return sorted(str(path.relative_to(PROJECT)) for path in paths if "migrations" not in path.parts)


def look_ups(source: str) -> list[int]:
    """Lines with `settings[…]`, `settings.get(…)`, `… in settings`, also of an attribute of that name."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr) and _looks_up(node)]


def _looks_up(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return _is_settings(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("get", "pop", "setdefault") and _is_settings(node.func.value)
    if isinstance(node, ast.Compare):
        asks = any(isinstance(how, ast.In | ast.NotIn) for how in node.ops)
        return asks and any(_is_settings(side) for side in node.comparators)
    return False


def _is_settings(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "settings") or (
        isinstance(node, ast.Attribute) and node.attr == "settings"
    )


@pytest.mark.parametrize("path", [path for path in sources() if path not in PLACES])
def test_settings_are_looked_up_where_they_are_stored_only(path: str) -> None:
    assert look_ups((PROJECT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    ["job.settings['seed']", "settings['seed']", "method.settings.get('kind')", "x = 'upstream' not in job.settings"],
)
def test_every_way_of_looking_one_up_is_seen(line: str) -> None:
    assert look_ups(line) == [1]


def test_the_places_are_there() -> None:
    assert set(sources()) >= PLACES
