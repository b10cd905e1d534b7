"""Two partners at work on one exercise, as their browsers do it."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.exercises.catalogue import find_task
from portal.homework.models import Response
from portal.homework.service import assign
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, client_of

VALUES, GOALS, SHARED = "values-compass", "my-goals-our-overlap", "one-shared-goal"


@dataclass
class Desk:
    """One person in front of one part of an exercise."""

    client: FlaskClient
    part: UUID

    @property
    def home(self) -> str:
        return f"/reflections/{self.part}"

    def get(self, page: str = "") -> TestResponse:
        return self.client.get(f"{self.home}/{page}".rstrip("/"))

    def look(self, page: str = "") -> BeautifulSoup:
        answer = self.get(page)
        assert answer.status_code == 200, answer.status_code
        return BeautifulSoup(answer.text, "html.parser")

    def words(self, page: str = "") -> str:
        return re.sub(r"\s+", " ", self.look(page).main.get_text())  # type: ignore[union-attr]  # every page has one

    def marks(self, page: str) -> dict[str, str]:
        """The hidden fields of a page's own form."""
        fields = self.look(page).select("main form:has(h1, [name=seen]) input[type=hidden]")
        return {str(one["name"]): str(one.get("value", "")) for one in fields}

    def write(
        self, page: int, go: str = "next", marks: dict[str, str] | None = None, **fields: Any
    ) -> TestResponse:
        """Fill a page and press a button; names are written with _ for a dot."""
        named = {name.replace("__", "."): value for name, value in fields.items()}
        data = {**(marks or self.marks(str(page))), **named}
        return self.client.post(f"{self.home}/{page}", data=data | ({"go": go} if go else {}))

    def finish(self, go: str = "share", **fields: object) -> TestResponse:
        return self.client.post(f"{self.home}/check", data={**self.marks("check"), "go": go, **fields})


@dataclass
class Room:
    """The couple and their therapist around one assignment."""

    app: Flask
    cast: Cast
    assignment_id: UUID

    def desk(self, actor: Actor, stage: int = 1) -> Desk:
        """Sit one of the two down in front of one stage."""
        with self.app.app_context():
            part = current_session().scalars(
                select(Response.id).where(
                    Response.assignment_id == self.assignment_id,
                    Response.person_id == actor.person_id,
                    Response.stage == stage,
                )
            )
            found = part.one()
        return Desk(client_of(self.app, actor), found)


def room_with(app: Flask, cast: Cast, exercise_id: str, *, for_one: Actor | None = None) -> Room:
    """Give Ana and Ben (or one of them) an exercise."""
    with app.test_request_context(), transaction() as session:
        assignment = assign(
            session,
            cast.therapist.member(),
            cast.couple_id,
            find_task(exercise_id, "1"),
            for_person_id=for_one.person_id if for_one else None,
            now=utc_now(),
        )
        return Room(app, cast, assignment.id)
