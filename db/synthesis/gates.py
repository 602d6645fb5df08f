"""Which pairs of a run failed a gate: few, and an index holds them."""

import sqlalchemy as sa
from sqlmodel import col

from db.tables import PreferencePair


def failed_a_gate(job_id: int) -> sa.ColumnElement[bool]:
    """A condition on pairs, in the words of the index: it does not answer for a value that is handed in."""
    failed = sa.cast(col(PreferencePair.gates_failed), sa.Text) != sa.literal_column("'[]'")
    return sa.and_(col(PreferencePair.job_id) == job_id, failed)
