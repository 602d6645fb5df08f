"""What datasets, runs, methods and studies may be called."""

import pytest

from proutt_core.errors import InputError
from proutt_core.types.names import LONGEST_NAME, require_line, require_name


@pytest.mark.parametrize(
    "name", ["r", "对话 – 1", "naïve", "شات", "नमस्ते", "👩\u200d🔬 team", "a b", "x" * LONGEST_NAME, "⟦U+001B⟧"]
)
def test_names_of_any_language_are_taken(name: str) -> None:
    require_name(name, of="a dataset")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[31m", "U+001B"),
        ("a\nb", "U+000A"),
        ("a\tb", "U+0009"),
        ("a\r\nb", "U+000D"),
        ("\x00", "U+0000"),
        ("a\x7f", "U+007F"),
        ("a\x9b31m", "U+009B"),
        ("a\u202eb", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\u200b", "U+200B"),
        ("a\u2028b", "U+2028"),
        ("\ufeffa", "U+FEFF"),
        ("a\ud800", "U+D800"),
        ("a\udcff", "U+DCFF"),
        ("\u3164", "U+3164"),
    ],
)
def test_what_cannot_be_seen_is_refused_and_named(name: str, shown: str) -> None:
    with pytest.raises(InputError) as refused:
        require_name(name, of="a dataset")
    assert str(refused.value).endswith(f"cannot be seen, {shown}; write it without".replace("+", "+"))
    assert str(refused.value).isprintable()


def test_empty_and_long_ones_are_refused() -> None:
    with pytest.raises(InputError, match="a run needs a name"):
        require_name(" ", of="a run")
    with pytest.raises(InputError, match="the title has at most 200 characters; this one has 201"):
        require_line("x" * 201, what="the title")
