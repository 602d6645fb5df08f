"""The kinds of jobs: one table, the only place that must change for a new one.

What a row names has to be there: the function that does the work and, for a job of items, their table (a
`ClaimableItem` in db/tables) with its column in item_call. A new kind also needs a migration, which a table cannot be:
the database refuses a kind that its CHECK on job.kind does not list.

Functions are dotted names ("package.module:function") that are looked up when a job is worked on. So the nouns import
nothing that stands on them, and a page never loads what only a worker needs.
"""

from collections.abc import Mapping
from typing import Literal

from proutt_core.types.values import Value

JobKind = Literal["import", "synthesis", "predict", "judge", "near_duplicates"]


class KindOfJob(Value):
    name: JobKind
    noun: str  # in messages: the run "first"
    # A whole job: (job, claim) -> None, in a thread. A job of items: async (job_id, *, shared, concurrency) -> None.
    run: str
    items: str | None  # the table of its items; None: a whole job, which one process does in one piece
    model: Literal["settings", "method"] | None  # where the model that it asks is written down; None: it asks none
    # Whether people may read what the model replied, word for word. Never of a judge: that would tell who won.
    replies_shown: bool
    # What follows from its completion, in one transaction with it: (session, job_id) -> None. Jobs of items only.
    completed: str | None
    holds_texts: Literal["always", "while active", "never"]  # the dialogues of its dataset may then not change
    pausable: bool  # on its page; what cannot be paused is cancelled and tried again
    removable: bool  # on its page, while nothing came of it

    @property
    def whole(self) -> bool:
        return self.items is None

    @property
    def item_call_column(self) -> str:
        """The column of item_call that says which of its items a call served. Jobs of items only."""
        return f"{self.items}_id"


_KINDS = (
    KindOfJob(
        name="import",
        noun="import",
        run="proutt_core.jobs.kinds.importing:run_import_job",
        items=None,
        model=None,
        replies_shown=False,
        completed=None,
        holds_texts="never",
        pausable=False,
        removable=False,
    ),
    KindOfJob(
        name="synthesis",
        noun="run",
        run="proutt_core.jobs.kinds.synthesis:run_synthesis",
        items="synthesis_item",
        model="settings",
        replies_shown=True,
        completed="db.review.filling:open_queues_of_run",
        holds_texts="always",
        pausable=True,
        removable=True,
    ),
    KindOfJob(
        name="predict",
        noun="prediction",
        run="proutt_core.jobs.kinds.prediction:run_prediction",
        items="prediction",
        model="method",
        replies_shown=True,
        completed=None,
        holds_texts="always",
        pausable=True,
        removable=False,
    ),
    KindOfJob(
        name="judge",
        noun="judge run",
        run="proutt_core.jobs.kinds.judging:run_judging",
        items="judge_verdict",
        model="settings",
        replies_shown=False,
        completed=None,
        holds_texts="always",
        pausable=True,
        removable=False,
    ),
    KindOfJob(
        name="near_duplicates",
        noun="search for near-duplicates",
        run="proutt_core.jobs.kinds.near_duplicates:search",
        items=None,
        model=None,
        replies_shown=False,
        completed=None,
        holds_texts="while active",
        pausable=True,
        removable=False,
    ),
)
KINDS: Mapping[str, KindOfJob] = {kind.name: kind for kind in _KINDS}
WHOLE = tuple(kind.name for kind in _KINDS if kind.whole)
