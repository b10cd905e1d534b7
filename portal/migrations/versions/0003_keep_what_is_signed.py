"""Refuse changes of signed notes and of released summaries, also by hand.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT = {
    "note": ("old.signed_at is not null", "old.signed_at is not null"),
    "summary": (
        "old.released_at is not null",
        "old.released_at is not null and (new.content_sealed is not old.content_sealed or new.version <> old.version "
        "or new.content_hash is not old.content_hash or new.released_at is not old.released_at "
        "or new.meeting_id <> old.meeting_id or new.couple_id <> old.couple_id "
        "or new.seal_revision <> old.seal_revision)",
    ),
}


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(
            "create function refuse_change() returns trigger language plpgsql as "
            "$$ begin raise exception using errcode = 'integrity_constraint_violation', message = TG_ARGV[0]; end $$"
        )
    for table, conditions in KEPT.items():
        for act, condition in zip(("delete", "update"), conditions, strict=True):
            name = f"tr_{table}_kept_{act}"
            if is_postgresql:
                condition = condition.replace("is not old.", "is distinct from old.")
                op.execute(
                    f"create trigger {name} before {act} on {table} for each row when ({condition}) "
                    f"execute function refuse_change('{name}')"
                )
            else:
                op.execute(
                    f"create trigger {name} before {act} on {table} when {condition} "
                    f"begin select raise(abort, '{name}'); end"
                )


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in KEPT:
        for act in ("delete", "update"):
            op.execute(f"drop trigger tr_{table}_kept_{act}" + (f" on {table}" if is_postgresql else ""))
    if is_postgresql:
        op.execute("drop function refuse_change()")
