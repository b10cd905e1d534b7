"""Ending the work with a couple: what was between the two is gone at the next request, own words stay (CPL-09)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.invitations import invite
from portal.accounts.models import Invitation
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.couples.queries import CLOSED, find_own_couple
from portal.homework import registry, service
from portal.homework.answers import Change, save_answers, save_joint
from portal.homework.models import Response
from portal.homework.own_tasks import Place, own_tasks
from portal.homework.queries import FROZEN, joint_answers, opened_answers, own_answers
from portal.homework.rules import NoLongerAsked, PageMark, Scope
from portal.meetings.queries import summaries_for_reader
from portal.notices.models import Message
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from tests.homework.shelf import TASKS, catalogue
from tests.homework.test_views import send, words
from tests.support.cast import Actor, Cast, client_of, make_person
from tests.support.world import World, path_of

VALUES, IN_PARTS, *_ = TASKS
HERE = PageMark("a" * 16)


@dataclass(frozen=True)
class Shared:
    """What Ana has with Ben: a first part that has opened, a second that both write, and something unfinished."""

    assignment_id: UUID
    first: UUID
    second: UUID
    unfinished: UUID


@pytest.fixture(autouse=True)
def shelf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in {one.kind for one in TASKS}:
        monkeypatch.setitem(registry._catalogues, kind, catalogue(kind))


@pytest.fixture
def shared(app: Flask, cast: Cast) -> Shared:
    jane, now = cast.therapist.member(), utc_now()
    with app.app_context(), transaction() as session:
        opened = service.assign(session, jane, cast.couple_id, IN_PARTS, now=now)
        unfinished = service.assign(session, jane, cast.couple_id, VALUES, now=now)
        parts = {
            (one.assignment_id, one.stage, one.person_id): one.id for one in session.scalars(select(Response))
        }
        for actor in (cast.ana, cast.ben):
            part = parts[opened.id, 1, actor.person_id]
            save(session, actor.member(), part)
            service.submit(session, actor.member(), part, seconds=None, now=now)
            service.share(session, actor.member(), part, now=now)
        ana = cast.ana.person_id
        found = Shared(
            opened.id, parts[opened.id, 1, ana], parts[opened.id, 2, ana], parts[unfinished.id, 1, ana]
        )
        save(session, cast.ana.member(), found.unfinished)
        save_together(session, cast.ana.member(), found.second)
        return found


def save(
    session: Session, viewer: Member, part: UUID, text: str = "My own words", opened_at: int = 0
) -> None:
    change = Change("story", f'"{text}"', Scope.REVEAL, opened_at)
    save_answers(session, viewer, part, [change], HERE, now=utc_now())


def save_together(session: Session, viewer: Member, part: UUID) -> None:
    save_joint(session, viewer, part, [Change("ours", '"Ours"', Scope.JOINT, 0)], HERE, now=utc_now())


def put(app: Flask, cast: Cast, status: CoupleStatus) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Couple, cast.couple_id).status = status


def reads_of(session: Session, viewer: Member, shared: Shared) -> dict[str, bool]:
    """Tell which things between the two this partner reaches."""
    return {
        "couple": find_own_couple(session, viewer) is not None,
        "opened": bool(opened_answers(session, viewer, shared.assignment_id)),
        "joint": bool(joint_answers(session, viewer, shared.assignment_id)),
        "listed as open": any(one.place is Place.OPENED for one in own_tasks(session, viewer)),
    }


CHANGES: dict[str, Callable[[Session, Member, Shared], object]] = {
    "save": lambda session, viewer, shared: save(session, viewer, shared.unfinished, "More", 1),
    "save together": lambda session, viewer, shared: save_together(session, viewer, shared.second),
    "submit": lambda session, viewer, shared: service.submit(
        session, viewer, shared.unfinished, seconds=None, now=utc_now()
    ),
}


@pytest.mark.parametrize("status", list(CoupleStatus))
class TestEveryState:
    def test_what_is_between_the_two_is_read_only_while_they_are_a_couple_here(
        self, app: Flask, cast: Cast, shared: Shared, status: CoupleStatus
    ) -> None:
        put(app, cast, status)
        for actor in (cast.ana, cast.ben):
            with app.app_context():
                reached = reads_of(current_session(), actor.member(), shared)
            assert set(reached.values()) == {status not in CLOSED}, reached

    @pytest.mark.parametrize("change", list(CHANGES))
    def test_nothing_is_taken_once_it_rests_and_nothing_kept_is_lost(
        self, app: Flask, cast: Cast, shared: Shared, status: CoupleStatus, change: str
    ) -> None:
        put(app, cast, status)
        ana = cast.ana.member()
        refused = False
        try:
            with app.app_context(), transaction() as session:
                CHANGES[change](session, ana, shared)
        except NoLongerAsked:
            refused = True
        assert refused == (status in FROZEN)
        if refused:
            with app.app_context():
                kept = own_answers(current_session(), ana, shared.unfinished)
                assert kept["story"].value == '"My own words"'

    def test_own_words_are_listed_in_every_state(
        self, app: Flask, cast: Cast, shared: Shared, status: CoupleStatus
    ) -> None:
        put(app, cast, status)
        shown = words(client_of(app, cast.ana).get("/tasks"))
        assert all(title in shown for title in ("In two parts", "Talking about values"))
        assert ("What there was for both of you is closed." in shown) == (status in CLOSED)


def test_whoever_left_reaches_nothing_shared_while_the_other_still_does(
    app: Flask, cast: Cast, shared: Shared
) -> None:
    with app.app_context(), transaction() as session:
        left = session.scalars(select(Partner).where(Partner.person_id == cast.ana.person_id)).one()
        left.left_at = utc_now()
    with app.app_context():
        assert not any(reads_of(current_session(), cast.ana.member(), shared).values())
        assert all(reads_of(current_session(), cast.ben.member(), shared).values())


class TestClosing:
    @pytest.fixture
    def jane(self, app: Flask, world: World) -> FlaskClient:
        return client_of(app, world.cast.therapist)

    @pytest.mark.parametrize("how", ["archived", "separated"])
    def test_it_holds_from_the_next_request_of_a_page_that_is_open(
        self, app: Flask, world: World, jane: FlaskClient, how: str
    ) -> None:
        ana = client_of(app, world.cast.ana)
        received = [
            path_of(app, world, one)
            for one in ("meetings.read_summary", "documents.download", "documents.status")
        ]
        assert {ana.get(path).status_code for path in received} == {200}
        with app.app_context():
            mails = current_session().scalar(select(func.count(Message.id)))
        answer = send(jane, f"/couples/{world.cast.couple_id}/close", how=how)
        assert answer.status_code == 303
        assert {ana.get(path).status_code for path in received} == {404}
        assert "Nothing is open here" in words(ana.get("/home"))
        assert send(ana, f"/tasks/{world.places['response_id']}/reopen").status_code == 409
        with app.app_context():
            session = current_session()
            assert session.get_one(Couple, world.cast.couple_id).status.value == how
            assert summaries_for_reader(session, world.cast.ana.member()) == []
            assert session.scalar(select(func.count(Message.id))) == mails
            assert "couple.closed" in set(session.scalars(select(AuditEvent.action)))

    def test_open_invitations_end_and_no_new_one_is_made(
        self, app: Flask, world: World, jane: FlaskClient
    ) -> None:
        couple_id = world.cast.couple_id
        with app.app_context(), transaction() as session:
            late = make_person(session, "Late")
            partner = session.scalars(
                select(Partner).where(Partner.person_id == world.cast.ben.person_id)
            ).one()
            partner.person_id = late.id
            token = invite(session, world.cast.therapist.member(), late, now=utc_now()).token
            late_id = late.id
        visitor = client_of(app, None)
        assert visitor.get(f"/invitations/{token}").status_code == 200
        send(jane, f"/couples/{couple_id}/close", how="archived")
        unknown = visitor.get("/invitations/never-made").status_code
        assert visitor.get(f"/invitations/{token}").status_code == unknown
        assert send(jane, f"/couples/{couple_id}/invitations/{late_id}").status_code == 409
        with app.app_context():
            open_ones = select(Invitation).where(
                Invitation.person_id == late_id, Invitation.withdrawn_at.is_(None)
            )
            assert current_session().scalars(open_ones).all() == []

    def test_it_ends_once_and_only_by_a_choice(self, app: Flask, world: World, jane: FlaskClient) -> None:
        path = f"/couples/{world.cast.couple_id}/close"
        assert [send(jane, path, how=how).status_code for how in ("", "paused", "archived", "separated")] == [
            422,
            422,
            303,
            409,
        ]
        with app.app_context():
            assert current_session().get_one(Couple, world.cast.couple_id).status is CoupleStatus.ARCHIVED

    @pytest.mark.parametrize("name", ["sam", "ana", "cleo", "fay", "olive"])
    def test_nobody_else_ends_it(self, app: Flask, world: World, name: str) -> None:
        actor = world.viewers[name]
        assert isinstance(actor, Actor)
        assert (
            send(client_of(app, actor), f"/couples/{world.cast.couple_id}/close", how="archived").status_code
            == 404
        )
