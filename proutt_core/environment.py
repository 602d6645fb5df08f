"""Numbers that the environment sets."""

import os

from proutt_core.errors import SettingsError


def seconds_from_environment(variable: str, *, default: float) -> float:
    """More than 0 and less than a day. Raises SettingsError that names the variable."""
    text = os.environ.get(variable, "")
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise SettingsError(f"{variable} must be a number of seconds; it is {text!r}")
    return seconds
