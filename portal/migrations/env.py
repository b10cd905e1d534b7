"""Alembic's entry point: runs the migrations on the application's own engine."""

from typing import Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from portal.orm import Model, UtcDateTime


def render_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column type into migrations by its name."""
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def run() -> None:
    """Run what is asked for, each migration in a transaction of its own.

    SQLite checks foreign keys only after a batch rebuild of a table, never in the middle of it.
    """
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _check_foreign_keys(connection, "OFF")
        context.configure(
            connection=connection.execution_options(begin_immediate=True),
            target_metadata=Model.metadata,
            render_item=render_type,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            connection.rollback()
            _check_foreign_keys(connection, "ON")
            if broken is not None:
                raise RuntimeError(f"a row of {broken[0]} refers to nothing")


def _check_foreign_keys(connection: Connection, is_checked: str) -> None:
    """Tell the driver itself: inside a transaction, which our connections begin at once, the pragma does nothing."""
    driver = connection.connection.dbapi_connection
    if driver is not None:
        driver.cursor().execute(f"PRAGMA foreign_keys={is_checked}")


run()
