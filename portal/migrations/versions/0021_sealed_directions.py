"""How a place is found is sealed.

Revision ID: 0021
Revises: 0020
"""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from flask import current_app

from portal.orm import UtcDateTime
from portal.security.crypto import MasterKey, Owner, OwnerKind, seal, unseal

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

PRACTICE = sa.table('practice', sa.column('id', sa.Uuid()))
PLACE = sa.table(
    'place', sa.column('id', sa.Uuid()), sa.column('practice_id', sa.Uuid()), sa.column('directions', sa.Text()),
    sa.column('directions_sealed', sa.LargeBinary()), sa.column('seal_revision', sa.Integer()),
)
KEY = sa.table(
    'data_key', sa.column('id', sa.Uuid()), sa.column('created_at', UtcDateTime()), sa.column('owner_kind', sa.Text()),
    sa.column('owner_id', sa.Uuid()), sa.column('master_id', sa.Text()), sa.column('wrapped', sa.LargeBinary()),
)


def upgrade() -> None:
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.add_column(sa.Column('practice_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('directions_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('seal_revision', sa.Integer(), nullable=False, server_default='0'))
    connection = op.get_bind()
    practice_id = connection.scalar(sa.select(PRACTICE.c.id))
    connection.execute(sa.update(PLACE).values(practice_id=practice_id))
    told = connection.execute(sa.select(PLACE.c.id, PLACE.c.directions).where(PLACE.c.directions != '')).all()
    if told:
        key = key_of(connection, practice_id)
        for place_id, directions in told:
            sealed = seal(key, directions.encode('utf-8', 'surrogatepass'), context_of(place_id, 1))
            write(connection, place_id, directions_sealed=sealed, seal_revision=1)
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.alter_column('practice_id', existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column('seal_revision', existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch_op.create_foreign_key(op.f('fk_place_practice_id_practice'), 'practice', ['practice_id'], ['id'])
        batch_op.drop_column('directions')


def downgrade() -> None:
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.add_column(sa.Column('directions', sa.Text(), nullable=False, server_default=''))
    connection = op.get_bind()
    told = connection.execute(sa.select(PLACE).where(PLACE.c.directions_sealed.is_not(None)).with_only_columns(
        PLACE.c.id, PLACE.c.practice_id, PLACE.c.directions_sealed, PLACE.c.seal_revision
    )).all()
    for place_id, practice_id, sealed, number in told:
        plain = unseal(key_of(connection, practice_id), bytes(sealed), context_of(place_id, number))
        write(connection, place_id, directions=plain.decode('utf-8', 'surrogatepass'))
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.alter_column('directions', existing_type=sa.Text(), existing_nullable=False, server_default=None)
        batch_op.drop_constraint(op.f('fk_place_practice_id_practice'), type_='foreignkey')
        batch_op.drop_column('practice_id')
        batch_op.drop_column('directions_sealed')
        batch_op.drop_column('seal_revision')


def key_of(connection: sa.Connection, practice_id: UUID) -> bytes:
    """Open the practice's data key; make it where nothing was sealed with it yet."""
    master: MasterKey = current_app.extensions['keyring']
    owner = Owner(OwnerKind.PRACTICE, practice_id)
    own = sa.select(KEY.c.wrapped).where(KEY.c.owner_kind == owner.kind.value, KEY.c.owner_id == practice_id)
    wrapped = connection.scalar(own)
    if wrapped is not None:
        return master.open_data_key(owner, bytes(wrapped))
    plain, wrapped = master.new_data_key(owner)
    connection.execute(sa.insert(KEY).values(
        id=uuid4(), created_at=datetime.now(UTC), owner_kind=owner.kind.value, owner_id=practice_id, master_id=master.id,
        wrapped=wrapped,
    ))
    return plain


def context_of(place_id: UUID, number: int) -> bytes:
    """Name what the sealed text is bound to, as `portal.security.sealed` does."""
    return f'place|{place_id}|directions_sealed|{number}'.encode()


def write(connection: sa.Connection, place_id: UUID, **values: object) -> None:
    """Change one place."""
    connection.execute(sa.update(PLACE).where(PLACE.c.id == place_id).values(**values))
