"""What a page shows goes through gettext: no literal with letters where Streamlit takes words."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.pages.conftest import PAGES

# Calls whose first argument is read by people, on `st` or on any place of a page; `tabs` takes a list of them.
SHOWS = frozenset(
    [
        "badge",
        "button",
        "caption",
        "checkbox",
        "download_button",
        "error",
        "expander",
        "file_uploader",
        "form_submit_button",
        "header",
        "info",
        "link_button",
        "markdown",
        "metric",
        "multiselect",
        "number_input",
        "page_link",
        "pills",
        "popover",
        "progress",
        "radio",
        "segmented_control",
        "select_slider",
        "selectbox",
        "slider",
        "spinner",
        "subheader",
        "success",
        "tabs",
        "text",
        "text_area",
        "text_input",
        "title",
        "toast",
        "toggle",
        "warning",
        "write",
    ]
)
# Keywords that hold words wherever they stand.
WORDS = frozenset({"alt", "body", "caption", "help", "label", "page_title", "placeholder", "text", "title"})
# First arguments that are no words: a page's file.
NOT_FIRST = frozenset({"page_link"})
# Names, which no language translates, and examples of what to type.
ALLOWED = frozenset(
    {
        "ProUtt Studio",
        "tau_high",
        "tau_low",
        "dataset_info.json",
        "/srv/data/lmsys.parquet",
        "Apache-2.0",
        "Qwen/Qwen3-8B",
        "deepinfra/fp4",
        "http://127.0.0.1:8000/v1",
        "temperature=0.7\nchat_template_kwargs.enable_thinking=false",
    }
)
# Parts of f-strings: a name, or markup of an icon.
ALLOWED_PARTS = frozenset({"sha256 `"})


def shown(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that people read."""
    function = call.func
    if not isinstance(function, ast.Attribute) or ast.unparse(function.value) == "log":
        return
    if function.attr in SHOWS:
        yield from (word.value for word in call.keywords if word.arg in WORDS)
        if call.args and function.attr not in NOT_FIRST:
            yield from call.args[0].elts if isinstance(call.args[0], ast.List) else [call.args[0]]
    elif isinstance(function.value, ast.Name) and function.value.id == "st":
        yield from (word.value for word in call.keywords if word.arg in WORDS)


def plain(node: ast.expr) -> Iterator[str]:
    """The literal words of an expression, whatever they are joined or chosen with. What a call returns is not plain."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value not in ALLOWED:
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        yield from (part for part in parts if part not in ALLOWED_PARTS)
    elif isinstance(node, ast.BinOp):
        yield from (*plain(node.left), *plain(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (*plain(node.body), *plain(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (text for value in node.values for text in plain(value))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from plain(node.func.value)


def has_words(text: str) -> bool:
    """Letters outside of markup: `:material/icon:` and `:red[` are none."""
    return any(character.isalpha() for character in re.sub(r":material/\w+:|:[a-z]+\[", "", text))


def untranslated(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [text for call in calls for argument in shown(call) for text in plain(argument) if has_words(text)]


@pytest.mark.parametrize("file", sorted(str(path.relative_to(PAGES)) for path in PAGES.rglob("*.py")))
def test_words_on_screen_go_through_gettext(file: str) -> None:
    assert untranslated((PAGES / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('st.title("Home")', ["Home"]),
        ('left.button(f"Go to {name}", key="go")', ["Go to "]),
        ('st.text_input(_("Name"), help="What it is called")', ["What it is called"]),
        ('st.tabs([_("One"), "Two"])', ["Two"]),
        ('st.text("{n} items".format(n=3))', ["{n} items"]),
        ('st.caption("Yes" if done else _("No"))', ["Yes"]),
        ('st.form_submit_button(label="Send")', ["Send"]),
        ('st.selectbox(_("Reply"), ["a"], key="reply")', []),
        ('st.markdown(f":red[:material/error:] **{title}**")', []),
        ('st.number_input("tau_high", 0.0)', []),
        ('st.page_link("home.py", label=_("Home"))', []),
        ('"a".title()', []),
        ('log.error("error %s", number)', []),
    ],
)
def test_what_counts_as_words(source: str, texts: list[str]) -> None:
    assert untranslated(source) == texts
