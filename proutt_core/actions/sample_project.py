"""The bundled sample project: accounts, dialogues, a run and two methods, and at last a small open study.

Every step looks whether it was done before, so that it may be called at every start.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from db.accounts.passwords import generate_password
from db.accounts.users import create_user, list_users
from db.datasets import datasets
from db.jobs import jobs
from db.jobs.jobs import JobInfo
from db.studies import methods, predictions, studies
from proutt_core.actions.sample import sample_path
from proutt_core.dialogues.importing import ImportSettings
from proutt_core.dialogues.splits import Shares
from proutt_core.private_files import OWN_FOLDER, make_private_folder, private
from proutt_core.types import AccountRole, StudyDesign

log = logging.getLogger(__name__)

ACCOUNTS_FILE = OWN_FOLDER / "demo-accounts.txt"
ACCOUNTS: dict[str, tuple[AccountRole, ...]] = {
    "annotator1": ("annotator",),
    "annotator2": ("annotator",),
    "annotator3": ("annotator",),
    "reviewer": ("reviewer",),
    "researcher": ("researcher",),
    "admin": ("admin",),
}
NAME = "sample"
TITLE = "Sample dialogues"
WITH_TREE, WITHOUT_TREE = "rules", "rules-without-tree"
METHODS = {WITH_TREE: False, WITHOUT_TREE: True}  # and whether it goes without the tree
STUDY_TITLE = "Practice comparison"
STUDY_PEOPLE = 2
STUDY_CASES = 20


@dataclass
class SetUp:
    """What was done just now, in words; nothing on a second call. `accounts`: the file that holds the passwords."""

    did: list[str] = field(default_factory=list)
    accounts: Path | None = None


def set_up_sample() -> SetUp:
    """Make what is missing of the sample project. The worker does the rest: see `follow_up`."""
    done = SetUp()
    _make_accounts(done)
    _load_dialogues(done)
    _queue_work(done)
    return done


def sample_settings() -> ImportSettings:
    """Many test samples for so few dialogues, so that the study has cases; this seed mixes the languages evenly."""
    return ImportSettings(shares=Shares(train=60, valid=10, test=30), seed=3)


def _load_dialogues(done: SetUp) -> None:
    if datasets.find(NAME) is None:
        from proutt_core.actions.importing import import_now
        from proutt_core.jobs.kinds.importing import ImportRequest

        report = import_now(
            ImportRequest(paths=(str(sample_path()),), dataset=NAME, public_title=TITLE, settings=sample_settings())
        )
        done.did.append(f"{report.imported} sample dialogues imported")


def _queue_work(done: SetUp) -> None:
    missing = {name: without_tree for name, without_tree in METHODS.items() if methods.find(name) is None}
    run_is_there = jobs.find(kind="synthesis", name=NAME) is not None
    if run_is_there and not missing:
        return
    # Imported only when needed, so that later starts stay quick: these load the client of remote models.
    from proutt_core.actions.prediction import prompted_method, start_prediction
    from proutt_core.actions.synthesis import start_synthesis
    from proutt_core.llm.providers.model_ref import BASELINE
    from proutt_core.runs.request import RunRequest

    if not run_is_there:
        start_synthesis(RunRequest(dataset=NAME, run=NAME))
        done.did.append("synthesis queued for the worker")
    for name, without_tree in missing.items():
        method = prompted_method(name=name, model=BASELINE, without_tree=without_tree)
        start_prediction(dataset=NAME, method=method)
        done.did.append(f"predictions of {name} queued for the worker")


def open_sample_study() -> bool:
    """Once both methods have predicted: a small study, open for the annotators. True if it was opened just now.

    It does nothing where there is no sample project, or the study is there.
    """
    sample_study = next((study for study in studies.list_studies() if study.name == NAME), None)
    if sample_study is None:
        cases = _predicted_by_both()
        if not cases:
            return False
        studies.create_study(
            StudyDesign(
                name=NAME,
                public_title=STUDY_TITLE,
                dataset=NAME,
                a=WITH_TREE,
                b=WITHOUT_TREE,
                cases=min(cases, STUDY_CASES),
                people=STUDY_PEOPLE,
            )
        )
    elif sample_study.state != "draft":
        return False
    studies.open_study(NAME)
    return True


def follow_up(job: JobInfo) -> None:
    """What the worker does after each job: see `open_sample_study`."""
    if job.kind == "predict" and open_sample_study():
        log.info("the sample study is open")


def _predicted_by_both() -> int:
    """How many test samples both methods have predicted, once nothing waits any more."""
    dataset = datasets.find(NAME)
    pair = [methods.find(name) for name in METHODS]
    done: list[set[int]] = []
    for method in pair:
        if dataset is None or method is None:
            return 0
        rows = predictions.of_method(method_id=method.id, dataset_id=dataset.id, split="test")
        if any(row.state in ("waiting", "running") for row in rows):
            return 0
        done.append({row.sample_id for row in rows if row.state == "done"})
    return len(set.intersection(*done))


def _make_accounts(done: SetUp) -> None:
    """The demo accounts. The file comes first and is where the passwords come from, so that a start that was cut off
    is completed by the next; an account that an admin removed or changed is left alone."""
    names = {user.name for user in list_users()}
    if not ACCOUNTS_FILE.exists():
        if names & ACCOUNTS.keys():
            return
        _write_passwords()
        done.did.append(f"demo accounts written to {ACCOUNTS_FILE}")
    done.accounts = ACCOUNTS_FILE
    for line in ACCOUNTS_FILE.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(" ")
        if name in ACCOUNTS and name not in names:
            create_user(name=name, password=rest.split()[0], roles=ACCOUNTS[name])


def _write_passwords() -> None:
    lines = [f"{name} {generate_password()} ({', '.join(roles)})" for name, roles in ACCOUNTS.items()]
    make_private_folder(ACCOUNTS_FILE.parent)
    with open(ACCOUNTS_FILE, "x", encoding="utf-8", opener=private) as file:
        file.write("# ProUtt Studio demo accounts: name, password, roles. Delete this file when you have read it.\n")
        file.write("\n".join(lines) + "\n")
