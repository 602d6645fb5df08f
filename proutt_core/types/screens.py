"""The one table of screens and roles: a new screen is its script in pages/ and a row here.

The navigation, the pages, the server's gate and the rules of who is given what work all read it, so it holds plain
values. Words within `N_` are English message ids: tools find them here, and whoever draws them passes them to gettext.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from proutt_core.types.accounts import AccountRole

WorkKind = Literal["pair", "tree", "compare"]


def N_(message: str) -> str:
    """Marks a message for extraction (`xgettext --keyword=N_`; Babel knows it); it is translated where it is drawn."""
    return message


EVERYBODY: tuple[AccountRole, ...] = get_args(AccountRole)
# Whoever holds one of these can learn which method is which, so they are never given a comparison.
KNOWING_ROLES: frozenset[AccountRole] = frozenset({"researcher", "admin"})
# The replies behind an item tell which side is the chosen one: they are not for those who only annotate.
CALL_READERS: frozenset[AccountRole] = frozenset({"reviewer", "researcher", "admin"})
ROLE_TITLES: dict[AccountRole, str] = {
    "annotator": N_("Annotator"),
    "reviewer": N_("Reviewer"),
    "researcher": N_("Researcher"),
    "admin": N_("Admin"),
}

REVIEW_MENU, RESEARCH_MENU = N_("Review"), N_("Research")
PERSON_MENU = "person"  # bears the name of whoever is signed in: no message


@dataclass(frozen=True)
class Work:
    """What people are given one by one and answer: the kind of a queue, its name in lists, and who is given it."""

    kind: WorkKind
    title: str
    roles: tuple[AccountRole, ...]


@dataclass(frozen=True)
class Screen:
    """`roles` may open it; those of them in `daily` have it in their first row, the others in the menu `menu`."""

    name: str  # of its script, and its address
    title: str
    icon: str
    roles: tuple[AccountRole, ...]
    daily: tuple[AccountRole, ...] = ()
    menu: str = ""
    work: Work | None = None
    files: bool = False  # are sent to it or fetched from it

    @property
    def script(self) -> str:
        return f"{self.name}.py"

    @property
    def acting_roles(self) -> tuple[AccountRole, ...]:
        """Who may do something on it: where work is answered only those who are given it, the others look on."""
        return self.roles if self.work is None else self.work.roles


_LAB: tuple[AccountRole, ...] = ("researcher", "admin")
_DAILY: tuple[AccountRole, ...] = ("researcher",)
_JUDGES: tuple[AccountRole, ...] = ("annotator", "reviewer")
_PAIRS = Work("pair", N_("Preference pairs"), EVERYBODY)
_TREES = Work("tree", N_("Intent trees"), ("reviewer", *_LAB))
_COMPARISONS = Work("compare", N_("Comparisons"), _JUDGES)

# In the order of the navigation; the first is where one arrives.
SCREENS: tuple[Screen, ...] = (
    Screen("home", N_("Home"), "home", EVERYBODY, EVERYBODY),
    Screen("compare", N_("Compare"), "balance", EVERYBODY, _JUDGES, REVIEW_MENU, _COMPARISONS),
    Screen("pairs", N_("Preference pairs"), "edit_note", EVERYBODY, _JUDGES, REVIEW_MENU, _PAIRS),
    Screen("trees", N_("Intent trees"), "account_tree", ("reviewer", *_LAB), ("reviewer",), REVIEW_MENU, _TREES),
    Screen("datasets", N_("Datasets"), "forum", _LAB, _DAILY, RESEARCH_MENU, files=True),
    Screen("synthesis", N_("Synthesis"), "conversion_path", _LAB, _DAILY, RESEARCH_MENU, files=True),
    Screen("thresholds", N_("Thresholds"), "tune", _LAB, _DAILY, RESEARCH_MENU),
    Screen("studies", N_("Studies"), "science", _LAB, _DAILY, RESEARCH_MENU),
    Screen("agreement", N_("Agreement"), "handshake", _LAB, _DAILY, RESEARCH_MENU, files=True),
    Screen("admin", N_("Admin"), "manage_accounts", ("admin",), ("admin",)),
    Screen("account", N_("Account"), "person", EVERYBODY, menu=PERSON_MENU),
)
_BY_NAME = {screen.name: screen for screen in SCREENS}
_BY_KIND: dict[str, Screen] = {screen.work.kind: screen for screen in SCREENS if screen.work is not None}
WORK: dict[str, Work] = {screen.work.kind: screen.work for screen in SCREENS if screen.work is not None}
FILE_HANDLERS: frozenset[AccountRole] = frozenset(role for screen in SCREENS if screen.files for role in screen.roles)


def screen(name: str) -> Screen:
    return _BY_NAME[name]


def screen_of_work(kind: str) -> Screen:
    """Where work of this kind of queue is answered."""
    return _BY_KIND[kind]
