"""Indexes that hold what pages count: dialogues by split and language, a run's items by what they came to."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_dialogue_dataset_id", "dialogue")
    op.create_index("ix_dialogue_counts", "dialogue", ["dataset_id", "split", "language"])
    outcome = ["job_id", "state", "branch", "top_similarity", "overlap_chosen", "overlap_insight"]
    op.create_index("ix_synthesis_item_outcome", "synthesis_item", outcome)
