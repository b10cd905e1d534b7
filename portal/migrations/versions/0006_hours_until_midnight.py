"""Let a period of weekly hours end at midnight, which is written 00:00.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ck_weekly_hours_ends_after_start"


def upgrade() -> None:
    _check("starts < ends or ends = '00:00:00.000000'")


def downgrade() -> None:
    # Where midnight cannot be written, the last minute of the day comes closest.
    op.execute("update weekly_hours set ends = '23:59:00.000000' where ends = '00:00:00.000000'")
    _check("starts < ends")


def _check(condition: str) -> None:
    with op.batch_alter_table("weekly_hours") as table:
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), condition)
