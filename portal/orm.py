"""The base of all tables: names of constraints, instants, keys. SQLAlchemy only, no Flask."""

import enum
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Date, DateTime, Enum, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from portal.clock import utc_now

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, UTC out; on SQLite an integer of microseconds, so that SQL compares it exactly."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type that compares instants exactly on this engine."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | datetime | None:
        """Refuse a naive value (TypeError) instead of guessing its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("an instant needs a time zone")
        if dialect.name != "sqlite":
            return value.astimezone(UTC)
        since = value - EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give every instant back in UTC, whatever the connection's own zone is."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        seconds, microseconds = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


def named_enum(members: type[enum.Enum], name: str) -> Enum:
    """Give the column type of an enum whose check needs a name of its own, because a table has two columns of it."""
    return Enum(
        members, name=name, native_enum=False, create_constraint=True, values_callable=_values, length=40
    )


class Model(DeclarativeBase):
    """Base of every table. Its id is made by the application, because sealed text is bound to it before the insert."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own class attribute
        str: Text(),
        bytes: LargeBinary(),
        date: Date(),
        datetime: UtcDateTime(),
        UUID: Uuid(),
        enum.Enum: Enum(
            enum.Enum, native_enum=False, create_constraint=True, values_callable=_values, length=40
        ),
    }

    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", uuid4())
        values.setdefault("created_at", utc_now())
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no attribute {name}")
            setattr(self, name, value)
