"""Comments on what both wrote, and comments for the therapist alone.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

REACHES = ('author', 'both')


def upgrade() -> None:
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.alter_column('answer_id', existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column('person_id', existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column('joint_answer_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f('fk_comment_joint_answer_id_joint_answer'), 'joint_answer', ['joint_answer_id'], ['id'])
        batch_op.create_index('ix_comment_joint_answer_id', ['joint_answer_id'], unique=False)
        batch_op.create_check_constraint(op.f('ck_comment_about_one_answer'), '(answer_id is null) <> (joint_answer_id is null)')
        batch_op.create_check_constraint(op.f('ck_comment_author_of_the_answer'), '(answer_id is null) = (person_id is null)')
        batch_op.create_check_constraint(op.f('ck_comment_one_author'), "reach <> 'author' or answer_id is not null")
    let((*REACHES, 'therapist'))


def downgrade() -> None:
    op.execute("delete from comment where joint_answer_id is not null or reach = 'therapist'")
    let(REACHES)
    with op.batch_alter_table('comment', schema=None) as batch_op:
        for name in ('one_author', 'author_of_the_answer', 'about_one_answer'):
            batch_op.drop_constraint(op.f(f'ck_comment_{name}'), type_='check')
        batch_op.drop_index('ix_comment_joint_answer_id')
        batch_op.drop_constraint(op.f('fk_comment_joint_answer_id_joint_answer'), type_='foreignkey')
        batch_op.drop_column('joint_answer_id')
        batch_op.alter_column('person_id', existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column('answer_id', existing_type=sa.Uuid(), nullable=False)


def let(reaches: tuple[str, ...]) -> None:
    """Say how far comments may reach."""
    listed = ', '.join(f"'{reach}'" for reach in reaches)
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_comment_reach'), type_='check')
        batch_op.create_check_constraint(op.f('ck_comment_reach'), f"reach in ({listed})")
