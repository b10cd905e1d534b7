"""Sealed columns: text that is plain in Python and never in the database.

    class Person(Sealed):
        first_name_sealed: Mapped[bytes | None]
        first_name = SealedText("first_name_sealed")

        def seal_owner(self) -> Owner: ...

A value is sealed when the row is flushed, bound to table, row id, column and the row's `seal_revision`; it opens on
read, with the key of its owner. Keys of all rows already loaded are fetched in one statement.
"""

from typing import Any, Self, overload
from uuid import UUID

from sqlalchemy import UniqueConstraint, event, select, tuple_
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column, object_session

from portal.orm import Model
from portal.security.crypto import MasterKey, Owner, OwnerKind, SealBroken, seal, unseal

PENDING = b"\x00not sealed yet"


class DataKey(Model):
    """One owner's data key, wrapped by the master key. Deleting the row makes everything of that owner unreadable."""

    __tablename__ = "data_key"
    __table_args__ = (UniqueConstraint("owner_kind", "owner_id"),)

    owner_kind: Mapped[OwnerKind]
    owner_id: Mapped[UUID]
    master_id: Mapped[str]
    wrapped: Mapped[bytes]


class SealedText:
    """The readable face of a sealed column. An empty text is stored as NULL."""

    def __init__(self, column: str) -> None:
        self.column = column

    @overload
    def __get__(self, row: None, kind: type[Any]) -> Self: ...

    @overload
    def __get__(self, row: "Sealed", kind: type[Any]) -> str: ...

    def __get__(self, row: "Sealed | None", kind: type[Any]) -> "Self | str":
        if row is None:
            return self
        pending = row.__dict__.get("_pending_texts", {})
        if self.column in pending:
            return str(pending[self.column])
        stored = getattr(row, self.column)
        return "" if stored is None else row.open_column(self.column, stored)

    def __set__(self, row: "Sealed", text: str) -> None:
        row.__dict__.setdefault("_pending_texts", {})[self.column] = text
        setattr(row, self.column, PENDING if text else None)


class Sealed(Model):
    """A row with sealed columns. Each change of one of them seals all of them anew under the next revision."""

    __abstract__ = True

    seal_revision: Mapped[int] = mapped_column(default=0)

    def seal_owner(self) -> Owner:
        """Name the owner whose key seals this row."""
        raise NotImplementedError

    def open_column(self, column: str, stored: bytes) -> str:
        """Read one sealed column; at most one statement for the keys of all rows loaded in this session.

        Raises:
            SealBroken: the value was moved here from elsewhere, was altered, or its owner has been erased.
        """
        session = object_session(self)
        if session is None:
            raise SealBroken("the row belongs to no session")
        key = data_key(session, self.seal_owner())
        return unseal(key, stored, self._context(column)).decode("utf-8", "surrogatepass")

    def seal_pending(self, session: Session) -> None:
        """Seal what was assigned since the last flush; called by the session before it writes."""
        pending: dict[str, str] = self.__dict__.get("_pending_texts", {})
        if not pending:
            return
        texts = {name: pending.get(name) for name in self._sealed_columns()}
        for name, text in texts.items():
            if text is None and getattr(self, name) is not None:
                texts[name] = self.open_column(name, getattr(self, name))
        self.seal_revision = (self.seal_revision or 0) + 1
        key = data_key(session, self.seal_owner(), may_create=True)
        for name, text in texts.items():
            if text:
                setattr(self, name, seal(key, text.encode("utf-8", "surrogatepass"), self._context(name)))
        del self.__dict__["_pending_texts"]

    def _context(self, column: str) -> bytes:
        return f"{self.__tablename__}|{self.id}|{column}|{self.seal_revision}".encode()

    @classmethod
    def _sealed_columns(cls) -> list[str]:
        return [
            attribute.column
            for base in cls.__mro__
            for attribute in vars(base).values()
            if isinstance(attribute, SealedText)
        ]


def data_key(session: Session, owner: Owner, *, may_create: bool = False) -> bytes:
    """Give the data key of `owner`, fetching those of all loaded rows along with it.

    Raises:
        SealBroken: there is no such key (the owner was erased) and none may be made.
    """
    keys: dict[Owner, bytes] = session.info.setdefault("data_keys", {})
    if owner not in keys:
        _fetch_keys(session, keys, owner)
    if owner not in keys:
        if not may_create:
            raise SealBroken("the owner has no key")
        keys[owner] = _create_key(session, owner)
    return keys[owner]


def expect_keys(session: Session, *owners: Owner) -> None:
    """Let the next statement for keys bring these too, because rows of these owners are about to be read or written."""
    session.info.setdefault("expected_keys", set()).update(owners)


def forget_keys(session: Session) -> None:
    """Drop the unwrapped keys of this session, so that an erasure holds from the next read on."""
    session.info.pop("data_keys", None)


def _fetch_keys(session: Session, keys: dict[Owner, bytes], wanted: Owner) -> None:
    owners = {row.seal_owner() for row in session.identity_map.values() if isinstance(row, Sealed)}
    expected: set[Owner] = session.info.pop("expected_keys", set())
    missing = [(owner.kind, owner.id) for owner in {wanted, *owners, *expected} - keys.keys()]
    with session.no_autoflush:
        found = session.scalars(
            select(DataKey).where(tuple_(DataKey.owner_kind, DataKey.owner_id).in_(missing))
        ).all()
    master: MasterKey = session.info["keyring"]
    for row in found:
        owner = Owner(row.owner_kind, row.owner_id)
        keys[owner] = master.open_data_key(owner, row.wrapped)


def _create_key(session: Session, owner: Owner) -> bytes:
    master: MasterKey = session.info["keyring"]
    plain, wrapped = master.new_data_key(owner)
    session.add(DataKey(owner_kind=owner.kind, owner_id=owner.id, master_id=master.id, wrapped=wrapped))
    return plain


@event.listens_for(Session, "before_flush")
def _seal_before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Sealed):
            row.seal_pending(session)


@event.listens_for(Session, "after_rollback")
def _forget_after_rollback(session: Session) -> None:
    forget_keys(session)
