"""How far the project is."""

from proutt_core.types.values import Value


class Overview(Value):
    """How far the whole workflow is, in counts; what Home's checklist is made of."""

    datasets: int = 0
    imports_running: int = 0
    runs_done: int = 0
    runs_running: int = 0
    items: int = 0  # of all runs
    items_ended: int = 0
    trees: int = 0  # answers wanted in tree queues
    trees_done: int = 0
    pairs: int = 0
    pairs_done: int = 0
    methods: int = 0  # with predictions
    predictions_running: int = 0
    studies: int = 0
    studies_open: int = 0
    studies_closed: int = 0
    answers: int = 0  # in open studies
    answers_wanted: int = 0
    judge_runs: int = 0  # finished
    judge_runs_running: int = 0
    exports: int = 0
