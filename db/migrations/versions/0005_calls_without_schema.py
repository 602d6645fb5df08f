"""How many of a run's calls were asked for without their schema, because the server refused it."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rebuild: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    column = sa.Column("calls_without_schema", sa.Integer(), server_default=sa.text("0"), nullable=False)
    with op.batch_alter_table("job_usage", recreate=rebuild) as batch_op:
        batch_op.add_column(column)
