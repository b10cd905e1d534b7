"""Writing, previewing and releasing a summary; reading it as a partner."""

from dataclasses import replace
from html import unescape
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.extensions import db
from portal.meetings.models import Summary, SummaryState
from portal.meetings.process_notes import write_process_note
from portal.meetings.service import write_note
from portal.meetings.summaries import begin_correction
from portal.transaction import transaction
from tests.meetings.desk import (
    BEGAN,
    CONTENT,
    Statements,
    drafted,
    everybody_else,
    record,
    recorded,
    release,
    released,
    send,
    summary_form,
    write,
)
from tests.support.cast import Cast, client_of, make_account, make_couple, make_person


def _sheet(text: str) -> str:
    sheet = BeautifulSoup(text, "html5lib").select_one("article.sheet")
    assert sheet is not None
    return " ".join(sheet.get_text(" ").split())


def _states(app: Flask) -> list[SummaryState]:
    with app.app_context():
        return list(db.session.scalars(select(Summary.state).order_by(Summary.version)))


class TestWrite:
    def _page(self, meeting_id: UUID) -> str:
        return f"/meetings/{meeting_id}/summary"

    def test_what_was_typed_comes_back_in_its_fields(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        typed = summary_form(
            **{"agreement_2-what": "A drawer", "agreement_2-who": "b", "agreement_2-by_on": "2026-11-28"},
            next_on="2026-12-01", next_at="18:00",
        )  # fmt: skip
        answer = send(client, page, typed)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}/preview")
        shown = client.get(page).text
        for text in (
            "You looked for one evening.",
            "Coffee held\nFilms too",
            "A drawer",
            "2026-11-28",
            "18:00",
        ):
            assert text in shown

    @pytest.mark.parametrize(
        "typed",
        [
            {"going_well": "1\n2\n3\n4"},
            {"going_well": "x" * 301},
            {"next_time": "1\n2\n3\n4\n5\n6"},
            {"focus": "one\ntwo"},
            {"remember_a": "x" * 301},
            {"agreement_1-what": "x" * 301},
            {"agreement_1-by_on": "2026-11-28"},
            {"agreement_1-what": "a", "agreement_1-who": "nobody"},
            {"next_on": "2026-12-01"},
            {"next_on": "2026-03-29", "next_at": "01:30"},
            {"next_on": "2020-03-29", "next_at": "10:30"},
            {"focus": "a\x00b"},
        ],
    )
    def test_what_is_too_long_or_cannot_be_is_kept_on_the_page(
        self, app: Flask, cast: Cast, typed: dict[str, str]
    ) -> None:
        page = self._page(recorded(app, cast))
        answer = send(client_of(app, cast.therapist), page, summary_form(**typed, working_on="kept words"))
        assert answer.status_code == 422
        assert "kept words" in answer.text
        assert _states(app) == []

    def test_a_strange_field_name_breaks_nothing(self, app: Flask, cast: Cast) -> None:
        page = self._page(recorded(app, cast))
        answer = send(client_of(app, cast.therapist), page, summary_form(**{"agreement_\u00b2-what": "x"}))
        assert answer.status_code == 303

    def test_a_long_line_is_advised_on_and_saved(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        assert send(client, page, summary_form(working_on="word " * 25)).status_code == 303
        assert "Some lines are long" in client.get(page).text

    def test_a_save_that_was_overtaken_shows_both(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        send(client, page, summary_form(focus="From the other window."))
        answer = send(client, page, summary_form(focus="Typed here."))
        assert answer.status_code == 409
        assert "From the other window." in _sheet(answer.text)
        assert "Typed here." in answer.text

    def test_a_draft_overtaken_by_its_release_is_given_back(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        meeting_id, _summary_id = released(app, cast)
        page = self._page(meeting_id)
        answer = send(client, page, summary_form(focus="Typed late."), page="/account/sign-ins")
        assert answer.status_code == 409
        assert "Typed late." in answer.text

    def test_for_a_meeting_alone_the_other_has_no_field(self, app: Flask, cast: Cast) -> None:
        meeting_id = recorded(app, cast, with_person_id=cast.ben.person_id)
        shown = client_of(app, cast.therapist).get(self._page(meeting_id)).text
        assert "remember_b" in shown
        assert "remember_a" not in shown
        assert "Ana" not in shown


class TestPreviewAndRelease:
    def test_the_preview_is_what_the_couple_will_read(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        meeting_id, summary_id = drafted(app, cast)
        preview = client.get(f"/meetings/{meeting_id}/summary/preview").text
        assert "Ana: page and PDF" in preview
        assert "Ben: page and PDF" in preview
        answer = send(
            client, f"/meetings/{meeting_id}/summary/release", {"seen": "1.1"},
            page=f"/meetings/{meeting_id}/summary/preview",
        )  # fmt: skip
        assert answer.headers["Location"] == f"/summaries/{summary_id}"
        for reader in (cast.ana, cast.ben):
            read = client_of(app, reader).get(f"/summaries/{summary_id}").text
            assert _sheet(read) == _sheet(preview)

    @pytest.mark.parametrize("seen", ["1.0", "1.2", "2.1", "", "x", "1", "1.\u00b9"])
    def test_what_was_not_previewed_is_not_released(self, app: Flask, cast: Cast, seen: str) -> None:
        meeting_id, _summary_id = drafted(app, cast)
        page = f"/meetings/{meeting_id}/summary"
        answer = send(
            client_of(app, cast.therapist), f"{page}/release", {"seen": seen}, page=f"{page}/preview"
        )
        assert answer.status_code == 409
        assert "Nothing was released" in answer.text
        assert _states(app) == [SummaryState.DRAFT]

    def test_without_its_first_sentence_the_button_says_why(self, app: Flask, cast: Cast) -> None:
        meeting_id, _summary_id = drafted(app, cast, replace(CONTENT, focus=""))
        page, client = f"/meetings/{meeting_id}/summary", client_of(app, cast.therapist)
        assert 'aria-disabled="true"' in client.get(f"{page}/preview").text
        answer = send(client, f"{page}/release", {"seen": "1.1"}, page=f"{page}/preview")
        assert answer.status_code == 409

    def test_a_stale_page_releases_nothing(self, app: Flask, cast: Cast) -> None:
        meeting_id, _summary_id = drafted(app, cast)
        data = {"seen": "1.1", "form_token": "old"}
        answer = client_of(app, cast.therapist).post(f"/meetings/{meeting_id}/summary/release", data=data)
        assert answer.status_code == 400
        assert _states(app) == [SummaryState.DRAFT]

    def test_everybody_else_can_release_and_correct_nothing(self, app: Flask, cast: Cast) -> None:
        meeting_id, _summary_id = drafted(app, cast)
        for actor in everybody_else(cast):
            client = client_of(app, actor)
            for act in ("release", "correct"):
                answer = send(
                    client, f"/meetings/{meeting_id}/summary/{act}", {"seen": "1.1"}, page="/account/sign-ins"
                )
                assert answer.status_code == 404
        assert _states(app) == [SummaryState.DRAFT]


class TestRead:
    def test_the_other_couple_and_their_therapist_find_nothing(self, app: Flask, cast: Cast) -> None:
        _meeting_id, summary_id = released(app, cast)
        for actor in (cast.stranger, cast.cleo, cast.dan, cast.front_desk, cast.owner):
            assert client_of(app, actor).get(f"/summaries/{summary_id}").status_code == 404
        assert client_of(app, cast.ana).get(f"/summaries/{uuid4()}").status_code == 404
        assert client_of(app, cast.ana).get("/summaries/x").status_code == 404
        assert client_of(app, cast.ana).post(f"/summaries/{summary_id}").status_code == 405

    def test_nothing_of_any_note_is_on_a_partners_page(self, app: Flask, cast: Cast) -> None:
        meeting_id, summary_id = released(app, cast)
        viewer = cast.therapist.member()
        with app.app_context(), transaction() as session:
            write_note(session, viewer, meeting_id, text="canary-NOTE", revision=0, now=utc_now())
            write_process_note(session, viewer, meeting_id, text="canary-OWN", revision=0, now=utc_now())
        client = client_of(app, cast.ana)
        for page in ("/home", f"/summaries/{summary_id}"):
            shown = client.get(page).text
            assert "canary" not in shown
            assert "came late" not in unescape(shown)

    def test_of_a_meeting_alone_the_other_learns_nothing(self, app: Flask, cast: Cast) -> None:
        released(app, cast)
        ana = client_of(app, cast.ana)
        before = ana.get("/home").text.split("<main")[1]
        later = BEGAN.replace(day=18)
        _meeting_id, summary_id = released(app, cast, starts_at=later, with_person_id=cast.ben.person_id)
        assert ana.get(f"/summaries/{summary_id}").status_code == 404
        assert ana.get("/home").text.split("<main")[1] == before
        read = _sheet(client_of(app, cast.ben).get(f"/summaries/{summary_id}").text)
        assert "Prepared for you." in read
        assert "Ana" not in read
        assert CONTENT.remember_a not in read

    def test_a_replaced_version_says_so_and_keeps_its_words_back(self, app: Flask, cast: Cast) -> None:
        meeting_id, old_id = released(app, cast)
        with app.app_context(), transaction() as session:
            draft = begin_correction(session, cast.therapist.member(), meeting_id, now=utc_now())
            new_id = release(session, cast, draft).id
        shown = client_of(app, cast.ana).get(f"/summaries/{old_id}").text
        assert CONTENT.focus not in shown
        assert f"/summaries/{new_id}" in shown
        assert "This version was replaced" in client_of(app, cast.therapist).get(f"/summaries/{old_id}").text

    def test_reading_leaves_a_trace(self, app: Flask, cast: Cast) -> None:
        _meeting_id, summary_id = released(app, cast)
        client_of(app, cast.ana).get(f"/summaries/{summary_id}")
        with app.app_context():
            found = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "summary.read")).one()
        assert (found.account_id, found.object_id) == (cast.ana.account_id, summary_id)

    @pytest.mark.parametrize(
        "text", ["<script>x</script>", "</article>{{config}}", "a\u202eb", "\u200b" * 200]
    )
    def test_text_is_shown_as_text(self, app: Flask, cast: Cast, text: str) -> None:
        _meeting_id, summary_id = released(app, cast, replace(CONTENT, focus=text))
        answer = client_of(app, cast.ana).get(f"/summaries/{summary_id}")
        assert answer.status_code == 200
        assert "<script>x" not in answer.text


class TestCost:
    @pytest.fixture
    def full(self, app: Flask, cast: Cast) -> tuple[UUID, UUID]:
        """Thirty couples with a released summary each."""
        with app.app_context(), transaction() as session:
            for number in range(100, 129):
                people = [make_person(session, f"P{number}{side}") for side in "ab"]
                first, second = (make_account(session, person, f"u{person.id}") for person in people)
                couple_id = make_couple(session, number, cast.therapist, first, second)
                other = replace(cast, couple_id=couple_id, ana=first, ben=second)
                release(session, other, write(session, other, record(session, other).id))
        return released(app, cast)

    def test_no_page_asks_more_than_twelve_times(
        self, app: Flask, cast: Cast, full: tuple[UUID, UUID]
    ) -> None:
        meeting_id, summary_id = full
        draft_id, _draft = drafted(app, cast, starts_at=BEGAN.replace(day=18))
        pages = {
            cast.therapist: [
                f"/couples/{cast.couple_id}/meetings/new", f"/meetings/{meeting_id}", f"/meetings/{meeting_id}/note",
                f"/meetings/{meeting_id}/process-note", f"/meetings/{draft_id}/summary",
                f"/meetings/{draft_id}/summary/preview", f"/summaries/{summary_id}",
            ],
            cast.ana: [f"/summaries/{summary_id}"],
        }  # fmt: skip
        for actor, addresses in pages.items():
            client = client_of(app, actor)
            for address in addresses:
                with Statements(app) as statements:
                    assert client.get(address).status_code == 200
                assert len(statements.seen) <= 12, (address, statements.seen)
