"""The individual questions with a key of their own; local help lines of the practice.

What somebody answered alone can never be changed, also by hand.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

KINDS = ('person', 'couple', 'couple_clinical', 'therapist', 'practice')
WITH_KEYS = ('data_key', 'blob')
HELP = (
    'help_region', 'emergency_number', 'crisis_line_name', 'crisis_line_number', 'abuse_line_name', 'abuse_line_number',
    'abuse_line_web', 'response_time',
)


def upgrade() -> None:
    let_own_keys((*KINDS, 'person_safety'))
    op.create_table('safety_sitting',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', UtcDateTime(), nullable=False),
    sa.Column('answered_at', UtcDateTime(), nullable=True),
    sa.Column('acknowledged_at', UtcDateTime(), nullable=True),
    sa.Column('contacted_at', UtcDateTime(), nullable=True),
    sa.Column('answers_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_safety_sitting_couple_id_couple')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_safety_sitting_person_id_person')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_safety_sitting_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_sitting'))
    )
    with op.batch_alter_table('safety_sitting', schema=None) as batch_op:
        batch_op.create_index('ix_safety_sitting_couple_id', ['couple_id'], unique=False)
        batch_op.create_index('ix_safety_sitting_person_id_created_at', ['person_id', 'created_at'], unique=False)
        batch_op.create_index('uq_safety_sitting_open', ['couple_id', 'person_id'], unique=True, sqlite_where=sa.text('answered_at is null'), postgresql_where=sa.text('answered_at is null'))

    with op.batch_alter_table('practice', schema=None) as batch_op:
        for name in HELP:
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('help_verified_on', sa.Date(), nullable=True))

    is_changed = "old.answered_at is not null and (new.answers_sealed is not old.answers_sealed " \
        "or new.seal_revision <> old.seal_revision or new.answered_at is not old.answered_at " \
        "or new.person_id <> old.person_id or new.couple_id <> old.couple_id)"
    if op.get_bind().dialect.name == "postgresql":
        is_changed = is_changed.replace("is not old.", "is distinct from old.")
        op.execute(
            f"create trigger tr_safety_sitting_kept before update on safety_sitting for each row when ({is_changed}) "
            "execute function refuse_change('tr_safety_sitting_kept')"
        )
    else:
        op.execute(
            f"create trigger tr_safety_sitting_kept before update on safety_sitting when {is_changed} "
            "begin select raise(abort, 'tr_safety_sitting_kept'); end"
        )


def downgrade() -> None:
    op.execute(
        "drop trigger tr_safety_sitting_kept"
        + (" on safety_sitting" if op.get_bind().dialect.name == "postgresql" else "")
    )
    with op.batch_alter_table('practice', schema=None) as batch_op:
        for name in ('help_verified_on', *reversed(HELP)):
            batch_op.drop_column(name)
    op.drop_table('safety_sitting')
    op.execute("delete from data_key where owner_kind = 'person_safety'")
    let_own_keys(KINDS)


def let_own_keys(kinds: tuple[str, ...]) -> None:
    """Say whose keys may seal; SQLite rebuilds both tables for that, so they are the only ones touched."""
    for table in WITH_KEYS:
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f'ck_{table}_ownerkind'), type_='check')
            batch_op.create_check_constraint(op.f(f'ck_{table}_ownerkind'), f"owner_kind in ({listed})")
