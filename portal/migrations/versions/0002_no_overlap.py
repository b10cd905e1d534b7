"""Refuse two live occupied intervals of one therapist that overlap.

PostgreSQL: an exclusion constraint over ranges; a range type over uuid stands in for btree_gist. SQLite has no ranges:
triggers do the same. Whoever rebuilds the table in batch mode on SQLite must create the triggers again.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OVERLAPS = """
    select 1 from occupied_interval as other
    where other.therapist_id = new.therapist_id and other.id <> new.id and other.is_released = 0
      and other.starts_at < new.ends_at and new.starts_at < other.ends_at
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("create type uuidrange as range (subtype = uuid)")
        op.execute(
            "alter table occupied_interval add constraint ex_occupied_interval_no_overlap exclude using gist "
            "(uuidrange(therapist_id, therapist_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&) "
            "where (not is_released)"
        )
        return
    for act in ("insert", "update"):
        op.execute(
            f"create trigger tr_occupied_interval_no_overlap_{act} before {act} on occupied_interval "
            f"when new.is_released = 0 and exists ({OVERLAPS}) "
            "begin select raise(abort, 'ex_occupied_interval_no_overlap'); end"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table occupied_interval drop constraint ex_occupied_interval_no_overlap")
        op.execute("drop type uuidrange")
        return
    for act in ("insert", "update"):
        op.execute(f"drop trigger tr_occupied_interval_no_overlap_{act}")
