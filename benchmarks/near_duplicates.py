"""Near-duplicates among 100,000 dialogues: time, memory, and whether what was planted is found.

The dialogues are LMSYS-shaped (`_lmsys`); of every tenth a copy with some words changed is planted, and every hundredth
comes again as it is.
"""

import os
import random
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks._lmsys import rows
from benchmarks._report import clock, line

DIALOGUES, SMALL = 100_000, 1_000
BATCH = 500


@dataclass(frozen=True)
class Figures:
    dialogues: int
    planted: int  # copies with an exact similarity of at least the threshold
    planted_found: int  # of them
    copies: int  # all that were found
    search_s: float
    cpu_s: float
    peak_mb: float


def texts(count: int, seed: int = 0) -> Iterator[tuple[str, str | None]]:
    """(text, the text that it was made from or None)."""
    draw = random.Random(seed)
    for number, row in enumerate(islice(rows(count, seed=seed), count * 9 // 10)):
        text = "\n".join(message["content"] for message in row["conversation"]).replace("\x00", "")
        text = text.encode("utf-8", "replace").decode()
        yield text, None
        if number % 100 == 50:
            yield text, text
        elif number % 10 == 0:
            words = text.split(" ")
            changed = [f"w{draw.random()}" if draw.random() < 0.03 else word for word in words]
            yield " ".join(changed), text


def fill(count: int, threshold: float) -> tuple[int, set[str]]:
    """The dataset's id, and the external ids of the planted copies that are truly near."""
    from db.datasets import datasets, dialogues
    from db.datasets.dialogues import NewDialogue
    from proutt_core.dialogues.near_duplicates import jaccard, shingles
    from proutt_core.dialogues.text import fold
    from proutt_core.types import Dialogue, Message

    dataset_id = datasets.create(name="bench", public_title="Talk", source="", settings={})
    near: set[str] = set()
    batch: list[NewDialogue] = []
    for number, (text, of) in enumerate(texts(count)):
        name = str(number)
        if of is not None and jaccard(shingles(fold(text)), shingles(fold(of))) >= threshold:
            near.add(name)
        messages = (Message(role="user", content=text),)
        split = ("train", "test")[number % 2]
        made = Dialogue.model_validate({"external_id": name, "group": name, "messages": messages, "split": split})
        batch.append(NewDialogue(dialogue=made, text_sha256=name, search_text=fold(text)))
        if len(batch) == BATCH:
            dialogues.append(dataset_id, batch)
            batch = []
    dialogues.append(dataset_id, batch)
    datasets.finish(dataset_id, format="", report={})
    return dataset_id, near


def main(*, small: bool = False, threshold: float = 0.8) -> Figures:
    from db.datasets import near_duplicates
    from db.engine import dispose
    from db.migrate import migrate
    from proutt_core.actions.near_duplicates import find_now

    before = os.environ.get("PROUTT_DATABASE_URL")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROUTT_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.db'}"
        try:
            migrate()
            count = SMALL if small else DIALOGUES
            dataset_id, near = fill(count, threshold)
            with clock() as took:
                summary = find_now(dataset="bench", threshold=threshold)
            listed = near_duplicates.copies(dataset_id, limit=count)
        finally:
            dispose()
            os.environ.pop("PROUTT_DATABASE_URL")
            if before is not None:
                os.environ["PROUTT_DATABASE_URL"] = before
    # A pair is listed once: as the copy, or, where the copy came first (test before train), as what it is like.
    seen = {copy.external_id for copy in listed} | {copy.like_external_id for copy in listed}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = Figures(count, len(near), len(near & seen), summary.copies, took.wall_s, took.cpu_s, peak)
    line(f"near-duplicates among {count:,} dialogues", f"{took.wall_s:.0f} s, {took.cpu_s:.0f} CPU s")
    line("  peak memory of the process", f"{peak:,.0f} MB")
    line("  planted near copies found", f"{figures.planted_found:,} of {figures.planted:,}")
    line("  copies found in all", f"{figures.copies:,}")
    return figures


if __name__ == "__main__":
    main()
