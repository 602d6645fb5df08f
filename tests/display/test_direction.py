import pytest

from proutt_core.display.direction import begins_from_right


@pytest.mark.parametrize(
    ("text", "from_right"),
    [
        ("مطعم Garden Inn", True),
        ("מלון", True),
        ("(10) מלון", True),  # digits and brackets have no direction of their own
        ("Garden Inn מלון", False),
        ("东京", False),
        ("10", False),
        ("", False),
    ],
)
def test_the_first_letter_decides(text: str, from_right: bool) -> None:
    assert begins_from_right(text) is from_right
