"""Why goals end, and that they can go on.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

ENDINGS = sa.Enum('met', 'let_go', 'changed', name='goalending', native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table('goal_end',
    sa.Column('goal_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('ended_at', UtcDateTime(), nullable=False),
    sa.Column('ending', ENDINGS, nullable=False),
    sa.Column('taken_up_at', UtcDateTime(), nullable=True),
    sa.Column('reason_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_goal_end_couple_id_couple')),
    sa.ForeignKeyConstraint(['goal_id'], ['kept_goal.id'], name=op.f('fk_goal_end_goal_id_kept_goal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_goal_end'))
    )
    with op.batch_alter_table('goal_end', schema=None) as batch_op:
        batch_op.create_index('ix_goal_end_goal_id', ['goal_id'], unique=False)
    # Each goal has ended once at most by now, so that its own id names that end too.
    op.execute(
        'insert into goal_end (id, created_at, goal_id, couple_id, ended_at, ending, seal_revision) '
        'select id, ended_at, id, couple_id, ended_at, ending, 0 from kept_goal where ended_at is not null'
    )


def downgrade() -> None:
    with op.batch_alter_table('goal_end', schema=None) as batch_op:
        batch_op.drop_index('ix_goal_end_goal_id')
    op.drop_table('goal_end')
