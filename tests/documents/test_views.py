"""How far a document is, and the file: for its readers, with and without script."""

import json
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.documents.models import Document, DocumentState
from portal.documents.service import mark_failed, store_rendered
from portal.extensions import db
from portal.meetings.summaries import begin_correction
from portal.transaction import transaction
from tests.documents.paper import PDF, begun, made
from tests.meetings.desk import Statements, release, released, send
from tests.support.cast import Cast, client_of

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def waiting(app: Flask, cast: Cast) -> UUID:
    """A document that was asked for."""
    _meeting_id, summary_id = released(app, cast)
    with app.app_context():
        return db.session.scalars(select(Document.id).where(Document.subject_id == summary_id)).one()


def _correct(app: Flask, cast: Cast, document_id: UUID) -> None:
    from portal.meetings.models import Summary

    with app.app_context(), transaction() as session:
        summary = session.get_one(Summary, session.get_one(Document, document_id).subject_id)
        release(
            session,
            cast,
            begin_correction(session, cast.therapist.member(), summary.meeting_id, now=utc_now()),
        )


def _fail(app: Flask, document_id: UUID) -> None:
    with app.app_context(), transaction() as session:
        mark_failed(session, document_id, reason="too_long", now=utc_now())


class TestStatus:
    def test_it_asks_for_itself_while_work_goes_on(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        region = client_of(app, cast.ana).get(f"/documents/{waiting}", headers=HTMX).text
        assert 'hx-trigger="every 2s"' in region
        assert "<html" not in region
        assert "being prepared" in region

    def test_an_unchanged_state_replaces_nothing(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        client = client_of(app, cast.ana)
        region = client.get(f"/documents/{waiting}", headers=HTMX).text
        found = re.search(r'hx-get="([^"]+)"', region)
        assert found is not None
        assert client.get(found.group(1), headers=HTMX).status_code == 204
        _fail(app, waiting)
        answer = client.get(found.group(1), headers=HTMX)
        assert answer.status_code == 200
        assert "hx-trigger" not in answer.text

    def test_without_script_there_is_a_page_and_a_link(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        page = client_of(app, cast.ana).get(f"/documents/{waiting}").text
        assert "<html" in page
        assert f'<a class="button" href="/documents/{waiting}">' in page

    def test_once_ready_it_offers_the_file_and_rests(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        region = client_of(app, cast.ben).get(f"/documents/{document_id}", headers=HTMX).text
        assert f"/documents/{document_id}/file" in region
        assert "hx-" not in region

    def test_a_failure_leaves_the_page_complete_and_the_retry_to_the_therapist(
        self, app: Flask, cast: Cast, waiting: UUID
    ) -> None:
        _fail(app, waiting)
        partner = client_of(app, cast.ana).get(f"/documents/{waiting}").text
        assert "The web version is complete." in partner
        assert "/retry" not in partner
        assert "/retry" in client_of(app, cast.therapist).get(f"/documents/{waiting}").text

    def test_a_replaced_one_says_so_neutrally(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        _correct(app, cast, document_id)
        assert "newer version" in client_of(app, cast.ana).get(f"/documents/{document_id}").text

    def test_strangers_and_unknown_ids_are_alike(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        for actor in (cast.stranger, cast.cleo, cast.front_desk, cast.owner):
            assert client_of(app, actor).get(f"/documents/{waiting}").status_code == 404
        client = client_of(app, cast.ana)
        assert client.get(f"/documents/{uuid4()}").status_code == 404
        assert client.get("/documents/x").status_code == 404
        assert client.post(f"/documents/{waiting}").status_code == 405

    def test_it_costs_little(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        client = client_of(app, cast.ana)
        with Statements(app) as statements:
            client.get(f"/documents/{waiting}?seen=requested", headers=HTMX)
        assert len(statements.seen) <= 3


class TestDownload:
    def test_readers_get_the_file_under_a_neutral_name(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        for actor in (cast.ana, cast.ben, cast.therapist):
            answer = client_of(app, actor).get(f"/documents/{document_id}/file")
            assert answer.data == PDF
            assert answer.mimetype == "application/pdf"
            assert answer.headers["Cache-Control"] == "no-store"
            name = r'attachment; filename="document-[a-z2-9]{6}\.pdf"'
            assert re.fullmatch(name, answer.headers["Content-Disposition"])
            assert "ETag" not in answer.headers

    def test_each_download_leaves_a_trace(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        client_of(app, cast.ben).get(f"/documents/{document_id}/file")
        with app.app_context():
            found = db.session.scalars(
                select(AuditEvent).where(AuditEvent.action == "document.downloaded")
            ).one()
        assert (found.account_id, found.object_id) == (cast.ben.account_id, document_id)

    def test_there_is_none_before_it_is_ready(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        assert client_of(app, cast.ana).get(f"/documents/{waiting}/file").status_code == 404

    def test_a_replaced_file_is_for_the_record_only(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        _correct(app, cast, document_id)
        assert client_of(app, cast.ana).get(f"/documents/{document_id}/file").status_code == 404
        assert client_of(app, cast.therapist).get(f"/documents/{document_id}/file").data == PDF

    def test_strangers_get_nothing(self, app: Flask, cast: Cast) -> None:
        document_id = made(app, cast)
        for actor in (cast.stranger, cast.cleo, cast.front_desk, cast.owner):
            assert client_of(app, actor).get(f"/documents/{document_id}/file").status_code == 404
        assert client_of(app, None).get(f"/documents/{document_id}/file").status_code == 303
        limited = client_of(app, cast.ana, limited=True)
        assert limited.get(f"/documents/{document_id}/file").status_code == 404


def _stored(app: Flask) -> Path:
    folder: Path = app.extensions["settings"].instance / "files"
    (path,) = (path for path in folder.iterdir() if path.is_file())
    return path


class TestFileThatCannotBeRead:
    @pytest.mark.parametrize("harm", ["gone", "cut", "another"])
    def test_it_is_a_calm_page_and_the_therapist_can_have_it_made_anew(
        self, app: Flask, cast: Cast, capsys: pytest.CaptureFixture[str], harm: str
    ) -> None:
        document_id = made(app, cast)
        stored = _stored(app)
        match harm:
            case "gone":
                stored.unlink()
            case "cut":
                stored.write_bytes(stored.read_bytes()[:-1])
            case "another":
                stored.write_bytes(bytes(64))
        answer = client_of(app, cast.ana).get(f"/documents/{document_id}/file")
        assert answer.status_code == 503
        assert "The web version is complete." in answer.text
        assert "/retry" not in answer.text
        logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert ("document.unreadable", "error", str(document_id)) in {
            (line["event"], line["level"], line.get("document_id")) for line in logged
        }
        therapist, page = client_of(app, cast.therapist), f"/documents/{document_id}"
        assert "cannot be opened" in therapist.get(page).text
        assert "PDF could not be made" in therapist.get("/today").text
        assert send(therapist, f"{page}/retry", {}, page=page).status_code == 303
        with app.app_context(), transaction() as session:
            order = begun(session, session.get_one(Document, document_id))
            assert store_rendered(session, order, PDF, now=utc_now())
        assert client_of(app, cast.ana).get(f"{page}/file").data == PDF

    def test_a_store_that_does_not_answer_says_nothing_about_the_file(self, app: Flask, cast: Cast) -> None:
        document_id, stored = made(app, cast), _stored(app)
        content = stored.read_bytes()
        stored.unlink()
        stored.mkdir()  # reading it fails, and not because it is missing
        assert client_of(app, cast.ana).get(f"/documents/{document_id}/file").status_code == 503
        stored.rmdir()
        stored.write_bytes(content)
        assert client_of(app, cast.ana).get(f"/documents/{document_id}/file").data == PDF


class TestRetry:
    def test_the_therapist_asks_again(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        _fail(app, waiting)
        client, page = client_of(app, cast.therapist), f"/documents/{waiting}"
        answer = send(client, f"{page}/retry", {}, page=page)
        assert answer.status_code == 303
        assert "being prepared" in client.get(page).text

    def test_what_did_not_fail_is_a_conflict(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        page = f"/documents/{waiting}"
        assert send(client_of(app, cast.therapist), f"{page}/retry", {}, page=page).status_code == 409

    def test_nobody_else_asks_again(self, app: Flask, cast: Cast, waiting: UUID) -> None:
        _fail(app, waiting)
        for actor in (cast.ana, cast.stranger, cast.owner):
            answer = send(client_of(app, actor), f"/documents/{waiting}/retry", {}, page="/account/sign-ins")
            assert answer.status_code == 404
        with app.app_context():
            assert db.session.get_one(Document, waiting).state is DocumentState.FAILED
