"""Assignments, answers and reveals; safety holds; a stored scope never widens, also by hand.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('assignment',
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('for_person_id', sa.Uuid(), nullable=True),
    sa.Column('assigned_by_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('exercise', 'test', name='taskkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('task_id', sa.Text(), nullable=False),
    sa.Column('task_version', sa.Text(), nullable=False),
    sa.Column('gate', sa.Enum('both', 'therapist', name='gate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('standing', sa.Enum('open', 'closed', 'withdrawn', name='standing', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('held_at', UtcDateTime(), nullable=True),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assigned_by_id'], ['person.id'], name=op.f('fk_assignment_assigned_by_id_person')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_assignment_couple_id_couple')),
    sa.ForeignKeyConstraint(['for_person_id'], ['person.id'], name=op.f('fk_assignment_for_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_couple_id_created_at', ['couple_id', 'created_at'], unique=False)

    op.create_table('safety_hold',
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('set_by_id', sa.Uuid(), nullable=False),
    sa.Column('lifted_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_safety_hold_couple_id_couple')),
    sa.ForeignKeyConstraint(['set_by_id'], ['person.id'], name=op.f('fk_safety_hold_set_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_hold'))
    )
    with op.batch_alter_table('safety_hold', schema=None) as batch_op:
        batch_op.create_index('uq_safety_hold_in_force', ['couple_id'], unique=True, sqlite_where=sa.text('lifted_at is null'), postgresql_where=sa.text('lifted_at is null'))

    op.create_table('joint_answer',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('prompt_id', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=False),
    sa.Column('page_id', sa.Text(), nullable=False),
    sa.Column('serial', sa.Integer(), nullable=False),
    sa.Column('saved_at', UtcDateTime(), nullable=False),
    sa.Column('reviewed_at', UtcDateTime(), nullable=True),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_joint_answer_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_joint_answer_author_id_person')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_joint_answer_couple_id_couple')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_joint_answer')),
    sa.UniqueConstraint('assignment_id', 'prompt_id', 'revision', name=op.f('uq_joint_answer_assignment_id_prompt_id_revision'))
    )
    with op.batch_alter_table('joint_answer', schema=None) as batch_op:
        batch_op.create_index('ix_joint_answer_couple_id', ['couple_id'], unique=False)

    op.create_table('opening',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('opened_by_id', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_opening_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['opened_by_id'], ['person.id'], name=op.f('fk_opening_opened_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opening')),
    sa.UniqueConstraint('assignment_id', 'stage', name=op.f('uq_opening_assignment_id_stage'))
    )
    op.create_table('response',
    sa.Column('assignment_id', sa.Uuid(), nullable=False),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('step', sa.Enum('writing', 'submitted', 'shared', 'hidden', name='step', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('begun_at', UtcDateTime(), nullable=True),
    sa.Column('submitted_at', UtcDateTime(), nullable=True),
    sa.Column('shared_at', UtcDateTime(), nullable=True),
    sa.Column('hidden_at', UtcDateTime(), nullable=True),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('stage >= 1', name=op.f('ck_response_stages_from_one')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_response_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_response_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_response')),
    sa.UniqueConstraint('assignment_id', 'stage', 'person_id', name=op.f('uq_response_assignment_id_stage_person_id'))
    )
    with op.batch_alter_table('response', schema=None) as batch_op:
        batch_op.create_index('ix_response_person_id', ['person_id'], unique=False)

    op.create_table('answer',
    sa.Column('response_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('prompt_id', sa.Text(), nullable=False),
    sa.Column('scope', sa.Enum('private', 'therapist', 'reveal', 'joint', name='scope', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('page_id', sa.Text(), nullable=False),
    sa.Column('serial', sa.Integer(), nullable=False),
    sa.Column('saved_at', UtcDateTime(), nullable=False),
    sa.Column('is_withheld', sa.Boolean(), nullable=False),
    sa.Column('reviewed_at', UtcDateTime(), nullable=True),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('other_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_answer_person_id_person')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_answer_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer')),
    sa.UniqueConstraint('response_id', 'prompt_id', name=op.f('uq_answer_response_id_prompt_id'))
    )
    op.create_table('kept_page',
    sa.Column('response_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('kept_at', UtcDateTime(), nullable=False),
    sa.Column('fields_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_kept_page_person_id_person')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_kept_page_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_page')),
    sa.UniqueConstraint('response_id', 'person_id', 'page', name=op.f('uq_kept_page_response_id_person_id_page'))
    )

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create trigger tr_answer_scope_kept before update on answer for each row "
            "when (new.scope is distinct from old.scope) execute function refuse_change('tr_answer_scope_kept')"
        )
    else:
        op.execute(
            "create trigger tr_answer_scope_kept before update on answer when new.scope is not old.scope "
            "begin select raise(abort, 'tr_answer_scope_kept'); end"
        )


def downgrade() -> None:
    op.execute(
        "drop trigger tr_answer_scope_kept"
        + (" on answer" if op.get_bind().dialect.name == "postgresql" else "")
    )
    op.drop_table('kept_page')
    op.drop_table('answer')
    with op.batch_alter_table('response', schema=None) as batch_op:
        batch_op.drop_index('ix_response_person_id')

    op.drop_table('response')
    op.drop_table('opening')
    with op.batch_alter_table('joint_answer', schema=None) as batch_op:
        batch_op.drop_index('ix_joint_answer_couple_id')

    op.drop_table('joint_answer')
    with op.batch_alter_table('safety_hold', schema=None) as batch_op:
        batch_op.drop_index('uq_safety_hold_in_force', sqlite_where=sa.text('lifted_at is null'), postgresql_where=sa.text('lifted_at is null'))

    op.drop_table('safety_hold')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index('ix_assignment_couple_id_created_at')

    op.drop_table('assignment')
