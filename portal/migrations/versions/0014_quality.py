"""Consent to the use of one's answers, without the name, for checking the practice's questionnaires.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

KINDS = ('care', 'privacy', 'secrets_policy')


def upgrade() -> None:
    let((*KINDS, 'quality'))


def downgrade() -> None:
    op.execute("delete from consent where consent_text_id in (select id from consent_text where kind = 'quality')")
    op.execute("delete from consent_text where kind = 'quality'")
    let(KINDS)


def let(kinds: tuple[str, ...]) -> None:
    """Say which kinds of consent there are."""
    listed = ', '.join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table('consent_text', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_consent_text_consentkind'), type_='check')
        batch_op.create_check_constraint(op.f('ck_consent_text_consentkind'), f"kind in ({listed})")
