"""Names and titles that hold what cannot be seen, or are too long, by every command that makes one."""

from pathlib import Path

import pytest
from sqlmodel import select

from db.engine import read
from db.tables import Dataset, Job, Method, Study
from proutt_core.actions.sample import sample_path
from tests.commands.terminal import run_in
from tests.jobs.project import DATASET, import_talks

BAD = {"control": "a\x1b[2Jb", "turned": "a\u202eb", "line": "a\nb", "long": "x" * 201}
COMMANDS = {
    "dataset": ("import", str(sample_path()), "--dataset", "{}"),
    "dataset's title": ("import", str(sample_path()), "--dataset", "fine", "--title", "{}"),
    "new title": ("title", "{}", "--dataset", DATASET),
    "run": ("synthesize", "--dataset", DATASET, "--run", "{}"),
    "method": ("predict", "--dataset", DATASET, "--method", "{}"),
    "study": ("study", "create", "{}", "--title", "T", "--dataset", DATASET, "--a", "a", "--b", "b"),
    "account": ("user", "add", "{}", "--role", "annotator"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_it_is_refused_in_one_line_and_leaves_nothing(sqlite: str, words: tuple[str, ...], name: str) -> None:
    import_talks(2)
    shown = run_in("utf-8", *(word.format(name) for word in words))
    assert shown.code == 1
    last = shown.err.decode().splitlines()[-1]
    assert last.startswith("error: ") and ("cannot be seen" in last or "characters" in last or "holds letters" in last)
    with read() as session:
        assert session.exec(select(Dataset.name)).all() == [DATASET]
        assert set(session.exec(select(Job.name)).all()) == {DATASET}
        assert not session.exec(select(Method.id)).all() and not session.exec(select(Study.id)).all()


def test_a_longer_name_of_before_is_still_resumed(sqlite: str, tmp_path: Path) -> None:
    import_talks(1)
    assert run_in("utf-8", "synthesize", "--dataset", DATASET, "--run", "r").code == 0
    from db.engine import write

    with write() as session:
        session.exec(select(Job).where(Job.name == "r")).one().name = "x" * 300
    assert run_in("utf-8", "synthesize", "--dataset", DATASET, "--run", "x" * 300).code == 0
