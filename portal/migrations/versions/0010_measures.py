"""Published questionnaires: their wording, results of sittings, rhythms.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

KINDS = ('exercise', 'test')


def upgrade() -> None:
    let_kinds((*KINDS, 'measure'))
    op.create_table('measure_wording',
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('imported_by_id', sa.Uuid(), nullable=False),
    sa.Column('licence_holder', sa.Text(), nullable=False),
    sa.Column('licence_terms', sa.Text(), nullable=False),
    sa.Column('licence_source', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('version >= 1', name=op.f('ck_measure_wording_versions_from_one')),
    sa.ForeignKeyConstraint(['imported_by_id'], ['person.id'], name=op.f('fk_measure_wording_imported_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measure_wording')),
    sa.UniqueConstraint('key_id', 'version', name=op.f('uq_measure_wording_key_id_version'))
    )
    op.create_table('measure_figures',
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('deviation', sa.Double(), nullable=True),
    sa.Column('reliability', sa.Double(), nullable=True),
    sa.Column('citation', sa.Text(), nullable=False),
    sa.Column('set_by_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('(deviation is null) = (reliability is null)', name=op.f('ck_measure_figures_both_or_neither')),
    sa.CheckConstraint('deviation > 0', name=op.f('ck_measure_figures_deviation_is_positive')),
    sa.CheckConstraint('reliability >= 0 and reliability <= 1', name=op.f('ck_measure_figures_reliability_is_a_share')),
    sa.ForeignKeyConstraint(['set_by_id'], ['person.id'], name=op.f('fk_measure_figures_set_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measure_figures'))
    )
    with op.batch_alter_table('measure_figures', schema=None) as batch_op:
        batch_op.create_index('ix_measure_figures_key_id_created_at', ['key_id', 'created_at'], unique=False)

    op.create_table('measure_score',
    sa.Column('response_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('scored_at', UtcDateTime(), nullable=False),
    sa.Column('acknowledged_at', UtcDateTime(), nullable=True),
    sa.Column('contacted_at', UtcDateTime(), nullable=True),
    sa.Column('content_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_measure_score_couple_id_couple')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_measure_score_person_id_person')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_measure_score_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measure_score')),
    sa.UniqueConstraint('response_id', name=op.f('uq_measure_score_response_id'))
    )
    with op.batch_alter_table('measure_score', schema=None) as batch_op:
        batch_op.create_index('ix_measure_score_couple_id', ['couple_id'], unique=False)
        batch_op.create_index('ix_measure_score_person_id_key_id_scored_at', ['person_id', 'key_id', 'scored_at'], unique=False)

    op.create_table('measure_schedule',
    sa.Column('couple_id', sa.Uuid(), nullable=False),
    sa.Column('for_person_id', sa.Uuid(), nullable=True),
    sa.Column('made_by_id', sa.Uuid(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('every_weeks', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('next_on', sa.Date(), nullable=True),
    sa.Column('paused_at', UtcDateTime(), nullable=True),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('every_weeks between 1 and 52', name=op.f('ck_measure_schedule_weeks_within_reach')),
    sa.ForeignKeyConstraint(['couple_id'], ['couple.id'], name=op.f('fk_measure_schedule_couple_id_couple')),
    sa.ForeignKeyConstraint(['for_person_id'], ['person.id'], name=op.f('fk_measure_schedule_for_person_id_person')),
    sa.ForeignKeyConstraint(['made_by_id'], ['person.id'], name=op.f('fk_measure_schedule_made_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measure_schedule'))
    )
    with op.batch_alter_table('measure_schedule', schema=None) as batch_op:
        batch_op.create_index('ix_measure_schedule_couple_id', ['couple_id'], unique=False)
        batch_op.create_index('ix_measure_schedule_next_on', ['next_on'], unique=False)

    op.create_table('measure_occasion',
    sa.Column('schedule_id', sa.Uuid(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('outcome', sa.Enum('given', 'still_open', 'paused', 'no_wording', 'passed', name='outcome', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('assignment_id', sa.Uuid(), nullable=True),
    sa.Column('reminded_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_measure_occasion_assignment_id_assignment')),
    sa.ForeignKeyConstraint(['schedule_id'], ['measure_schedule.id'], name=op.f('fk_measure_occasion_schedule_id_measure_schedule')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measure_occasion')),
    sa.UniqueConstraint('schedule_id', 'due_on', name=op.f('uq_measure_occasion_schedule_id_due_on'))
    )
    with op.batch_alter_table('measure_occasion', schema=None) as batch_op:
        batch_op.create_index('ix_measure_occasion_reminded_at_created_at', ['reminded_at', 'created_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('measure_occasion', schema=None) as batch_op:
        batch_op.drop_index('ix_measure_occasion_reminded_at_created_at')

    op.drop_table('measure_occasion')
    with op.batch_alter_table('measure_schedule', schema=None) as batch_op:
        batch_op.drop_index('ix_measure_schedule_next_on')
        batch_op.drop_index('ix_measure_schedule_couple_id')

    op.drop_table('measure_schedule')
    with op.batch_alter_table('measure_score', schema=None) as batch_op:
        batch_op.drop_index('ix_measure_score_person_id_key_id_scored_at')
        batch_op.drop_index('ix_measure_score_couple_id')

    op.drop_table('measure_score')
    with op.batch_alter_table('measure_figures', schema=None) as batch_op:
        batch_op.drop_index('ix_measure_figures_key_id_created_at')

    op.drop_table('measure_figures')
    op.drop_table('measure_wording')
    forget('assignment', "kind = 'measure'")
    let_kinds(KINDS)


def forget(table: str, where: str) -> None:
    """Delete rows and all that hangs on them: an older portal does not know this kind of task."""
    found = sa.inspect(op.get_bind())
    for other in found.get_table_names():
        nullable = {one['name']: one['nullable'] for one in found.get_columns(other)}
        for key in found.get_foreign_keys(other):
            if key['referred_table'] != table:
                continue
            column = key['constrained_columns'][0]
            hanging = f"{column} in (select id from {table} where {where})"
            if nullable[column]:
                op.execute(f"update {other} set {column} = null where {hanging}")
            else:
                forget(other, hanging)
    op.execute(f"delete from {table} where {where}")


def let_kinds(kinds: tuple[str, ...]) -> None:
    """Say what sorts of task there are."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_assignment_taskkind'), type_='check')
        batch_op.create_check_constraint(op.f('ck_assignment_taskkind'), f"kind in ({listed})")
