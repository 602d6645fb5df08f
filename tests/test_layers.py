"""The house: who may import what, no circle between rooms, nothing too large, and docs/architecture.md is true."""

import ast
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
HOUSE = ("app.py", "server", "pages", "proutt_core", "db")

# The one list of who may import what. A room is a folder; the files that lie on a top folder's own floor are the
# ground under it (proutt_core, db) or the roof over it. What stands here and is not so any more fails as well.
GROUND = ("proutt_core", "proutt_core/types")
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "proutt_core": (),
    "proutt_core/actions/sample": (),
    "proutt_core/types": (),
    "proutt_core/dialogues/files": (),
    "proutt_core/display": (),
    "proutt_core/llm": (),
    "proutt_core/statistics": (),
    "proutt_core/traces": (),
    "proutt_core/row_files": ("proutt_core/dialogues/files",),
    "proutt_core/label_files": ("proutt_core/dialogues/files", "proutt_core/row_files", "proutt_core/statistics"),
    "proutt_core/dialogues/personal_data": ("proutt_core/display",),
    "proutt_core/dialogues/readers": ("proutt_core/dialogues/files",),
    "proutt_core/llm/openai": ("proutt_core/llm",),
    "proutt_core/llm/rules": ("proutt_core/llm", "proutt_core/traces"),
    "proutt_core/synthesis/stages": ("proutt_core/llm", "proutt_core/traces"),
    "proutt_core/dialogues": (
        "proutt_core/dialogues/files",
        "proutt_core/dialogues/personal_data",
        "proutt_core/dialogues/readers",
    ),
    "proutt_core/llm/providers": ("proutt_core/llm", "proutt_core/llm/openai", "proutt_core/llm/rules"),
    "proutt_core/synthesis": ("proutt_core/llm", "proutt_core/synthesis/stages", "proutt_core/traces"),
    "proutt_core/dialogues/pairs": (
        "proutt_core/dialogues",
        "proutt_core/dialogues/files",
        "proutt_core/dialogues/personal_data",
        "proutt_core/synthesis",
        "proutt_core/traces",
    ),
    "proutt_core/judge": ("proutt_core/llm", "proutt_core/llm/providers", "proutt_core/traces"),
    "proutt_core/methods": (
        "proutt_core/dialogues/files",
        "proutt_core/llm",
        "proutt_core/llm/providers",
        "proutt_core/row_files",
        "proutt_core/traces",
    ),
    "proutt_core/runs": (
        "proutt_core/display",
        "proutt_core/llm",
        "proutt_core/llm/openai",
        "proutt_core/llm/providers",
        "proutt_core/llm/rules",
        "proutt_core/synthesis",
        "proutt_core/synthesis/stages",
        "proutt_core/traces",
    ),
    "proutt_core/export": ("proutt_core/dialogues/pairs", "proutt_core/traces"),
    "proutt_core/studies": ("proutt_core/judge", "proutt_core/statistics"),
    "proutt_core/jobs": (
        "db",
        "db/jobs",
        "db/studies",
        "proutt_core/llm",
        "proutt_core/llm/openai",
        "proutt_core/llm/providers",
        "proutt_core/runs",
        "proutt_core/synthesis/stages",
    ),
    "proutt_core/jobs/kinds": (
        "db",
        "db/datasets",
        "db/jobs",
        "db/pairs",
        "db/studies",
        "db/synthesis",
        "proutt_core/dialogues",
        "proutt_core/dialogues/pairs",
        "proutt_core/jobs",
        "proutt_core/judge",
        "proutt_core/llm",
        "proutt_core/methods",
        "proutt_core/runs",
        "proutt_core/synthesis",
        "proutt_core/synthesis/stages",
    ),
    "proutt_core/actions": (
        "db/accounts",
        "db/datasets",
        "db/jobs",
        "db/pairs",
        "db/studies",
        "db/synthesis",
        "proutt_core/actions/sample",
        "proutt_core/dialogues",
        "proutt_core/dialogues/pairs",
        "proutt_core/export",
        "proutt_core/jobs",
        "proutt_core/jobs/kinds",
        "proutt_core/judge",
        "proutt_core/llm/providers",
        "proutt_core/methods",
        "proutt_core/runs",
        "proutt_core/statistics",
        "proutt_core/studies",
        "proutt_core/synthesis",
        "proutt_core/synthesis/stages",
        "proutt_core/traces",
    ),
    "proutt_core/commands": (
        "db",
        "db/accounts",
        "db/datasets",
        "db/jobs",
        "db/studies",
        "db/synthesis",
        "proutt_core/actions",
        "proutt_core/dialogues",
        "proutt_core/export",
        "proutt_core/jobs",
        "proutt_core/jobs/kinds",
        "proutt_core/judge",
        "proutt_core/label_files",
        "proutt_core/llm",
        "proutt_core/llm/providers",
        "proutt_core/runs",
        "proutt_core/statistics",
        "proutt_core/studies",
        "proutt_core/traces",
    ),
    "db": ("db/tables",),
    "db/migrations": ("db",),
    "db/tables": ("db",),
    "db/accounts": ("db", "db/tables"),
    "db/blinding": ("db", "db/tables"),
    "db/migrations/versions": ("db/migrations",),
    "db/jobs": ("db", "db/accounts", "db/tables"),
    "db/datasets": ("db", "db/accounts", "db/blinding", "db/jobs", "db/tables"),
    "db/review": ("db", "db/accounts", "db/blinding", "db/tables"),
    "db/synthesis": ("db", "db/accounts", "db/datasets", "db/jobs", "db/tables"),
    "db/pairs": ("db", "db/accounts", "db/review", "db/tables"),
    "db/studies": ("db", "db/accounts", "db/blinding", "db/datasets", "db/jobs", "db/review", "db/tables"),
    "pages/_parts": ("db", "db/accounts", "db/jobs", "db/review", "proutt_core/display", "proutt_core/traces"),
    "pages/_parts/review": (
        "db/accounts",
        "db/review",
        "pages/_parts",
        "proutt_core/dialogues/pairs",
        "proutt_core/display",
        "proutt_core/traces",
    ),
    "pages/_parts/jobs": (
        "db/jobs",
        "db/synthesis",
        "pages/_parts",
        "proutt_core/display",
        "proutt_core/jobs",
        "proutt_core/llm/providers",
        "proutt_core/runs",
    ),
    "pages/_parts/studies": (
        "db/datasets",
        "db/jobs",
        "db/studies",
        "pages/_parts",
        "pages/_parts/jobs",
        "proutt_core/actions",
        "proutt_core/display",
        "proutt_core/judge",
        "proutt_core/label_files",
        "proutt_core/statistics",
        "proutt_core/studies",
    ),
    "pages/_parts/synthesis": (
        "db",
        "db/datasets",
        "db/jobs",
        "db/pairs",
        "db/studies",
        "db/synthesis",
        "pages/_parts",
        "pages/_parts/jobs",
        "proutt_core/actions",
        "proutt_core/dialogues",
        "proutt_core/display",
        "proutt_core/export",
        "proutt_core/jobs",
        "proutt_core/llm/providers",
        "proutt_core/methods",
        "proutt_core/runs",
        "proutt_core/synthesis",
        "proutt_core/synthesis/stages",
        "proutt_core/traces",
    ),
    "pages/_parts/datasets": (
        "db",
        "db/datasets",
        "db/jobs",
        "pages/_parts",
        "pages/_parts/jobs",
        "pages/_parts/synthesis",
        "proutt_core/actions",
        "proutt_core/dialogues",
        "proutt_core/dialogues/pairs",
        "proutt_core/dialogues/personal_data",
        "proutt_core/display",
        "proutt_core/jobs/kinds",
    ),
    "pages": (
        "db/accounts",
        "db/datasets",
        "db/jobs",
        "db/review",
        "db/studies",
        "pages/_parts",
        "pages/_parts/datasets",
        "pages/_parts/jobs",
        "pages/_parts/review",
        "pages/_parts/studies",
        "pages/_parts/synthesis",
        "proutt_core/actions",
        "proutt_core/display",
        "proutt_core/statistics",
    ),
    "server": ("db", "db/accounts", "pages/_parts"),
    ".": ("db", "pages/_parts", "server"),
}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def files(*patterns: str) -> list[str]:
    paths = (path for pattern in patterns for path in PROJECT.glob(pattern))
    return sorted(str(path.relative_to(PROJECT)) for path in paths)


