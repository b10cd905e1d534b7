"""The demo's mailbox: there in the demo, nowhere else."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from jobs.messages import send
from portal.app import create_app
from portal.settings import Settings
from tests.conftest import settings_for
from tests.support.cast import Cast, client_of
from tests.support.owing import owe_mail


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
