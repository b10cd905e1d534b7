"""The way of a couple through the Readiness Test, by the services that pages call."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from portal.assessments.catalogue import find_task
from portal.assessments.service import fingerprint, finish, preview, share
from portal.clock import utc_now
from portal.homework.answers import Change, save_answers
from portal.homework.models import Response
from portal.homework.rules import PageMark, Scope
from portal.homework.service import assign, open_stage
from portal.psychometrics.items import Absent, Answer
from portal.transaction import transaction
from tests.assessments.sittings import EVERYTHING, TEST
from tests.support.cast import Actor, Cast


@dataclass(frozen=True)
class Walk:
    """One assignment of the test to Ana and Ben."""

    app: Flask
    cast: Cast
    assignment_id: UUID
    parts: Mapping[UUID, UUID]

    def part(self, actor: Actor) -> UUID:
        """Give a person's own part."""
        return self.parts[actor.person_id]

    def answer(self, actor: Actor, answers: Mapping[str, Answer]) -> None:
        """Save answers without finishing."""
        changes = [
            Change(item_id, json.dumps(value), Scope.THERAPIST, 0)
            for item_id, value in answers.items()
            if value is not Absent.NOT_ANSWERED
        ]
        with self.app.app_context(), transaction() as session:
            save_answers(
                session, actor.member(), self.part(actor), changes, PageMark("0" * 16), now=utc_now()
            )

    def finish(self, actor: Actor, answers: Mapping[str, Answer]) -> None:
        """Answer and finish."""
        self.answer(actor, answers)
        with self.app.app_context(), transaction() as session:
            finish(session, actor.member(), self.part(actor), now=utc_now())

    def share(
        self, actor: Actor, domain_ids: Collection[str] = EVERYTHING, item_ids: Collection[str] = ()
    ) -> None:
        """Share these domains and single answers."""
        viewer, part = actor.member(), self.part(actor)
        with self.app.app_context(), transaction() as session:
            shown = preview(session, viewer, part, domain_ids=domain_ids, item_ids=item_ids)
            seen = fingerprint(shown)
            share(session, viewer, part, domain_ids=domain_ids, item_ids=item_ids, seen=seen, now=utc_now())

    def open(self) -> None:
        """Open to both, as their therapist."""
        with self.app.app_context(), transaction() as session:
            open_stage(session, self.cast.therapist.member(), self.assignment_id, 1, now=utc_now())

    def together(self, actor: Actor) -> str:
        """Give the address of the page that both see."""
        return f"/questions/{self.part(actor)}/together"


def given_test(app: Flask, cast: Cast, for_person_id: UUID | None = None) -> Walk:
    """Give the test to Ana and Ben, or to one of them."""
    task = find_task(TEST.id, TEST.version)
    with app.app_context(), transaction() as session:
        assignment = assign(
            session, cast.therapist.member(), cast.couple_id, task, for_person_id=for_person_id, now=utc_now()
        )
        parts = session.scalars(select(Response).where(Response.assignment_id == assignment.id)).all()
        return Walk(app, cast, assignment.id, {one.person_id: one.id for one in parts})


def opened_test(app: Flask, cast: Cast, a: Mapping[str, Answer], b: Mapping[str, Answer]) -> Walk:
    """Give the test, have both answer, share every domain, and open it."""
    walk = given_test(app, cast)
    for actor, answers in ((cast.ana, a), (cast.ben, b)):
        walk.finish(actor, answers)
        walk.share(actor)
    walk.open()
    return walk