def house() -> list[str]:
    return files("app.py", *(f"{top}/**/*.py" for top in HOUSE[1:]))


def imports(path: str) -> set[str]:
    """Every module a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(tree_of(PROJECT / path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def uses(path: str, package: str) -> set[str]:
    return {name for name in imports(path) if name == package or name.startswith(package + ".")}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def path_by_module() -> Mapping[str, str]:
    return {module_of(path): path for path in house()}


def room_of(path: str) -> str:
    return str(Path(path).parent)


def arrows() -> dict[str, dict[str, set[str]]]:
    """Room → rooms it imports → which files do."""
    result: dict[str, dict[str, set[str]]] = {}
    for path in house():
        rooms = result.setdefault(room_of(path), {})
        names = imports(path) & path_by_module().keys()
        # `from package import module` names both: only the module counts.
        for name in names - {name.rpartition(".")[0] for name in names if name.rpartition(".")[0] in names}:
            target = room_of(path_by_module()[name])
            if target != room_of(path):
                rooms.setdefault(target, set()).add(path)
    return result


def circle_in(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    """The nodes of one circle, in order, or None."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str] | None:
        if node in trail:
            return trail[trail.index(node) :]
        if node in done:
            return None
        circles = (walk(target, [*trail, node]) for target in sorted(graph.get(node, ())))
        circle = next((circle for circle in circles if circle), None)
        done.add(node)
        return circle

    return next((circle for circle in (walk(node, []) for node in sorted(graph)) if circle), None)


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (
        node for node in ast.walk(tree_of(PROJECT / path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


# --- who may import what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", sorted({room_of(path) for path in house()}))
def test_a_room_imports_what_the_list_allows_and_no_more(room: str) -> None:
    targets = {target: paths for target, paths in arrows()[room].items() if target not in GROUND}
    forbidden = {target: paths for target, paths in targets.items() if target not in MAY_IMPORT[room]}
    assert forbidden == {}
    assert sorted(targets) == sorted(MAY_IMPORT[room]), "the list allows what nobody does any more"


def test_there_is_no_circle_between_rooms() -> None:
    graph = {room: set(targets) for room, targets in arrows().items()}
    # Files on the floors of the top folders are rooms of their own: columns.py lies under the tables, migrate.py above.
    for top in HOUSE[1:]:
        graph.pop(top, None)
    assert circle_in(graph) is None


def test_there_is_no_circle_between_files() -> None:
    graph = {}
    for path in house():
        names = imports(path) & path_by_module().keys()
        graph[path] = {path_by_module()[name] for name in names} - {path}
        graph[path] -= {str(parent / "__init__.py") for parent in Path(path).parents}
    assert circle_in(graph) is None


def test_a_circle_is_found_where_there_is_one() -> None:
    assert circle_in({"a": ["b"], "b": ["c"], "c": ["a"]}) == ["a", "b", "c"]
    assert circle_in({"a": ["b", "c"], "b": ["c"], "c": []}) is None


@pytest.mark.parametrize("path", files("proutt_core/**/*.py"))
def test_core_knows_no_screen_and_the_database_only_where_work_is_done(path: str) -> None:
    assert not uses(path, "streamlit") | uses(path, "pages")
    if not path.startswith(("proutt_core/jobs/", "proutt_core/actions/", "proutt_core/commands/")):
        assert not uses(path, "db") | uses(path, "sqlalchemy") | uses(path, "sqlmodel")


@pytest.mark.parametrize("path", files("db/**/*.py"))
def test_database_knows_of_the_core_only_types_and_errors(path: str) -> None:
    assert not uses(path, "streamlit") | uses(path, "pages")
    core = {name for name in uses(path, "proutt_core") if name != "proutt_core"}
    allowed = ("proutt_core.types", "proutt_core.errors", "proutt_core.private_files", "proutt_core.__version__")
    assert {name for name in core if not name.startswith(allowed)} == set()


@pytest.mark.parametrize("path", files("app.py", "server/*.py", "pages/**/*.py"))
def test_pages_hold_no_sql(path: str) -> None:
    assert not uses(path, "sqlalchemy") | uses(path, "sqlmodel") | uses(path, "db.tables") | uses(path, "db.engine")


@pytest.mark.parametrize("path", files("proutt_core/synthesis/stages/*.py"))
def test_stages_never_import_each_other(path: str) -> None:
    others = {name for name in uses(path, "proutt_core.synthesis.stages") if not name.split(".")[-1].startswith("_")}
    shared = {name for name in others if "._" in name or name == "proutt_core.synthesis.stages"}
    if not path.endswith("__init__.py"):
        assert others - shared == set()


@pytest.mark.parametrize("path", files("proutt_core/**/*.py"))
def test_torch_stays_inside_functions(path: str) -> None:
    for node in tree_of(PROJECT / path).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not any(n.split(".")[0] in {"torch", "transformers", "trl", "peft"} for n in names)


# --- the size of things -----------------------------------------------------------------------------------------------


def test_floors_are_uncluttered() -> None:
    assert len(files("proutt_core/*.py")) <= 9
    assert len(files("db/*.py")) <= 10
    folders = {path.name for path in (PROJECT / "pages").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {"_parts"}
    assert not files("pages/_*.py")[1:], "only __init__.py"


def test_functions_and_files_are_small() -> None:
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for path in house() for node in functions(path)]
    assert sum(length > 50 for length in lengths) / len(lengths) <= 0.005
    sources = [len((PROJECT / path).read_text(encoding="utf-8").splitlines()) for path in house()]
    assert statistics.median(length for length in sources if length > 1) <= 110


def test_there_is_something_to_check() -> None:
    assert len(files("proutt_core/**/*.py")) > 100
    assert len(files("db/**/*.py")) > 40


# --- docs/architecture.md ---------------------------------------------------------------------------------------------

ARCHITECTURE = PROJECT / "docs" / "architecture.md"


def rooms_told() -> set[str]:
    """The folders of the page's tree, by their indentation."""
    tree = re.search(r"```\n(.*?)```", ARCHITECTURE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert tree is not None
    folders: set[str] = set()
    trail: list[str] = []
    for line in tree[1].splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        if name.endswith("/"):
            trail = [*trail[:depth], name.rstrip("/")]
            folders.add("/".join(trail))
    return folders


def test_the_page_on_architecture_names_every_room_and_no_other() -> None:
    rooms = rooms_told()
    assert {room for room in rooms if room.split("/")[0] in HOUSE} == {room_of(path) for path in house()} - {"."}
    assert all((PROJECT / room).is_dir() for room in rooms)


def test_the_page_on_architecture_names_files_that_exist() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:proutt_core|db|pages|tests)/[\w/]+(?:\.py|/))`", text))
    assert len(named) > 30
    assert sorted(path for path in named if not (PROJECT / path).exists()) == []
