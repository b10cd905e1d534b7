"""Recording a meeting, its overview, its note: by its therapist in a browser, by nobody else."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.clock import utc_now
from portal.extensions import db
from portal.meetings.models import Meeting, Note
from tests.meetings.desk import everybody_else, recorded, released, send
from tests.support.cast import Cast, client_of

TYPED = {
    "held_on": "2026-11-17", "starts": "18:00", "length_minutes": "50", "place": "room", "company": "both",
    "presence_a": "came", "presence_b": "late",
}  # fmt: skip
WORDS = "canary-5TR8 first\nsecond line"


def _meetings(app: Flask) -> list[Meeting]:
    with app.app_context():
        return list(db.session.scalars(select(Meeting)))


def _notes(app: Flask) -> list[tuple[str, int]]:
    with app.app_context():
        return [(note.text, note.revision) for note in db.session.scalars(select(Note))]


class TestRecord:
    def _page(self, cast: Cast) -> str:
        return f"/couples/{cast.couple_id}/meetings/new"

    def test_a_meeting_is_recorded_by_the_practices_clocks(self, app: Flask, cast: Cast) -> None:
        answer = send(client_of(app, cast.therapist), self._page(cast), TYPED | {"held_on": "2026-07-14"})
        (meeting,) = _meetings(app)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/meetings/{meeting.id}")
        assert meeting.starts_at.isoformat() == "2026-07-14T17:00:00+00:00"
        assert meeting.ends_at - meeting.starts_at == timedelta(minutes=50)

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("held_on", ""), ("held_on", "17.11.2026"), ("held_on", "2026-02-30"), ("held_on", "0001-01-01"),
            ("held_on", "9999-12-31"), ("held_on", "2026-11-17\x00"), ("starts", "25:00"), ("starts", "x" * 9000),
            ("length_minutes", "0"), ("length_minutes", "481"), ("length_minutes", "9" * 5000),
            ("place", "moon"), ("company", "c"), ("presence_a", "?"), ("which", "2"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_asked_again_and_the_rest_kept(
        self, app: Flask, cast: Cast, field: str, typed: str
    ) -> None:
        answer = send(
            client_of(app, cast.therapist), self._page(cast), TYPED | {"length_minutes": "55", field: typed}
        )
        assert answer.status_code == 422
        assert BeautifulSoup(answer.text, "html5lib").select_one(".notice.problem a") is not None
        if field != "length_minutes":
            assert 'value="55"' in answer.text
        assert _meetings(app) == []

    def test_a_time_to_come_is_refused_with_a_sentence(self, app: Flask, cast: Cast) -> None:
        tomorrow = (utc_now() + timedelta(days=2)).date().isoformat()
        answer = send(client_of(app, cast.therapist), self._page(cast), TYPED | {"held_on": tomorrow})
        assert answer.status_code == 422
        assert "still to come" in answer.text

    def test_a_time_that_clocks_skip_is_refused(self, app: Flask, cast: Cast) -> None:
        typed = TYPED | {"held_on": "2026-03-29", "starts": "01:30"}
        answer = send(client_of(app, cast.therapist), self._page(cast), typed)
        assert answer.status_code == 422
        assert "never show this time" in answer.text

    def test_a_time_that_clocks_show_twice_is_asked_about(self, app: Flask, cast: Cast) -> None:
        client, typed = client_of(app, cast.therapist), TYPED | {"held_on": "2026-10-25", "starts": "01:30"}
        answer = send(client, self._page(cast), typed)
        assert answer.status_code == 422
        assert "afterwards" in answer.text
        assert send(client, self._page(cast), typed | {"which": "1"}).status_code == 303
        assert _meetings(app)[0].starts_at.isoformat() == "2026-10-25T01:30:00+00:00"

    def test_sending_it_twice_records_it_once(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        assert send(client, self._page(cast), TYPED).status_code == 303
        again = send(client, self._page(cast), TYPED)
        assert again.status_code == 409
        assert "recorded already" in again.text
        assert len(_meetings(app)) == 1

    def test_a_stale_page_keeps_what_was_typed(self, app: Flask, cast: Cast) -> None:
        data = TYPED | {"form_token": "old", "length_minutes": "55"}
        answer = client_of(app, cast.therapist).post(self._page(cast), data=data)
        assert answer.status_code == 422
        assert 'value="55"' in answer.text
        assert _meetings(app) == []


class TestNote:
    def _page(self, meeting_id: UUID) -> str:
        return f"/meetings/{meeting_id}/note"

    def test_what_was_typed_is_saved_and_shown(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        assert send(client, page, {"text": WORDS, "revision": "0"}).status_code == 303
        shown = client.get(page).text
        assert WORDS in shown
        assert "Only you will read this." in shown

    @pytest.mark.parametrize("text", ["", " \n\t", "x" * 100_001, "a\x00b"])
    def test_what_cannot_be_stored_is_kept_on_the_page(self, app: Flask, cast: Cast, text: str) -> None:
        page = self._page(recorded(app, cast))
        answer = send(client_of(app, cast.therapist), page, {"text": text, "revision": "0"})
        assert answer.status_code == 422
        assert _notes(app) == []

    @pytest.mark.parametrize("revision", ["0", "x", "", "-1", "9" * 40, "\u00b2"])
    def test_a_save_that_was_overtaken_keeps_both_texts(self, app: Flask, cast: Cast, revision: str) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        send(client, page, {"text": "from the other window", "revision": "0"})
        answer = send(client, page, {"text": "typed here", "revision": revision})
        assert answer.status_code == 409
        assert "from the other window" in answer.text
        assert "typed here" in answer.text
        assert _notes(app) == [("from the other window", 1)]

    def test_after_a_conflict_the_next_save_is_meant(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        send(client, page, {"text": "one", "revision": "0"})
        answer = send(client, page, {"text": "two", "revision": "0"})
        found = re.search(r'name="revision"[^>]*value="(\d+)"', answer.text)
        assert found is not None
        assert send(client, page, {"text": "two", "revision": found.group(1)}).status_code == 303
        assert _notes(app) == [("two", 2)]

    def test_signing_shows_the_text_and_closes_it(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        send(client, page, {"text": WORDS, "revision": "0"})
        assert WORDS in client.get(f"{page}/sign").text
        assert send(client, f"{page}/sign", {"revision": "1"}).status_code == 303
        shown = client.get(page).text
        assert "Signed" in shown
        assert "<textarea" not in shown

    def test_signing_asks_for_a_fresh_proof(self, app: Flask, cast: Cast) -> None:
        page = self._page(recorded(app, cast))
        client = client_of(app, cast.therapist, proved_at=utc_now() - timedelta(minutes=6))
        send(client, page, {"text": WORDS, "revision": "0"})
        answer = client.get(f"{page}/sign")
        assert answer.status_code == 303
        assert "/prove" in answer.headers["Location"] or "next=" in answer.headers["Location"]

    def test_a_text_that_changed_before_signing_is_shown_again(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        send(client, page, {"text": "one", "revision": "0"})
        send(client, page, {"text": "two", "revision": "1"})
        answer = send(client, f"{page}/sign", {"revision": "1"})
        assert answer.status_code == 409
        assert "two" in answer.text

    def test_what_is_typed_into_a_note_signed_meanwhile_is_given_back(self, app: Flask, cast: Cast) -> None:
        client, page = client_of(app, cast.therapist), self._page(recorded(app, cast))
        overview = page.removesuffix("/note")
        send(client, page, {"text": "one", "revision": "0"})
        send(client, f"{page}/sign", {"revision": "1"})
        answer = send(client, page, {"text": "late thought", "revision": "1"}, page="/account/sign-ins")
        assert answer.status_code == 409
        assert "late thought" in answer.text
        assert client.get(overview).status_code == 200


class TestLadder:
    def _pages(self, app: Flask, cast: Cast) -> list[str]:
        meeting_id, _summary_id = released(app, cast)
        root = f"/meetings/{meeting_id}"
        parts = ("", "/note", "/note/sign", "/process-note", "/summary", "/summary/preview")
        return [f"/couples/{cast.couple_id}/meetings/new", *(root + part for part in parts)]

    def test_everybody_else_finds_nothing(self, app: Flask, cast: Cast) -> None:
        pages = self._pages(app, cast)
        for actor in everybody_else(cast):
            client = client_of(app, actor)
            assert {client.get(page).status_code for page in pages} == {404}
            assert {client.get(page, headers={"HX-Request": "true"}).status_code for page in pages} == {404}

    def test_visitors_are_asked_to_sign_in(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        assert {client.get(page).status_code for page in self._pages(app, cast)} == {303}

    def test_what_does_not_exist_looks_like_what_is_not_theirs(self, app: Flask, cast: Cast) -> None:
        client, stranger = client_of(app, cast.therapist), client_of(app, cast.stranger)
        page = f"/meetings/{recorded(app, cast)}/note"
        answers = [
            client.get(f"/meetings/{uuid4()}/note"),
            stranger.get(page),
            client.get("/meetings/7/note"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        bodies = {re.sub(r"[0-9a-f]{12}", "", answer.text.split("<main")[1]) for answer in answers[:2]}
        assert len(bodies) == 1

    def test_only_get_and_post_where_they_are_meant(self, app: Flask, cast: Cast) -> None:
        client, root = client_of(app, cast.therapist), f"/meetings/{recorded(app, cast)}"
        assert client.put(f"{root}/note").status_code == 405
        assert client.post(root).status_code == 405
        assert client.get(f"{root}/summary/release").status_code == 405
