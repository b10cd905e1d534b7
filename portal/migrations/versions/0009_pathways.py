"""Pathways, comments, and what an assignment can be besides open.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pathway_template',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('made_by_id', sa.Uuid(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('title_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('purpose_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['made_by_id'], ['person.id'], name=op.f('fk_pathway_template_made_by_id_person')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_pathway_template_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pathway_template'))
    )
    op.create_table('template_step',
    sa.Column('template_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('task_id', sa.Text(), nullable=False),
    sa.Column('delivery', sa.Enum('at_once', 'after_previous', 'after_days', 'weekday', name='delivery', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('weekday', sa.Integer(), nullable=True),
    sa.Column('hour', sa.Integer(), nullable=True),
    sa.Column('is_in_session', sa.Boolean(), nullable=False),
    sa.Column('due_days', sa.Integer(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['pathway_template.id'], name=op.f('fk_template_step_template_id_pathway_template')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_step')),
    sa.UniqueConstraint('template_id', 'position', name=op.f('uq_template_step_template_id_position'))
    )
    op.create_table('pathway',
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('for_person_id', sa.Uuid(), nullable=True),
    sa.Column('started_by_id', sa.Uuid(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('standing', sa.Enum('running', 'paused', 'finished', 'stopped', name='pathwaystanding', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('counts_from', UtcDateTime(), nullable=False),
    sa.Column('next_due_at', UtcDateTime(), nullable=True),
    sa.Column('awaited_id', sa.Uuid(), nullable=True),
    sa.Column('awaited_stage', sa.Integer(), nullable=True),
    sa.Column('stuck', sa.Enum('held', 'asked', 'gone', name='stuck', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('paused_at', UtcDateTime(), nullable=True),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.Column('title_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['awaited_id'], ['assignment.id'], name=op.f('fk_pathway_awaited_id_assignment')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_pathway_couple_id_couple')),
    sa.ForeignKeyConstraint(['for_person_id'], ['person.id'], name=op.f('fk_pathway_for_person_id_person')),
    sa.ForeignKeyConstraint(['started_by_id'], ['person.id'], name=op.f('fk_pathway_started_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pathway'))
    )
    with op.batch_alter_table('pathway', schema=None) as batch_op:
        batch_op.create_index('ix_pathway_couple_id', ['couple_id'], unique=False)
        batch_op.create_index('ix_pathway_standing_next_due_at', ['standing', 'next_due_at'], unique=False)

    op.create_table('pathway_step',
    sa.Column('pathway_id', sa.Uuid(), nullable=False),
    sa.Column('skipped_at', UtcDateTime(), nullable=True),
    sa.Column('given_at', UtcDateTime(), nullable=True),
    sa.Column('assignment_id', sa.Uuid(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('task_id', sa.Text(), nullable=False),
    sa.Column('delivery', sa.Enum('at_once', 'after_previous', 'after_days', 'weekday', name='delivery', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('weekday', sa.Integer(), nullable=True),
    sa.Column('hour', sa.Integer(), nullable=True),
    sa.Column('is_in_session', sa.Boolean(), nullable=False),
    sa.Column('due_days', sa.Integer(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('(given_at is null) = (assignment_id is null)', name=op.f('ck_pathway_step_given_with_a_task')),
    sa.CheckConstraint('skipped_at is null or given_at is null', name=op.f('ck_pathway_step_given_or_skipped')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_pathway_step_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['pathway_id'], ['pathway.id'], name=op.f('fk_pathway_step_pathway_id_pathway')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pathway_step')),
    sa.UniqueConstraint('assignment_id', name=op.f('uq_pathway_step_assignment_id')),
    sa.UniqueConstraint('pathway_id', 'position', name=op.f('uq_pathway_step_pathway_id_position'))
    )
    op.create_table('stray_answer',
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
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_stray_answer_person_id_person')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_stray_answer_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stray_answer'))
    )
    with op.batch_alter_table('stray_answer', schema=None) as batch_op:
        batch_op.create_index('ix_stray_answer_response_id', ['response_id'], unique=False)

    op.create_table('comment',
    sa.Column('answer_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('written_by_id', sa.Uuid(), nullable=False),
    sa.Column('reach', sa.Enum('author', 'both', name='reach', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['answer.id'], name=op.f('fk_comment_answer_id_answer')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_comment_couple_id_couple')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_comment_person_id_person')),
    sa.ForeignKeyConstraint(['written_by_id'], ['person.id'], name=op.f('fk_comment_written_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comment'))
    )
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.create_index('ix_comment_answer_id', ['answer_id'], unique=False)

    op.create_table('given_step',
    sa.Column('step_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['step_id'], ['pathway_step.id'], name=op.f('fk_given_step_step_id_pathway_step')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_given_step')),
    sa.UniqueConstraint('step_id', name=op.f('uq_given_step_step_id'))
    )
    with op.batch_alter_table('response', schema=None) as batch_op:
        batch_op.add_column(sa.Column('moved_to', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('course', sa.Enum('as_asked', 'kept', 'change', 'dropped', name='course', native_enum=False, create_constraint=True, length=40), nullable=False, server_default='as_asked'))
        batch_op.add_column(sa.Column('disowned_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('disowned_step', sa.Enum('writing', 'submitted', 'shared', 'hidden', name='disownedstep', native_enum=False, create_constraint=True, length=40), nullable=True))


def downgrade() -> None:
    # What somebody said was not theirs is not put back among the answers: the table goes with everything in it.
    with op.batch_alter_table('response', schema=None) as batch_op:
        for name in ('course', 'disownedstep'):
            batch_op.drop_constraint(batch_op.f(f'ck_response_{name}'), type_='check')
        batch_op.drop_column('disowned_step')
        batch_op.drop_column('disowned_at')
        batch_op.drop_column('course')
        batch_op.drop_column('moved_to')

    op.drop_table('given_step')
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.drop_index('ix_comment_answer_id')

    op.drop_table('comment')
    with op.batch_alter_table('stray_answer', schema=None) as batch_op:
        batch_op.drop_index('ix_stray_answer_response_id')

    op.drop_table('stray_answer')
    op.drop_table('pathway_step')
    with op.batch_alter_table('pathway', schema=None) as batch_op:
        batch_op.drop_index('ix_pathway_standing_next_due_at')
        batch_op.drop_index('ix_pathway_couple_id')

    op.drop_table('pathway')
    op.drop_table('template_step')
    op.drop_table('pathway_template')
