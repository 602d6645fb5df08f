"""The words on the screens: English is the source, gettext translates. `_("…").format(…)`, never the other way round.

The language belongs to the running script: each rerun is its own thread, so two people never see each other's.
"""

import gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

DOMAIN = "proutt"
FOLDER = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, languages=[language], fallback=True)


def use_language(language: str) -> None:
    """For the script that is running now."""
    _language.set(language)


def _(message: str) -> str:
    return _catalogue(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n` of them, as the language counts."""
    return _catalogue(_language.get()).ngettext(singular, plural, n)
