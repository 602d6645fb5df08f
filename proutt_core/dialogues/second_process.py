"""Reading in a second process, so that one core reads and checks while another stores.

A process of its own program and not one of `multiprocessing`: it needs nothing of this process's main module, and when
this process is killed its pipe breaks, so that it ends with its next batch and does not stay behind.
"""

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import proutt_core
from proutt_core.dialogues.batches import DIALOGUES, Batch, read_batches
from proutt_core.dialogues.files.members import Member
from proutt_core.dialogues.files.opening import Layout
from proutt_core.dialogues.formats import format_named
from proutt_core.dialogues.importing import ImportSettings
from proutt_core.dialogues.report import ImportReport
from proutt_core.dialogues.sources import Source, SourceFile
from proutt_core.errors import InputError, ProuttError

APART_FROM = 8 << 20  # bytes of the file: below this the second process would cost more than it gives
PROGRAM = "proutt_core.dialogues.second_process_main"
AHEAD = 2  # batches that wait here while another is stored
LOOK_EVERY_S = 1.0
LISTEN_EVERY_S = 0.1

LENGTH = struct.Struct(">Q")
# Files with format and layout, settings, the report so far, dialogues in a batch.
Work = tuple[list[tuple[Member, str, Layout]], dict[str, Any], dict[str, Any], int]


class ReadingEndedError(ProuttError):
    """The second process ended before its work did: killed, out of memory, or by an error of ours."""


def batches_of(
    source: Source,
    settings: ImportSettings,
    *,
    so_far: ImportReport,
    progress: Callable[[int], None],
    most: int = DIALOGUES,
) -> Generator[Batch]:
    """As `read_batches`, in a second process where the file is large and there is a second core."""
    size = sum(path.stat().st_size for path in source.paths)
    if size < APART_FROM or _cores() < 2:
        return read_batches(source, settings, so_far=so_far, most=most, progress=progress)
    files = [(file.member, file.format.name, file.layout) for file in source.files]
    work = (files, settings.model_dump(), so_far.as_dict(), most)
    return _read_apart(work, so_far.rows, progress)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_apart(work: Work, rows: int, progress: Callable[[int], None]) -> Generator[Batch]:
    folder = str(Path(proutt_core.__file__).parents[1])
    paths = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert process.stdin is not None and process.stdout is not None
    received: queue.Queue[bytes | None] = queue.Queue(AHEAD)
    ended = threading.Event()
    listener = threading.Thread(target=_listen, args=(process.stdout, received, ended), daemon=True)
    try:
        with suppress(BrokenPipeError):  # it has ended already: its exit code says why
            process.stdin.write(pickle.dumps(work))
            process.stdin.close()
        listener.start()
        yield from _batches(process, received, rows, progress)
    finally:
        ended.set()
        process.kill()
        process.wait()
        if listener.is_alive():
            listener.join()
        process.stdout.close()


def _listen(stream: IO[bytes], received: "queue.Queue[bytes | None]", ended: threading.Event) -> None:
    """Takes messages as they come, so that the other process is not held up while this one stores."""
    message: bytes | None = b""
    while message is not None:
        message = _message(stream)
        while not ended.is_set():
            with suppress(queue.Full):
                received.put(message, timeout=LISTEN_EVERY_S)
                break


def _message(stream: IO[bytes]) -> bytes | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def _batches(
    process: "subprocess.Popen[bytes]",
    received: "queue.Queue[bytes | None]",
    rows: int,
    progress: Callable[[int], None],
) -> Iterator[Batch]:
    while True:
        try:
            message = received.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            progress(rows)
            continue
        if message is None:
            raise ReadingEndedError(
                f"the process that reads the file ended too early (exit code {process.wait()}); is memory short?"
                " Start the same import again and it resumes where it stopped"
            )
        kind, value = pickle.loads(message)
        if kind == "batch":
            rows += value.report.rows
            yield value
        elif kind == "rows":
            rows = max(rows, value)
            progress(value)
        elif kind == "error":
            raise InputError(value)
        else:
            return


def read_here(work: Work, send: Callable[[str, Any], None]) -> None:
    """The other process's part: read what `batches_of` named, and send what `_batches` expects."""
    files, settings, so_far, most = work
    source = Source(tuple(SourceFile(member, format_named(format), layout) for member, format, layout in files))
    batches = read_batches(
        source,
        ImportSettings.model_validate(settings),
        so_far=ImportReport.from_dict(so_far),
        most=most,
        progress=lambda rows: send("rows", rows),
    )
    try:
        for batch in batches:
            send("batch", batch)
    except InputError as exc:
        send("error", str(exc))
    else:
        send("end", None)
