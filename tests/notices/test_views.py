"""The demo's mailbox: there in the demo, nowhere else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from jobs.messages import send
from portal.app import create_app
from portal.clock import utc_now
from portal.notices.models import MessageState
from portal.settings import Settings
from tests.conftest import settings_for
from tests.meetings.desk import form_token
from tests.support.cast import Cast, client_of
from tests.support.owing import message_of, owe_mail


class TestDemoMail:
    def test_is_not_there_in_a_real_installation(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.owner)
        assert client.get("/demo/mail").status_code == 404
        assert client.get(f"/demo/mail/{uuid4()}").status_code == 404


class TestTheDemo:
    @pytest.fixture
    def demo(self, settings: Settings, tmp_path: Path) -> Flask:
        return create_app(settings_for(tmp_path, settings.database_url, is_demo=True))

    def test_shows_what_would_have_been_sent(self, demo: Flask) -> None:
        client = client_of(demo, None)
        assert "No mail yet" in client.get("/demo/mail").text
        with demo.app_context():
            outbox_id = owe_mail("us@example.org")
            send(str(outbox_id))
        page = client.get("/demo/mail")
        assert "Something new is waiting for you" in page.text
        (path,) = (demo.extensions["settings"].instance / "mail").iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        mail = client.get(f"/demo/mail/{path.stem}")
        assert mail.status_code == 200
        assert "us@example.org" in mail.text
        assert 'href="https://portal.example.org"' in mail.text

    def test_an_unknown_mail_is_not_found(self, demo: Flask) -> None:
        assert client_of(demo, None).get(f"/demo/mail/{uuid4()}").status_code == 404


class TestTryAgain:
    def test_a_failed_mail_shows_on_the_first_page_and_is_sent_again(self, app: Flask, cast: Cast) -> None:
        with app.app_context():
            outbox_id = owe_mail()
            app.extensions["settings"] = replace(app.extensions["settings"], smtp_url="smtp://127.0.0.1:1")
            for hours in range(1, 6):
                with time_machine.travel(utc_now() + timedelta(hours=4 * hours), tick=False):
                    send(str(outbox_id))
            assert message_of(outbox_id).state is MessageState.FAILED
        client = client_of(app, cast.therapist)
        page = client.get("/today").text
        assert "Some mails could not be sent" in page
        assert "us@example.org" not in page
        answer = client.post("/mail/try-again", data={"form_token": form_token(client, "/today")})
        assert answer.status_code == 303
        assert "Some mails could not be sent" not in client.get("/today").text
        with app.app_context():
            app.extensions["settings"] = replace(app.extensions["settings"], smtp_url=None)
            send(str(outbox_id))
            assert message_of(outbox_id).state is MessageState.SENT
