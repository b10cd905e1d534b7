"""One business act, one transaction; effects that wait for its commit.

Views, jobs and commands write `with transaction() as session:`. Leaving it commits, raising rolls everything back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import Conflict
from portal.extensions import db
from portal.failpoints import failpoint

CALLBACKS = "after_commit"
LOCK_MILLISECONDS = 10_000


class ConstraintViolated(Conflict):
    """The database refused a row that breaks one of its own rules; `constraint` is its name, or SQLite's columns."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


def current_session() -> Session:
    """Give the request's or the job's session for reads."""
    return db.session()


@contextmanager
def transaction() -> Iterator[Session]:
    """Write in one transaction, then run what `after_commit` has collected.

    The read transaction of the request (its login session) ends first: SQLite refuses to turn a reader into a writer.
    On SQLite the transaction begins IMMEDIATE, so writers queue instead of failing halfway.

    Raises:
        ConstraintViolated: the database refused; nothing was written.
    """
    session = current_session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside a transaction")
    session.commit()
    session.connection(execution_options={"begin_immediate": True})
    callbacks: list[Callable[[], None]] = []
    session.info[CALLBACKS] = callbacks
    try:
        yield session
        failpoint("transaction.before_commit")
        session.commit()
        failpoint("transaction.after_commit")
    except IntegrityError as error:
        session.rollback()
        raise ConstraintViolated(violated_constraint(error)) from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(CALLBACKS, None)
    for callback in callbacks:
        callback()


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run `callback` once the surrounding transaction is durable; never if it rolls back.

    Raises:
        RuntimeError: there is no surrounding transaction.
    """
    if CALLBACKS not in session.info:
        raise RuntimeError("after_commit needs a transaction")
    session.info[CALLBACKS].append(callback)


def violated_constraint(error: IntegrityError) -> str:
    """Name the rule that was broken, without the row's content, which PostgreSQL's own message quotes.

    PostgreSQL tells the constraint or column, and a trigger its word; SQLite its columns or the trigger's word.
    """
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or diagnosis.column_name or diagnosis.message_primary)
    return str(error.orig).removeprefix("UNIQUE constraint failed: ")


def prepare_engine(engine: Engine) -> None:
    """Make every connection keep the promises that the rest relies on (DAT-01); cost: a few statements a connection.

    Nobody waits longer than ten seconds for somebody else's lock; then the answer is "in a moment" (503).
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={LOCK_MILLISECONDS}",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # else the first rollback would take the setting back
    connection.execute(f"set lock_timeout = {LOCK_MILLISECONDS}")
    connection.autocommit = False


def _begin_sqlite(connection: Any) -> None:
    is_writer = connection.get_execution_options().get("begin_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
