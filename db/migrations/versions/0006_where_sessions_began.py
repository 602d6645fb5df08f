"""Where a session began: what others try elsewhere does not keep the owner of a name out there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("login_session") as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False))
