"""What a page says while the database cannot be used."""

from db.health import ADVICE, Trouble
from pages._parts.text import _


def said_of(trouble: Trouble) -> tuple[str, str, str]:
    """What is wrong, what became of the click and what to do, and the sentence for whoever runs the server."""
    advice = ADVICE[trouble]
    return (
        _("It cannot be used just now: {problem}.").format(problem=advice.problem),
        _(
            "What you just did was not saved. Keep this page open: what you typed stays in it. Try again in a minute,"
            " and if this comes again, tell whoever runs this server."
        ),
        _("For whoever runs it: {remedy}.").format(remedy=advice.remedy),
    )
