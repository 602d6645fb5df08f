"""Triggers that refuse update and delete on a table, for both databases."""

from alembic import op

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION proutt_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def append_only(table: str) -> None:
    """Call it in a migration after the table is made."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES_FUNCTION)
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}"'
            " FOR EACH ROW EXECUTE FUNCTION proutt_refuse_change()"
        )
        op.execute(
            f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}"'
            " FOR EACH STATEMENT EXECUTE FUNCTION proutt_refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f'CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON "{table}"'
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: {change} refused'); END"
        )
