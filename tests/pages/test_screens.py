"""The table of screens and roles is complete, and the only place where roles stand."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from proutt_core.types import AccountRole, screens
from proutt_core.types.screens import FILE_HANDLERS, KNOWING_ROLES, ROLE_TITLES, SCREENS, WORK, Screen
from tests.pages.conftest import PAGES

PROJECT = PAGES.parent
FILES = sorted(
    str(path.relative_to(PROJECT))
    for path in (PROJECT / "app.py", *(PROJECT / "server").glob("*.py"), *PAGES.rglob("*.py"))
)
SCRIPTS = sorted(path.name for path in PAGES.glob("[a-z]*.py") if path.name != "router.py")
# Their first argument is a screen's name.
OF_A_SCREEN = frozenset({"acting", "download", "may_open", "require_screen", "screen", "screen_fragment"})
WHO = "pages/_parts/who.py"
LEADS = frozenset({"page_link", "switch_page"})


@cache
def parsed(file: str) -> ast.Module:
    return ast.parse((PROJECT / file).read_text(encoding="utf-8"))


def calls(file: str, *names: str) -> Iterator[ast.Call]:
    """Calls of functions or methods of these names."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called in names:
                yield node


def literals(nodes: list[ast.expr]) -> list[ast.Constant]:
    return [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_every_script_is_in_the_table_and_every_row_has_its_script() -> None:
    assert sorted(screen.script for screen in SCREENS) == SCRIPTS
    assert SCREENS[0].name == "home"


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_asks_for_its_own_screen_before_it_draws_anything(script: str) -> None:
    statements = [ast.unparse(statement) for statement in parsed(f"pages/{script}").body if acts(statement)]
    assert statements[0].removeprefix("who = ") == f"require_screen('{script.removesuffix('.py')}')"


@pytest.mark.parametrize("file", FILES)
def test_whatever_is_drawn_or_fetched_without_the_pages_first_line_asks_who_is_there(file: str) -> None:
    """Fragments and dialogs rerun alone, and a button's file is made at the click: a bare one outlives the right."""
    attributes = [node for node in ast.walk(parsed(file)) if isinstance(node, ast.Attribute)]
    bare = [(node.attr, node.lineno) for node in attributes if node.attr in ("fragment", "dialog")]
    assert len(bare) == (1 if file == WHO else 0), bare
    from_streamlit = [node for node in ast.walk(parsed(file)) if isinstance(node, ast.ImportFrom)]
    assert not [name.name for node in from_streamlit if node.module == "streamlit" for name in node.names]
    for button in calls(file, "download_button"):
        data = [word.value for word in button.keywords if word.arg == "data"] or button.args[1:2]
        assert [ast.unparse(node).split("(")[0] for node in data] == ["download"]


@pytest.mark.parametrize("file", FILES)
def test_keys_of_widgets_hold_no_id_of_the_database(file: str) -> None:
    """The browser gets them. Public ids are random; an assignment's and an uploaded file's are too."""
    nodes = list(ast.walk(parsed(file)))
    keys = [word.value for node in nodes if isinstance(node, ast.Call) for word in node.keywords if word.arg == "key"]
    keys += [node.value for node in nodes if isinstance(node, ast.Assign) and "key" in ast.unparse(node.targets[0])]
    for key in keys:
        for part in (node for node in ast.walk(key) if isinstance(node, ast.FormattedValue)):
            ids = {word for word in re.findall(r"\w+", ast.unparse(part)) if word == "id" or word.endswith("_id")}
            of_database = {word for word in ids if not word.endswith(("public_id", "assignment_id", "file_id"))}
            assert not of_database, (ast.unparse(key), part.lineno)


def acts(statement: ast.stmt) -> bool:
    """Calls something when the script runs, other than to make a component, which draws nothing yet."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef) or "st.components" in ast.unparse(statement):
        return False
    return any(isinstance(node, ast.Call) for node in ast.walk(statement))


@pytest.mark.parametrize("file", FILES)
def test_screens_are_named_as_in_the_table(file: str) -> None:
    # `may_open(who, "synthesis")` has the name second.
    named = [constant.value for call in calls(file, *OF_A_SCREEN) for constant in literals(call.args)]
    assert set(named) <= {screen.name for screen in SCREENS}
    leading = [constant.value for call in calls(file, *LEADS) for constant in literals(call.args[:1])]
    assert set(leading) <= {screen.script for screen in SCREENS}


@pytest.mark.parametrize("file", FILES)
def test_roles_stand_in_the_table_alone(file: str) -> None:
    screen_names = {id(constant) for call in calls(file, *OF_A_SCREEN) for constant in literals(call.args)}
    constants = [node for node in ast.walk(parsed(file)) if isinstance(node, ast.Constant)]
    assert [
        (constant.value, constant.lineno)
        for constant in constants
        if constant.value in get_args(AccountRole) and id(constant) not in screen_names
    ] == []


def test_the_words_of_the_table_can_be_extracted() -> None:
    """What `xgettext --keyword=N_` finds: literals in calls of `N_`."""
    source = str(Path(screens.__file__).relative_to(PROJECT))
    extracted = {constant.value for call in calls(source, "N_") for constant in literals(call.args)}
    menus = {screen.menu for screen in SCREENS} - {"", screens.PERSON_MENU}
    titles = {screen.title for screen in SCREENS} | {work.title for work in WORK.values()}
    assert menus | titles | set(ROLE_TITLES.values()) == extracted


def test_every_role_has_a_title() -> None:
    assert tuple(ROLE_TITLES) == get_args(AccountRole)


def test_who_is_given_which_work() -> None:
    """Section 7 of the design."""
    assert {kind: set(work.roles) for kind, work in WORK.items()} == {
        "pair": {"annotator", "reviewer", "researcher", "admin"},
        "tree": {"reviewer", "researcher", "admin"},
        "compare": {"annotator", "reviewer"},
    }


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_what_a_screen_says_of_roles_fits_together(screen: Screen) -> None:
    assert set(screen.daily) <= set(screen.roles)
    assert set(screen.acting_roles) <= set(screen.roles)
    # Who may open it and has it neither in the row nor in a menu would look for it in vain.
    assert screen.menu or set(screen.roles) == set(screen.daily)


@pytest.mark.parametrize("name", ["datasets", "synthesis", "thresholds", "studies", "agreement", "admin"])
def test_whoever_sees_which_method_is_which_is_given_no_comparison(name: str) -> None:
    assert set(screens.screen(name).roles) <= KNOWING_ROLES
    assert KNOWING_ROLES.isdisjoint(WORK["compare"].roles)


def test_screens_that_take_or_offer_files_are_those_that_the_table_names() -> None:
    def handles_files(file: str) -> bool:
        return any(list(calls(file, name)) for name in ("file_uploader", "download_button"))

    with_files = {script for script in SCRIPTS if any(handles_files(file) for file in drawn_by(script))}
    assert with_files == {screen.script for screen in SCREENS if screen.files}
    assert {"researcher", "admin"} == FILE_HANDLERS


def drawn_by(script: str) -> set[str]:
    """The script and every part that it imports, also through another part."""
    reached, waiting = set[str](), [f"pages/{script}"]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            modules = [node.module or "" for node in ast.walk(parsed(file)) if isinstance(node, ast.ImportFrom)]
            parts = [f"{module.replace('.', '/')}.py" for module in modules if module.startswith("pages._parts")]
            waiting += [part for part in parts if (PROJECT / part).exists()]
    return reached
