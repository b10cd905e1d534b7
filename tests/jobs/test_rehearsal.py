"""What the worker's parent does before its first job: it leaves nothing behind, and needs nothing to be there."""

from pathlib import Path

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs.rehearsal import rehearse
from portal.orm import Model
from portal.settings import Settings
from portal.transaction import current_session, transaction
from tests.support.cast import make_cast


def _rows(session: Session) -> dict[str, int]:
    tables = Model.metadata.sorted_tables
    return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


class TestRehearsal:
    def test_nothing_of_it_is_kept(self, either_app: Flask) -> None:
        with either_app.app_context(), transaction() as session:
            make_cast(session)
        with either_app.app_context():
            before = _rows(current_session())
        rehearse(either_app)
        with either_app.app_context():
            assert _rows(current_session()) == before
        settings: Settings = either_app.extensions["settings"]
        assert not Path(settings.instance, "files").exists()

    def test_a_worker_starts_before_the_practice_is_set_up(self, app: Flask) -> None:
        rehearse(app)

    def test_a_job_finds_its_templates_ready(self, app: Flask) -> None:
        rehearse(app)
        cache = app.jinja_env.cache
        assert cache is not None
        assert any(name == "pdf/summary.html" for _, name in cache)
