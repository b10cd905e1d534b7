"""Exercises that therapists write, and their versions, which nobody changes.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('own_exercise',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.Column('current', sa.Integer(), nullable=False),
    sa.Column('shared_at', UtcDateTime(), nullable=True),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('draft_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('current >= 0', name=op.f('ck_own_exercise_versions_from_none')),
    sa.CheckConstraint('shared_at is null or current > 0', name=op.f('ck_own_exercise_shared_in_a_version')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_own_exercise_author_id_person')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_own_exercise_practice_id_practice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_own_exercise'))
    )
    with op.batch_alter_table('own_exercise', schema=None) as batch_op:
        batch_op.create_index('ix_own_exercise_author_id', ['author_id'], unique=False)

    op.create_table('exercise_version',
    sa.Column('practice_id', sa.Uuid(), nullable=False),
    sa.Column('exercise_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('published_by_id', sa.Uuid(), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
    sa.Column('content_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('number >= 1', name=op.f('ck_exercise_version_versions_from_one')),
    sa.ForeignKeyConstraint(['exercise_id'], ['own_exercise.id'], name=op.f('fk_exercise_version_exercise_id_own_exercise')),
    sa.ForeignKeyConstraint(['practice_id'], ['practice.id'], name=op.f('fk_exercise_version_practice_id_practice')),
    sa.ForeignKeyConstraint(['published_by_id'], ['person.id'], name=op.f('fk_exercise_version_published_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exercise_version')),
    sa.UniqueConstraint('exercise_id', 'number', name=op.f('uq_exercise_version_exercise_id_number'))
    )
    for act in ('delete', 'update'):
        name = f'tr_exercise_version_kept_{act}'
        if is_postgresql():
            op.execute(
                f"create trigger {name} before {act} on exercise_version for each row "
                f"execute function refuse_change('{name}')"
            )
        else:
            op.execute(
                f"create trigger {name} before {act} on exercise_version "
                f"begin select raise(abort, '{name}'); end"
            )


def downgrade() -> None:
    for act in ('delete', 'update'):
        op.execute(f'drop trigger tr_exercise_version_kept_{act}' + (' on exercise_version' if is_postgresql() else ''))
    op.drop_table('exercise_version')
    with op.batch_alter_table('own_exercise', schema=None) as batch_op:
        batch_op.drop_index('ix_own_exercise_author_id')

    op.drop_table('own_exercise')


def is_postgresql() -> bool:
    return op.get_bind().dialect.name == 'postgresql'
