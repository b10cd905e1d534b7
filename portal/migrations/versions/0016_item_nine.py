"""Whatever must be looked at is nudged about, and not the individual questions alone.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('fk_safety_nudge_sitting_id_safety_sitting'), type_='foreignkey')
        batch_op.drop_constraint(op.f('uq_safety_nudge_sitting_id_told_id_told_on'), type_='unique')
        batch_op.alter_column('sitting_id', new_column_name='about_id', existing_type=sa.Uuid(), existing_nullable=False)
    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.create_unique_constraint(
            op.f('uq_safety_nudge_about_id_told_id_told_on'), ['about_id', 'told_id', 'told_on']
        )
    op.create_index(
        'ix_measure_score_unread', 'measure_score', ['scored_at'], unique=False,
        sqlite_where=sa.text('acknowledged_at is null'), postgresql_where=sa.text('acknowledged_at is null'),
    )


def downgrade() -> None:
    op.drop_index('ix_measure_score_unread', table_name='measure_score')
    op.execute("delete from safety_nudge where about_id not in (select id from safety_sitting)")
    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('uq_safety_nudge_about_id_told_id_told_on'), type_='unique')
        batch_op.alter_column('about_id', new_column_name='sitting_id', existing_type=sa.Uuid(), existing_nullable=False)
    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.create_unique_constraint(
            op.f('uq_safety_nudge_sitting_id_told_id_told_on'), ['sitting_id', 'told_id', 'told_on']
        )
        batch_op.create_foreign_key(
            op.f('fk_safety_nudge_sitting_id_safety_sitting'), 'safety_sitting', ['sitting_id'], ['id']
        )
