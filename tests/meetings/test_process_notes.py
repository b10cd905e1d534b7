"""The process note: open to its author after a fresh proof, saved always, reachable from nowhere else."""

import ast
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.clock import utc_now
from portal.meetings.process_notes import find_process_note, write_process_note
from portal.transaction import current_session, transaction
from tests.meetings.desk import recorded, send
from tests.support.cast import Cast, client_of

ROOT = Path(__file__).parents[2]
THEIRS = {
    "portal/meetings/models.py",
    "portal/meetings/process_notes.py",
    "portal/meetings/views/process_notes.py",
}
SECRET = "canary-3PN7"


def _late(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist, proved_at=utc_now() - timedelta(minutes=6))


def _saved(app: Flask, cast: Cast, meeting_id: UUID) -> str:
    with app.app_context():
        found = find_process_note(current_session(), cast.therapist.member(), meeting_id)
        return found.text if found else ""


@pytest.fixture
def meeting_id(app: Flask, cast: Cast) -> UUID:
    meeting_id = recorded(app, cast)
    with app.app_context(), transaction() as session:
        viewer = cast.therapist.member()
        write_process_note(session, viewer, meeting_id, text=SECRET, revision=0, now=utc_now())
    return meeting_id


def test_its_author_opens_it_after_a_fresh_proof(app: Flask, cast: Cast, meeting_id: UUID) -> None:
    page = f"/meetings/{meeting_id}/process-note"
    assert SECRET in client_of(app, cast.therapist).get(page).text
    answer = _late(app, cast).get(page)
    assert answer.status_code == 303
    assert SECRET not in answer.text


def test_what_is_typed_for_longer_than_the_proof_holds_is_saved(
    app: Flask, cast: Cast, meeting_id: UUID
) -> None:
    client = _late(app, cast)
    data = {"text": "typed for an hour", "revision": "1"}
    answer = send(client, f"/meetings/{meeting_id}/process-note", data, page=f"/meetings/{meeting_id}")
    assert answer.status_code == 200
    assert "typed for an hour" not in answer.text
    assert _saved(app, cast, meeting_id) == "typed for an hour"


def test_a_conflict_gives_back_what_was_typed_but_opens_nothing(
    app: Flask, cast: Cast, meeting_id: UUID
) -> None:
    page, data = f"/meetings/{meeting_id}/process-note", {"text": "typed here", "revision": "0"}
    answer = send(_late(app, cast), page, data, page=f"/meetings/{meeting_id}")
    assert answer.status_code == 409
    assert "typed here" in answer.text
    assert SECRET not in answer.text
    fresh = send(client_of(app, cast.therapist), page, data)
    assert fresh.status_code == 409
    assert "typed here" in fresh.text
    assert SECRET in fresh.text
    assert _saved(app, cast, meeting_id) == SECRET


def test_nothing_typed_is_asked_for(app: Flask, cast: Cast, meeting_id: UUID) -> None:
    answer = send(client_of(app, cast.therapist), f"/meetings/{meeting_id}/process-note", {"text": " "})
    assert answer.status_code == 422


def test_no_other_page_of_the_meeting_shows_it(app: Flask, cast: Cast, meeting_id: UUID) -> None:
    client = client_of(app, cast.therapist)
    for part in ("", "/note", "/summary"):
        assert SECRET not in client.get(f"/meetings/{meeting_id}{part}").text


def test_no_other_module_knows_its_table() -> None:
    """There is no path to export, search, summary or PDF, because nothing there can name it (CPL-06)."""
    for folder in ("portal", "jobs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name in THEIRS or "/migrations/" in name:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                assert not _names_it(node), f"{name} names the process notes"


def _names_it(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        modules = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        return "portal.meetings.process_notes" in modules or any(m.endswith(".ProcessNote") for m in modules)
    if isinstance(node, ast.Import):
        return any(alias.name == "portal.meetings.process_notes" for alias in node.names)
    if isinstance(node, ast.Attribute):
        return node.attr == "ProcessNote"
    is_words = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_words and "from process_note" in str(getattr(node, "value", "")).lower()
