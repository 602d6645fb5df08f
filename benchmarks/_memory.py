"""How much memory a process needs, with all that it starts."""

import os
import subprocess
import time
from pathlib import Path

LOOK_EVERY_S = 0.02
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


def wait_and_watch(process: subprocess.Popen[bytes]) -> float:
    """When it has ended: the largest sum, over it and those it started, of the memory that was resident, in MB.

    Looked at again and again: what the system says of an ended process counts its parent's memory from before the exec.
    """
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _resident_mb(process.pid))
        time.sleep(LOOK_EVERY_S)
    return peak


def _resident_mb(pid: int) -> float:
    """Of the process and all below it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):  # it ended this moment
        return 0.0
    return pages * PAGE_MB + sum(_resident_mb(int(child)) for child in below)
