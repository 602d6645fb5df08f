"""Why a job stands still: a cause beside the reason, for the jobs that were there worked out from state and reason."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HALTS = "halt IN ('', 'calls', 'money', 'price', 'server', 'person', 'refused')"

# Until now the cause was read from the words. A pause on the page had none; the command line gave its own.
CAUSES = """
UPDATE job SET halt = CASE
  WHEN state = 'cancelled' THEN 'person'
  WHEN state = 'failed' AND kind = 'import' AND reason = 'removed' THEN 'person'
  WHEN state = 'failed' THEN 'refused'
  WHEN reason IN ('', 'paused on the command line', 'stopped on the command line') THEN 'person'
  WHEN reason LIKE 'reached --max-calls%' THEN 'calls'
  WHEN reason LIKE 'reached --max-cost%' THEN 'money'
  WHEN reason LIKE '%--max-cost needs it' THEN 'price'
  ELSE 'server'
END
WHERE state IN ('paused', 'cancelled', 'failed')
"""


def upgrade() -> None:
    rebuild: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("job", recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column("halt", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.create_check_constraint(batch_op.f("ck_job_halt"), HALTS)
    op.execute(CAUSES)
