from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from portal.audit.chain import Finding, anchor_head, seal_new_rows, verify
from portal.audit.rules import Action
from portal.audit.service import record
from portal.security.viewer import Anonymous
from portal.transaction import current_session, transaction


def write(app: Flask, count: int) -> None:
    with transaction() as session:
        for _ in range(count):
            record(
                session, Anonymous(), Action.CONSULTATION_REQUESTED, kind="consultation", object_id=uuid4()
            )
    with transaction() as session:
        head = seal_new_rows(session)
    assert head is not None
    anchor_head(head, app.extensions["settings"].instance)


def faults(app: Flask) -> list[Finding]:
    current_session().rollback()
    current_session().expunge_all()
    return verify(current_session(), app.extensions["settings"].instance)


def by_hand(*statements: str) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))
        session.expunge_all()


def test_an_untouched_log_is_whole(either_app: Flask) -> None:
    with either_app.app_context():
        assert faults(either_app) == []
        write(either_app, 3)
        write(either_app, 4)
        assert faults(either_app) == []


@pytest.mark.parametrize(
    "statements",
    [
        ["update audit_event set action = 'note.read' where position = 3"],
        ["update audit_event set result = 'refused' where position = 7"],
        ["delete from audit_event where position = 3"],
        ["delete from audit_event where position = 1"],
        ["delete from audit_event where position = 3", "update audit_event set position = -position where position > 3",
         "update audit_event set position = -position - 1 where position < 0"],
        ["update audit_event set position = 99 where position = 2", "update audit_event set position = 2 where position = 3",
         "update audit_event set position = 3 where position = 99"],
        ["delete from audit_event where position = 7"],
        ["delete from audit_event where position > 4", "delete from audit_head"],
        ["delete from audit_event", "delete from audit_head"],
        ["update audit_head set mac = chain"],
    ],
    ids=["edit", "edit the last", "delete", "delete the first", "delete and close up", "reorder", "cut the last",
         "truncate with its end", "empty", "forge the end"],
)  # fmt: skip
def test_whoever_changes_the_log_is_seen(either_app: Flask, statements: list[str]) -> None:
    with either_app.app_context():
        write(either_app, 3)
        write(either_app, 4)
        by_hand(*statements)
        assert faults(either_app)


def test_an_older_copy_of_the_whole_log_is_seen(context: Flask, tmp_path: Path) -> None:
    write(context, 3)
    by_hand(
        "create table kept_event as select * from audit_event",
        "create table kept_head as select * from audit_head",
    )
    write(context, 2)
    assert faults(context) == []
    by_hand("delete from audit_event", "delete from audit_head")
    by_hand(
        "insert into audit_event select * from kept_event", "insert into audit_head select * from kept_head"
    )
    assert any("outside the database" in finding.fault for finding in faults(context))


def test_a_row_that_is_not_sealed_yet_is_guarded_too(context: Flask) -> None:
    with transaction() as session:
        record(session, Anonymous(), Action.CONSULTATION_REQUESTED, kind="consultation", object_id=None)
    by_hand("update audit_event set action = 'consultation.declined'")
    assert faults(context)


def test_sealing_takes_new_rows_only_once(context: Flask) -> None:
    write(context, 2)
    with transaction() as session:
        assert seal_new_rows(session) is None
