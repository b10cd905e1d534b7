"""A new password with a code that the therapist gives in person or in a call.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

PURPOSES = ('reset', 'unlock')


def upgrade() -> None:
    let((*PURPOSES, 'reset_code'))


def downgrade() -> None:
    op.execute("delete from one_time_token where purpose = 'reset_code'")
    let(PURPOSES)


def let(purposes: tuple[str, ...]) -> None:
    """Say what one-time tokens there are."""
    listed = ', '.join(f"'{purpose}'" for purpose in purposes)
    with op.batch_alter_table('one_time_token', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_one_time_token_onetimepurpose'), type_='check')
        batch_op.create_check_constraint(op.f('ck_one_time_token_onetimepurpose'), f"purpose in ({listed})")
