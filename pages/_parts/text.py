"""The words on the screens: English is the source, gettext translates. `_("…").format(…)`, not the other way round."""

import gettext
from pathlib import Path

_catalogue = gettext.translation("proutt", Path(__file__).parent / "locale", languages=["en"], fallback=True)


def _(message: str) -> str:
    return _catalogue.gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n` of them, as the language counts."""
    return _catalogue.ngettext(singular, plural, n)
