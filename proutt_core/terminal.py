"""The one place where commands print and processes log. Nothing raw of a file's or a server's reaches the terminal.

Control characters are shown, not sent, and what a small code page lacks is written as an escape.
"""

import io
import json
import logging
import os
import re
import sys
from typing import Any, TextIO

from proutt_core.visible import visible

# What JSON may hold raw and a terminal must not get: C1 controls and DEL, bidirectional and other format characters.
_NOT_PLAIN = re.compile(
    "[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\U000e0000-\U000e007f]"
)


def prepare() -> None:
    """Before anything is printed: no character may end a command that has done its work."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_text(text: str, *, err: bool = False) -> None:
    """Lines for people."""
    _print(visible(text), sys.stderr if err else sys.stdout)


def print_json(value: dict[str, Any], *, err: bool = False) -> None:
    """One line that any JSON parser reads, in any code page."""
    stream = sys.stderr if err else sys.stdout
    unicode = (stream.encoding or "").lower().replace("-", "").startswith("utf")
    line = json.dumps(value, ensure_ascii=not unicode, allow_nan=False, default=str)
    _print(_NOT_PLAIN.sub(lambda match: json.dumps(match[0])[1:-1], line), stream)


def end() -> None:
    """Flush; where nobody reads any more, let Python end without a traceback."""
    try:
        sys.stdout.flush()
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())


def _print(text: str, stream: TextIO) -> None:
    stream.write(f"{text}\n")
    stream.flush()


class VisibleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def log_to_stderr(*, level: int, format: str = "%(message)s") -> None:
    """For a process; where its log goes somewhere already, it stays so."""
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter(format))
    logging.basicConfig(level=level, handlers=[handler])
