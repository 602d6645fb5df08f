"""The command line with a terminal of one's own: its code page, and the bytes that reach it."""

import io
import sys
from dataclasses import dataclass

import pytest

from proutt_core.__main__ import main


@dataclass(frozen=True)
class Shown:
    code: int
    out: bytes
    err: bytes


def run_in(encoding: str, *words: str) -> Shown:
    """As `python -m proutt_core WORDS` with both streams in that encoding."""
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["proutt_core", *words])
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding=encoding))
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        sys.stderr.flush()
        code = ended.value.code
        return Shown(code if isinstance(code, int) else int(code is not None), out.getvalue(), err.getvalue())
