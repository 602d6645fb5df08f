"""The program of the second process, started by second_process.py:
`python -m proutt_core.dialogues.second_process_main`.

Its work comes in on stdin, pickled; batches go out on stdout. Both ends are this project's own.
"""

import gc
import os
import pickle
import signal
import sys
import time
from typing import Any

from proutt_core.dialogues.second_process import LENGTH, read_here

SEND_ROWS_EVERY_S = 0.5
GARBAGE_AFTER = 200_000  # objects


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one and that ends it
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # nothing that a library prints may come between the batches
    # Rows come and go by reference counts; looking for cycles among them costs a tenth of the time and finds none.
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    last_sent = time.monotonic()

    def send(kind: str, value: Any) -> None:
        nonlocal last_sent
        if kind == "rows" and time.monotonic() - last_sent < SEND_ROWS_EVERY_S:
            return
        last_sent = time.monotonic()
        body = memoryview(pickle.dumps((kind, value), protocol=5))
        for piece in (memoryview(LENGTH.pack(len(body))), body):
            while piece:
                piece = piece[out.write(piece) :]

    try:
        read_here(pickle.load(sys.stdin.buffer), send)
    except BrokenPipeError:  # the process that started this one is gone
        os._exit(1)


if __name__ == "__main__":
    main()
