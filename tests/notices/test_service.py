"""Owing mails on both engines: ten minutes of quiet for each inbox, and nothing dropped (decision 12, BKG-07)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.extensions import db
from portal.notices.models import Message, MessageKind, MessagePart, MessageState
from portal.notices.queries import MailTrouble, mail_trouble
from portal.notices.rules import FOLD, MOST_PARTS
from portal.notices.service import earliest_time, note_failed, note_sent, queue_message, what_to_say
from portal.outbox import OutboxEntry
from portal.people.models import Channel, Person
from portal.security.viewer import JobFor
from portal.transaction import current_session, transaction
from tests.support.owing import add_reader, application, owe_mail

NOW = utc_now()
LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with application(tmp_path, database_url) as app:
        yield app


def owed(session: Session, **changes: object) -> Message:
    values = {"kind": MessageKind.NEW_ITEM, "facts": {}, "now": NOW} | changes
    person = values.pop("person", None) or add_reader(session)
    message = queue_message(session, person, **values)  # type: ignore[arg-type]  # values of several types by name
    assert message is not None
    return message


@pytest.mark.usefixtures("app")
class TestWhoGetsNothing:
    def test_who_wants_nothing_outside_the_portal(self) -> None:
        with transaction() as session:
            reader = add_reader(session, channel=Channel.PORTAL_ONLY)
            assert queue_message(session, reader, MessageKind.NEW_ITEM, {}, now=NOW) is None
            assert session.scalar(select(func.count()).select_from(OutboxEntry)) == 0

    def test_who_has_no_address(self) -> None:
        with transaction() as session:
            reader = add_reader(session, email="")
            assert queue_message(session, reader, MessageKind.NEW_ITEM, {}, now=NOW) is None


@pytest.mark.usefixtures("app")
class TestFolding:
    def test_a_mail_of_a_clock_that_was_ahead_delays_none(self) -> None:
        ahead = NOW + timedelta(days=3000)
        with transaction() as session:
            reader = add_reader(session)
            left = owed(session, person=reader, now=ahead)
            left.state, left.sent_at = MessageState.SENT, ahead
            waiting = owed(session, person=reader, now=ahead + timedelta(minutes=1))
        with transaction() as session:
            message = owed(session, person=session.get_one(Person, reader.id), now=NOW)
            assert (message.due_at, message.id == waiting.id) == (NOW, False)

    def test_what_comes_before_the_mail_left_joins_it(self) -> None:
        with transaction() as session:
            first = owed(session)
            assert first.due_at == NOW
            assert owed(session, kind=MessageKind.SECURITY_CHANGE, now=LATER).id == first.id

    def test_what_comes_just_after_it_left_waits_and_shares_a_second_mail(self) -> None:
        with transaction() as session:
            first = owed(session)
            note_sent(session, JobFor(first.id), NOW)
            second, third = owed(session, now=LATER), owed(session, now=LATER + timedelta(minutes=1))
            assert second.id == third.id != first.id
            assert second.due_at == NOW + FOLD

    def test_another_inbox_waits_for_nobody(self) -> None:
        with transaction() as session:
            owed(session)
            other = owed(session, person=add_reader(session, "cleo@example.org"))
            assert other.due_at == NOW

    def test_an_address_written_otherwise_is_the_same_inbox(self) -> None:
        with transaction() as session:
            first = owed(session)
            assert owed(session, person=add_reader(session, "US@Example.org ")).id == first.id

    def test_two_persons_of_one_inbox_share_the_mail_and_both_are_told(self) -> None:
        with transaction() as session:
            first = owed(session, kind=MessageKind.RESET, facts={"link": "/r/1"})
            owed(session, kind=MessageKind.RESET, facts={"link": "/r/2"})
            address, things = what_to_say(session, JobFor(first.id), NOW)
            assert address == "us@example.org"
            assert [facts["link"] for _, facts in things] == ["/r/1", "/r/2"]

    def test_two_invitations_never_share_a_mail_because_nobody_could_tell_them_apart(self) -> None:
        with transaction() as session:
            first, second, third = (
                owed(session, kind=MessageKind.INVITATION, facts={"link": f"/i/{label}", "label": label})
                for label in ("KXV", "CDF", "RTW")
            )
            assert [one.due_at for one in (first, second, third)] == [NOW, NOW + FOLD, NOW + 2 * FOLD]
            assert owed(session).id in {first.id, second.id, third.id}
            for message, label in ((first, "KXV"), (second, "CDF"), (third, "RTW")):
                things = what_to_say(session, JobFor(message.id), NOW)[1]
                assert [facts["label"] for kind, facts in things if kind == "invitation"] == [label]

    def test_the_same_thing_is_said_once(self) -> None:
        with transaction() as session:
            first = owed(session)
            owed(session)
            assert len(what_to_say(session, JobFor(first.id), NOW)[1]) == 1

    def test_a_full_mail_is_followed_by_another_and_nothing_is_dropped(self) -> None:
        with transaction() as session:
            messages = [owed(session) for _ in range(MOST_PARTS + 3)]
            assert len({message.id for message in messages}) == 2
            assert session.scalar(select(func.count()).select_from(MessagePart)) == MOST_PARTS + 3

    def test_fifty_requests_at_once_begin_one_mail(self, app: Flask) -> None:
        def ask(_number: int) -> None:
            with app.app_context():
                owe_mail("victim@example.org", now=NOW)
                db.session.remove()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(MOST_PARTS)))
        with transaction() as session:
            assert session.scalar(select(func.count()).select_from(Message)) == 1
            assert session.scalar(select(func.count()).select_from(MessagePart)) == MOST_PARTS

    def test_a_mail_that_was_held_up_still_leaves_ten_minutes_between(self) -> None:
        with transaction() as session:
            first = owed(session)
            first.handovers = 1
            second = owed(session, now=LATER)
            note_sent(session, JobFor(first.id), NOW + timedelta(hours=1))
            session.flush()
            at = NOW + timedelta(hours=1, minutes=2)
            assert earliest_time(session, JobFor(second.id), at) == NOW + timedelta(hours=1) + FOLD


@pytest.mark.usefixtures("app")
class TestKeeping:
    def test_what_a_mail_will_say_is_sealed(self) -> None:
        with transaction() as session:
            owed(session, kind=MessageKind.RESET, facts={"link": "/reset/secret-token"})
            stored = session.execute(select(MessagePart.facts_sealed)).scalar_one()
            assert b"secret-token" not in (stored or b"")

    def test_a_mail_that_should_have_left_minutes_ago_is_noticed(self) -> None:
        owe_mail(now=NOW)
        assert mail_trouble(current_session(), LATER) == MailTrouble(0, 0)
        assert mail_trouble(current_session(), NOW + timedelta(minutes=6)) == MailTrouble(1, 0)

    def test_a_mail_that_failed_is_noticed(self) -> None:
        outbox_id = owe_mail(now=NOW)
        with transaction() as session:
            note_failed(session, JobFor(session.get_one(OutboxEntry, outbox_id).subject_id))
        assert mail_trouble(current_session(), NOW) == MailTrouble(0, 1)
