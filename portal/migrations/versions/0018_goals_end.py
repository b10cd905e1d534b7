"""Goals come to an end.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

ENDINGS = sa.Enum('met', 'let_go', 'changed', name='goalending', native_enum=False, create_constraint=False, length=40)


def upgrade() -> None:
    with op.batch_alter_table('kept_goal', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ended_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('ending', ENDINGS, nullable=True))
        batch_op.create_check_constraint(op.f('ck_kept_goal_goalending'), "ending in ('met', 'let_go', 'changed')")


def downgrade() -> None:
    with op.batch_alter_table('kept_goal', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_kept_goal_goalending'), type_='check')
        batch_op.drop_column('ending')
        batch_op.drop_column('ended_at')
