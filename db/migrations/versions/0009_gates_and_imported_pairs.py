"""Indexes that hold the pairs that failed a gate, and imported pairs by split."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    failed = sa.text("CAST(gates_failed AS TEXT) != '[]'")
    op.create_index(
        "ix_preference_pair_gates", "preference_pair", ["job_id"], sqlite_where=failed, postgresql_where=failed
    )
    imported = sa.text("dataset_id IS NOT NULL")
    op.create_index(
        "ix_preference_pair_split",
        "preference_pair",
        ["dataset_id", "split"],
        sqlite_where=imported,
        postgresql_where=imported,
    )
