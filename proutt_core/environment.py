"""What the environment sets, and the file `.env` beside it: keys and PROUTT_… settings, one a line."""

import codecs
import io
import os
from pathlib import Path

from dotenv import load_dotenv

from proutt_core.errors import SettingsError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


def load_settings_file(path: Path) -> None:
    """What the environment says already wins; where there is no file, nothing happens. SettingsError where it is no
    text; its content is never shown."""
    if not (path.is_file() or path.is_fifo()):
        return
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror or exc}") from exc
    load_dotenv(stream=io.StringIO(_text(content, path)))


def _text(content: bytes, path: Path) -> str:
    try:
        # Windows' own tools write UTF-16, or UTF-8 behind a mark that would become part of the first name.
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SettingsError(f"{path} is no UTF-8 text (byte {exc.start + 1}): save it as UTF-8") from None
    if "\0" in text:
        raise SettingsError(f"{path} holds NUL characters, as UTF-16 does: save it as UTF-8")
    return text
