"""Which parts were left out of a mail that left.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unsaid_at', UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.drop_column('unsaid_at')
