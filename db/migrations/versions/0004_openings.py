"""How a dialogue opens, so that an import can tell the states of one conversation from each other.

Dialogues of complete datasets have no opening and stay as they are. Unfinished imports go on after this: what they
stored gets its opening.
"""

import hashlib
import json
from typing import Any, Literal

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DATASET = sa.table("dataset", sa.column("id"), sa.column("state"))
DIALOGUE = sa.table(
    "dialogue",
    *(sa.column("id"), sa.column("dataset_id"), sa.column("messages", sa.JSON), sa.column("opening_sha256")),
)


def upgrade() -> None:
    connection = op.get_bind()
    rebuild: Literal["always", "never"] = "always" if connection.dialect.name == "sqlite" else "never"
    with op.batch_alter_table("dialogue", recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column("opening_sha256", sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_dialogue_opening", "dialogue", ["dataset_id", "opening_sha256"])
    for dataset_id in connection.scalars(sa.select(DATASET.c.id).where(DATASET.c.state == "importing")).all():
        _open(connection, dataset_id)


def _open(connection: sa.Connection, dataset_id: int) -> None:
    rows = connection.execute(
        sa.select(DIALOGUE.c.id, DIALOGUE.c.messages).where(DIALOGUE.c.dataset_id == dataset_id)
    ).all()
    for number, messages in rows:
        connection.execute(
            sa.update(DIALOGUE).where(DIALOGUE.c.id == number).values(opening_sha256=_opening_sha256(messages))
        )


def _opening_sha256(messages: list[dict[str, Any]]) -> str:
    """As the first program with openings made it: of the messages up to the first of the user."""
    opening: list[list[str]] = []
    for message in messages:
        text = message["content"].strip()
        if message["role"] == "user":
            opening.append(["user", text.split("\n", 1)[0].rstrip()])
            break
        opening.append([message["role"], text])
    return hashlib.sha256(json.dumps(opening, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
