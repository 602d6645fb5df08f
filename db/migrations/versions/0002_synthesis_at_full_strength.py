"""Synthesis at full strength: usage and prices, call times, limits of spending, near-duplicates, imported pairs.

SQLite rebuilds the tables that change, so that they are written as the models would write them.
"""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


JOB_KINDS = "kind IN ('import', 'synthesis', 'predict', 'judge', 'near_duplicates')"


# What earlier runs came to, from the calls themselves.
USAGE = """
INSERT INTO job_usage (job_id, process, stage, answered_by, provider, calls, valid_calls, cached_calls,
                       prompt_tokens, cached_tokens, completion_tokens, unmetered_calls, seconds)
SELECT item.job_id, 'earlier', call.stage, call.answered_by, '',
       SUM(CASE WHEN link.from_cache THEN 0 ELSE 1 END),
       SUM(CASE WHEN NOT link.from_cache AND call.valid THEN 1 ELSE 0 END),
       SUM(CASE WHEN link.from_cache THEN 1 ELSE 0 END),
       SUM(CASE WHEN link.from_cache THEN 0 ELSE COALESCE(call.prompt_tokens, 0) END),
       SUM(CASE WHEN link.from_cache THEN 0 ELSE COALESCE(call.cached_tokens, 0) END),
       SUM(CASE WHEN link.from_cache THEN 0 ELSE COALESCE(call.completion_tokens, 0) END),
       SUM(CASE WHEN NOT link.from_cache AND call.valid AND call.prompt_tokens IS NULL THEN 1 ELSE 0 END),
       SUM(CASE WHEN link.from_cache THEN 0 ELSE call.latency_s END)
FROM item_call link JOIN llm_call call ON call.id = link.call_id
JOIN {table} item ON item.id = link.{column}
GROUP BY item.job_id, call.stage, call.answered_by
"""
ITEMS = {"synthesis_item": "synthesis_item_id", "prediction": "prediction_id", "judge_verdict": "judge_verdict_id"}


def upgrade() -> None:
    rebuild: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    op.create_table('model_price',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('model', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('prompt', sa.Float(), nullable=False),
    sa.Column('cached', sa.Float(), nullable=False),
    sa.Column('completion', sa.Float(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_price')),
    sa.UniqueConstraint('address', 'model', 'since', name=op.f('uq_model_price_address_model_since'))
    )
    op.create_table('near_duplicate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Integer(), nullable=False),
    sa.Column('dialogue_id', sa.Integer(), nullable=False),
    sa.Column('like_id', sa.Integer(), nullable=False),
    sa.Column('similarity', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['dataset.id'], name=op.f('fk_near_duplicate_dataset_id')),
    sa.ForeignKeyConstraint(['dialogue_id'], ['dialogue.id'], name=op.f('fk_near_duplicate_dialogue_id')),
    sa.ForeignKeyConstraint(['like_id'], ['dialogue.id'], name=op.f('fk_near_duplicate_like_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_near_duplicate')),
    sa.UniqueConstraint('dialogue_id', name=op.f('uq_near_duplicate_dialogue_id'))
    )
    with op.batch_alter_table('near_duplicate') as batch_op:
        batch_op.create_index(batch_op.f('ix_near_duplicate_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_near_duplicate_like_id'), ['like_id'], unique=False)

    op.create_table('job_usage',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=False),
    sa.Column('process', sa.String(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('answered_by', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('valid_calls', sa.Integer(), nullable=False),
    sa.Column('cached_calls', sa.Integer(), nullable=False),
    sa.Column('prompt_tokens', sa.Integer(), nullable=False),
    sa.Column('cached_tokens', sa.Integer(), nullable=False),
    sa.Column('completion_tokens', sa.Integer(), nullable=False),
    sa.Column('unmetered_calls', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_job_usage_job_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_usage')),
    sa.UniqueConstraint('job_id', 'process', 'stage', 'answered_by', 'provider', name=op.f('uq_job_usage_job_id_process_stage_answered_by_provider'))
    )
    with op.batch_alter_table('dataset', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(), server_default=sa.text("'dialogues'"), nullable=False))
        batch_op.create_check_constraint(batch_op.f('ck_dataset_kind'), "kind IN ('dialogues', 'pairs')")
        batch_op.add_column(sa.Column('redistributable', sa.Boolean(), server_default=sa.text('true'), nullable=False))
        batch_op.add_column(sa.Column('rows_read', sa.Integer(), server_default=sa.text('0'), nullable=False))

    with op.batch_alter_table('dialogue', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('personal_data', sa.String(), nullable=True))
        batch_op.create_index('ix_dialogue_personal_data', ['dataset_id', 'personal_data'], unique=False)

    with op.batch_alter_table('export', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('dataset_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('settings', sa.JSON(), nullable=True))
        batch_op.alter_column('job_id',
               existing_type=sa.INTEGER(),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_export_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_export_dataset_id'), 'dataset', ['dataset_id'], ['id'])

    with op.batch_alter_table('item_call', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('asked_at', sa.DateTime(), nullable=True))

    with op.batch_alter_table('job', recreate=rebuild) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_job_kind'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_job_kind'), JOB_KINDS)
        batch_op.add_column(sa.Column('max_calls', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('max_cost', sa.Float(), nullable=True))

    with op.batch_alter_table('llm_call', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('provider', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('reasoning', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('started_at', sa.DateTime(), nullable=True))

    with op.batch_alter_table('queue', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('dataset_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_queue_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_queue_dataset_id'), 'dataset', ['dataset_id'], ['id'])

    with op.batch_alter_table('synthesis_item', recreate=rebuild) as batch_op:
        batch_op.add_column(sa.Column('overlap_chosen', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('overlap_insight', sa.Float(), nullable=True))
        batch_op.create_index('ix_synthesis_item_finished', ['job_id', 'finished_at'], unique=False)

    for table, column in ITEMS.items():
        op.execute(USAGE.format(table=table, column=column))
