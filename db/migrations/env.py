"""Run by Alembic only. The connection, and the transaction around everything, belong to db.migrate."""

from alembic import context

from db.migrate import context_options

context.configure(connection=context.config.attributes["connection"], **context_options(batch=True))
with context.begin_transaction():
    context.run_migrations()
