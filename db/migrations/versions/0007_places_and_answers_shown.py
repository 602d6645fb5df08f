"""How many places of a queue item are held, in what order a person did things, and which items show a case's answer."""

from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "state IN ('open', 'lapsed', 'done', 'skipped', 'surplus')"


def upgrade() -> None:
    rebuild: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("assignment", recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column("queue_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("step", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.drop_constraint(op.f("ck_assignment_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_assignment_state"), STATES)
    _fill_assignments()
    with op.batch_alter_table("assignment", recreate=rebuild) as batch_op:
        batch_op.alter_column("queue_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_assignment_queue_id"), "queue", ["queue_id"], ["id"])
        batch_op.drop_index(op.f("ix_assignment_user_id_state"))
    op.create_index("ix_assignment_mine", "assignment", ["user_id", "queue_id", "state"])
    op.create_index("ix_assignment_order", "assignment", ["user_id", "queue_id", "step"])
    held = sa.text("state = 'open'")
    op.create_index(
        "ix_assignment_lease", "assignment", ["queue_id", "lease_until"], sqlite_where=held, postgresql_where=held
    )
    with op.batch_alter_table("queue_item", recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE queue_item SET taken = (SELECT count(*) FROM assignment WHERE queue_item_id = queue_item.id"
        " AND role = 'annotate' AND state IN ('open', 'done')) WHERE id IN (SELECT queue_item_id FROM assignment)"
    )
    op.execute("UPDATE queue_item SET taken = people WHERE taken > people")
    with op.batch_alter_table("queue_item", recreate=rebuild) as batch_op:
        batch_op.create_check_constraint(op.f("ck_queue_item_taken"), "taken >= 0 AND taken <= people")
    with op.batch_alter_table("queue") as batch_op:
        batch_op.add_column(sa.Column("filled", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE queue SET filled ="
        " (SELECT count(*) FROM queue_item WHERE queue_id = queue.id AND taken >= people)"
    )
    free = sa.text("taken < people")
    op.create_index(
        "ix_queue_item_free",
        "queue_item",
        ["queue_id", "position"],
        sqlite_where=free,
        postgresql_where=free,
    )
    _create_answer_shown()


def _fill_assignments() -> None:
    op.execute("UPDATE assignment SET queue_id = (SELECT queue_id FROM queue_item WHERE id = assignment.queue_item_id)")
    op.execute(
        "UPDATE assignment SET step = (SELECT ranked.step FROM (SELECT id, row_number() OVER (PARTITION BY user_id,"
        " queue_id ORDER BY coalesce(answered_at, given_at), id) AS step FROM assignment) AS ranked"
        " WHERE ranked.id = assignment.id)"
    )
    # Leases that ran out end at the next claim; here only where others took all places meanwhile.
    assignment = sa.table("assignment", sa.column("state"), sa.column("lease_until", sa.DateTime()))
    ran_out = sa.and_(assignment.c.state == "open", assignment.c.lease_until <= datetime.now(UTC).replace(tzinfo=None))
    full = sa.text(
        "(SELECT count(*) FROM assignment o WHERE o.queue_item_id = assignment.queue_item_id AND o.role = 'annotate'"
        " AND o.state IN ('open', 'done')) > (SELECT people FROM queue_item q WHERE q.id = assignment.queue_item_id)"
    )
    op.get_bind().execute(sa.update(assignment).where(ran_out, full).values(state="lapsed"))


def _create_answer_shown() -> None:
    op.create_table(
        "answer_shown",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("queue_item_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["study_case.id"], name=op.f("fk_answer_shown_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["queue_item_id"], ["queue_item.id"], name=op.f("fk_answer_shown_queue_item_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "queue_item_id", name=op.f("pk_answer_shown")),
    )
    op.create_index(op.f("ix_answer_shown_queue_item_id"), "answer_shown", ["queue_item_id"])
    # Of the studies that are open now: pairs and trees of the same group of dialogues, or of the same text.
    for same in ("d.dataset_id = x.dataset_id AND d.group_key = x.group_key", "d.text_sha256 = x.text_sha256"):
        for item in ("q.item_id = i.id", "q.pair_id = (SELECT p.id FROM preference_pair p WHERE p.item_id = i.id)"):
            op.execute(
                "INSERT INTO answer_shown (case_id, queue_item_id) SELECT x.case_id, q.id FROM dialogue d JOIN"
                " (SELECT c.id AS case_id, cd.dataset_id, cd.group_key, cd.text_sha256 FROM study_case c"
                " JOIN study s ON s.id = c.study_id AND s.state = 'open' JOIN sample cs ON cs.id = c.sample_id"
                f" JOIN dialogue cd ON cd.id = cs.dialogue_id) AS x ON {same}"
                " JOIN sample ds ON ds.dialogue_id = d.id JOIN synthesis_item i ON i.sample_id = ds.id"
                f" JOIN queue_item q ON {item} WHERE NOT EXISTS"
                " (SELECT 1 FROM answer_shown a WHERE a.case_id = x.case_id AND a.queue_item_id = q.id)"
            )
