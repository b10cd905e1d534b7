"""Goals that grow out of exercises, and single lines that somebody chose to show.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('goal_wish',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_goal_wish_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_goal_wish_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_goal_wish')),
    sa.UniqueConstraint('assignment_id', 'slot', 'person_id', name=op.f('uq_goal_wish_assignment_id_slot_person_id'))
    )
    op.create_table('kept_goal',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('kept_at', UtcDateTime(), nullable=False),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('levels_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_kept_goal_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_kept_goal_couple_id_couple')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_goal')),
    sa.UniqueConstraint('assignment_id', 'slot', name=op.f('uq_kept_goal_assignment_id_slot'))
    )
    with op.batch_alter_table('kept_goal', schema=None) as batch_op:
        batch_op.create_index('ix_kept_goal_couple_id', ['couple_id'], unique=False)

    op.create_table('shown_line',
    sa.Column('response_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=False),
    sa.Column('shared_at', UtcDateTime(), nullable=False),
    sa.Column('opened_at', UtcDateTime(), nullable=True),
    sa.Column('hidden_at', UtcDateTime(), nullable=True),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_shown_line_author_id_person')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_shown_line_couple_id_couple')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_shown_line_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shown_line')),
    sa.UniqueConstraint('response_id', name=op.f('uq_shown_line_response_id'))
    )
    with op.batch_alter_table('shown_line', schema=None) as batch_op:
        batch_op.create_index('ix_shown_line_couple_id', ['couple_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('shown_line', schema=None) as batch_op:
        batch_op.drop_index('ix_shown_line_couple_id')
    op.drop_table('shown_line')
    with op.batch_alter_table('kept_goal', schema=None) as batch_op:
        batch_op.drop_index('ix_kept_goal_couple_id')
    op.drop_table('kept_goal')
    op.drop_table('goal_wish')
