"""What the server has loaded before it says that it is ready: the first person who opens a page waits for no import."""

import json
import os
import subprocess
import sys
from pathlib import Path

from db.accounts.sessions import sign_in
from db.accounts.users import create_user
from tests.jobs.project import import_talks, queue_run, run_here

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [
    "home.py",
    "datasets.py",
    "synthesis.py",
    "thresholds.py",
    "pairs.py",
    "trees.py",
    "studies.py",
    "agreement.py",
]
# In a process of its own: this one has loaded everything by now, and would keep what is frozen.
FIRST_OPENED = """
import gc, json, sys
from streamlit.testing.v1 import AppTest
import server.loading
server.loading.load_pages()
print("ready", file=sys.stderr)
import pages._parts.who
router, token, *scripts = sys.argv[1:]
pages._parts.who.session_token = lambda: token
before, frozen = set(sys.modules), gc.get_freeze_count()
titles = []
for script in scripts:
    opened = AppTest.from_file(router, default_timeout=60).switch_page(script).run()
    assert not opened.exception, opened.exception
    titles += [title.value for title in opened.title]
print(json.dumps({"loaded": sorted(set(sys.modules) - before), "frozen": frozen, "titles": titles}))
"""


def test_pages_that_are_opened_first_load_nothing_more(sqlite: str) -> None:
    import_talks(12)
    run_here(queue_run(run="first").job_id)
    create_user(name="res", password="correct horse", roles=["researcher", "reviewer"])
    token = sign_in(name="res", password="correct horse", address="test")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_OPENED, str(PROJECT / "pages" / "router.py"), token, *PAGES],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    own_and_large = (
        "db",
        "pages",
        "proutt_core",
        "server",
        "numpy",
        "pandas",
        "PIL",
        "plotly",
        "pyarrow",
        "sqlalchemy",
    )
    assert [name for name in seen["loaded"] if name.partition(".")[0] in own_and_large] == []
    assert len(seen["loaded"]) < 10
    assert seen["frozen"] > 100_000
    assert {"Home", "Datasets", "Synthesis", "Thresholds", "Studies", "Agreement"} <= set(seen["titles"])
    assert "ScriptRunContext" not in done.stderr.partition("ready")[0]  # nobody is to be told that nobody saw it
