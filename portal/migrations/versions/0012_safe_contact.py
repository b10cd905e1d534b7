"""The safe-contact card, repeated individual questions, escalation.

Revision ID: 0012
Revises: 0011
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

MESSAGES = (
    'consultation_booked', 'consultation_confirmed', 'consultation_declined', 'invitation', 'new_item', 'reset',
    'security_change', 'therapist_request', 'consultation_cancelled', 'consultation_code', 'consultation_message',
    'consultation_missed', 'consultation_moved', 'consultation_reminder', 'therapist_notice', 'waitlist_joined',
    'waitlist_offer',
)
WIDENED = (
    ('person', 'channel', 'channel', ('email', 'portal_only', 'text'), ('call',)),
    ('message_part', 'kind', 'messagekind', MESSAGES, ('look_needed',)),
)
UNREAD = 'answered_at is not null and acknowledged_at is null'


def upgrade() -> None:
    op.create_table('safe_contact',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('card_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('ask_again_on', sa.Date(), nullable=True),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_safe_contact_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safe_contact')),
    sa.UniqueConstraint('person_id', name=op.f('uq_safe_contact_person_id'))
    )
    op.create_table('safety_round',
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', UtcDateTime(), nullable=False),
    sa.Column('follows_id', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_safety_round_couple_id_couple')),
    sa.ForeignKeyConstraint(['follows_id'], ['safety_round.id'], name=op.f('fk_safety_round_follows_id_safety_round')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_round')),
    sa.UniqueConstraint('follows_id', name=op.f('uq_safety_round_follows_id'))
    )
    with op.batch_alter_table('safety_round', schema=None) as batch_op:
        batch_op.create_index('ix_safety_round_couple_id_asked_at', ['couple_id', 'asked_at'], unique=False)

    op.create_table('safety_nudge',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('told_id', sa.Uuid(), nullable=False),
    sa.Column('told_on', sa.Date(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id'], ['safety_sitting.id'], name=op.f('fk_safety_nudge_sitting_id_safety_sitting')),
    sa.ForeignKeyConstraint(['told_id'], ['person.id'], name=op.f('fk_safety_nudge_told_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_nudge')),
    sa.UniqueConstraint('sitting_id', 'told_id', 'told_on', name=op.f('uq_safety_nudge_sitting_id_told_id_told_on'))
    )
    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.create_index('ix_safety_nudge_told_id', ['told_id'], unique=False)

    with op.batch_alter_table('safety_sitting', schema=None) as batch_op:
        batch_op.create_index(
            'ix_safety_sitting_unread', ['answered_at'], unique=False, sqlite_where=sa.text(UNREAD),
            postgresql_where=sa.text(UNREAD),
        )

    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_until', UtcDateTime(), nullable=True))

    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kept_at', UtcDateTime(), nullable=True))
        batch_op.create_index('ix_message_part_person_id_kept_at', ['person_id', 'kept_at'], unique=False)

    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('individual_weeks', sa.Integer(), nullable=True))

    op.execute("update practice set individual_weeks = 13")
    for table, column, name, before, after in WIDENED:
        let(table, column, name, (*before, *after))
    begin_rounds()


def downgrade() -> None:
    op.execute("update person set channel = 'portal_only' where channel = 'call'")
    op.execute("delete from message_part where kind = 'look_needed'")
    # What was kept inside the portal, or waits for a safe hour, must not leave by rules that know no card.
    op.execute("delete from message_part where kept_at is not null")
    op.execute("update message set state = 'suppressed' where held_until is not null and state = 'waiting'")
    for table, column, name, before, _after in WIDENED:
        let(table, column, name, before)
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.drop_column('individual_weeks')

    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.drop_index('ix_message_part_person_id_kept_at')
        batch_op.drop_column('kept_at')

    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_column('held_until')

    with op.batch_alter_table('safety_sitting', schema=None) as batch_op:
        batch_op.drop_index('ix_safety_sitting_unread')

    with op.batch_alter_table('safety_nudge', schema=None) as batch_op:
        batch_op.drop_index('ix_safety_nudge_told_id')

    op.drop_table('safety_nudge')
    with op.batch_alter_table('safety_round', schema=None) as batch_op:
        batch_op.drop_index('ix_safety_round_couple_id_asked_at')

    op.drop_table('safety_round')
    op.drop_table('safe_contact')


def let(table: str, column: str, name: str, words: tuple[str, ...]) -> None:
    """Say which words a column may hold."""
    listed = ", ".join(f"'{word}'" for word in words)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
        batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), f"{column} in ({listed})")


def begin_rounds() -> None:
    """Write down when each couple was last asked, so that the questions come again at their time."""
    sittings = sa.table('safety_sitting', sa.column('couple_id', sa.Uuid()), sa.column('asked_at', UtcDateTime()))
    rounds = sa.table(
        'safety_round', sa.column('id', sa.Uuid()), sa.column('created_at', UtcDateTime()),
        sa.column('couple_id', sa.Uuid()), sa.column('asked_at', UtcDateTime()),
    )
    asked = sa.select(sittings.c.couple_id, sa.func.max(sittings.c.asked_at, type_=UtcDateTime())).group_by(sittings.c.couple_id)
    found = op.get_bind().execute(asked).all()
    for couple_id, asked_at in found:
        op.execute(rounds.insert().values(id=uuid4(), created_at=asked_at, couple_id=couple_id, asked_at=asked_at))
