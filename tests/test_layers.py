"""Imports go one way: app.py, pages → db, proutt_core; db → proutt_core.types and errors; proutt_core → itself."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
# The only places of the core that may know the database: the command line and the worker.
MAY_USE_DB = ("proutt_core/__main__.py", "proutt_core/jobs/", "proutt_core/actions/", "proutt_core/commands/")


def files(*patterns: str) -> list[str]:
    return sorted(str(p.relative_to(PROJECT)) for pattern in patterns for p in PROJECT.glob(pattern))


def imports(path: str) -> set[str]:
    """Every module a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def uses(path: str, package: str) -> set[str]:
    return {name for name in imports(path) if name == package or name.startswith(package + ".")}


@pytest.mark.parametrize("path", files("proutt_core/**/*.py"))
def test_core_knows_no_screen_and_no_database(path: str) -> None:
    assert not uses(path, "streamlit")
    assert not uses(path, "pages")
    if not path.startswith(MAY_USE_DB):
        assert not uses(path, "db")
        assert not uses(path, "sqlalchemy") | uses(path, "sqlmodel")


@pytest.mark.parametrize("path", files("db/**/*.py"))
def test_database_knows_only_the_nouns_and_errors_of_the_core(path: str) -> None:
    assert not uses(path, "streamlit") | uses(path, "pages")
    core = {name for name in uses(path, "proutt_core") if name != "proutt_core"}
    allowed = ("proutt_core.types", "proutt_core.errors", "proutt_core.__version__")
    assert {name for name in core if not name.startswith(allowed)} == set()


@pytest.mark.parametrize("path", files("app.py", "pages/**/*.py"))
def test_pages_hold_no_sql(path: str) -> None:
    assert not uses(path, "sqlalchemy") | uses(path, "sqlmodel") | uses(path, "db.tables") | uses(path, "db.engine")


@pytest.mark.parametrize("path", files("proutt_core/stages/*.py"))
def test_stages_never_import_each_other(path: str) -> None:
    others = {name for name in uses(path, "proutt_core.synthesis.stages") if not name.split(".")[-1].startswith("_")}
    shared = {name for name in others if "._" in name or name == "proutt_core.synthesis.stages"}
    if not path.endswith("__init__.py"):
        assert others - shared == set()


@pytest.mark.parametrize("path", files("proutt_core/**/*.py"))
def test_torch_stays_inside_functions(path: str) -> None:
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not any(n.split(".")[0] in {"torch", "transformers", "trl", "peft"} for n in names)


def test_there_is_something_to_check() -> None:
    assert len(files("proutt_core/**/*.py")) > 20
    assert len(files("db/**/*.py")) > 5
