"""The short public form.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('offers_short_form', sa.Boolean(), nullable=False, server_default=sa.true()))

    op.create_table('short_form_pair',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('request_code', sa.LargeBinary(), nullable=False),
    sa.Column('join_code', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('first_shares', sa.Boolean(), nullable=False),
    sa.Column('second_shares', sa.Boolean(), nullable=False),
    sa.Column('opened_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_short_form_pair_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_short_form_pair')),
    sa.UniqueConstraint('join_code', name=op.f('uq_short_form_pair_join_code')),
    sa.UniqueConstraint('request_code', name=op.f('uq_short_form_pair_request_code'))
    )
    with op.batch_alter_table('short_form_pair', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_short_form_pair_expires_at'), ['expires_at'], unique=False)

    op.create_table('short_form_part',
    sa.Column('pair_id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('place', sa.Enum('first', 'second', name='shortformplace', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('return_code', sa.LargeBinary(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.Column('may_go_along', sa.Boolean(), nullable=False),
    sa.Column('own_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('told_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['pair_id'], ['short_form_pair.id'], name=op.f('fk_short_form_part_pair_id_short_form_pair')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_short_form_part_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_short_form_part')),
    sa.UniqueConstraint('pair_id', 'place', name=op.f('uq_short_form_part_pair_id_place')),
    sa.UniqueConstraint('return_code', name=op.f('uq_short_form_part_return_code'))
    )
    op.create_table('brought_result',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('form_code', sa.LargeBinary(), nullable=False),
    sa.Column('consultation_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('expires_at', UtcDateTime(), nullable=True),
    sa.Column('own_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('other_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_brought_result_consultation_id_consultation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_brought_result_person_id_person')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_brought_result_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_brought_result')),
    sa.UniqueConstraint('consultation_id', name=op.f('uq_brought_result_consultation_id')),
    sa.UniqueConstraint('form_code', name=op.f('uq_brought_result_form_code'))
    )
    with op.batch_alter_table('brought_result', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_brought_result_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_brought_result_person_id'), ['person_id'], unique=False)


def downgrade() -> None:
    op.drop_table('brought_result')
    op.drop_table('short_form_part')
    op.drop_table('short_form_pair')
    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.drop_column('offers_short_form')
