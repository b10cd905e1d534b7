"""Reminders on both engines: derived from the row, once, never late, never after a change (F16, F23, F27)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal.booking import reminders
from portal.booking.changes import change
from portal.booking.models import Consultation
from portal.booking.reminders import has_left_out_reminder
from portal.booking.rules import ConsultationStatus
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow
from portal.extensions import db
from portal.notices.models import Message, MessageKind, MessagePart, MessageState
from portal.notices.service import block_address, queue_message, what_to_say
from portal.people.models import Channel, Person
from portal.people.service import add_person
from portal.security.viewer import JobFor
from portal.transaction import transaction
from tests.booking.agreed import Agreed, begin, most_alive
from tests.support.cast import make_cast

NOW = utc_now().replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def practice(either_app: Flask) -> Iterator[Agreed]:
    with either_app.app_context():
        with transaction() as session:
            made = begin(either_app, session, make_cast(session), NOW)
        yield made
        db.session.remove()


def parts() -> list[MessagePart]:
    with transaction() as session:
        return list(
            session.scalars(select(MessagePart).where(MessagePart.kind == MessageKind.CONSULTATION_REMINDER))
        )


def said(part: MessagePart, now: datetime = NOW) -> bool:
    """Ask, as the job does, whether a part is still to be said."""
    with transaction() as session:
        return bool(what_to_say(session, JobFor(part.message_id), now)[1])


def has_left_out(consultation_id: UUID) -> bool:
    with transaction() as session:
        found = select(Consultation).where(Consultation.id == consultation_id)
        return has_left_out_reminder(
            session, session.scalars(found.options(joinedload(Consultation.person))).one()
        )


class TestDue:
    def test_is_said_once_however_often_and_in_however_many_places_it_is_swept(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=23 * HOUR)
        assert [practice.sweep(), practice.sweep(), practice.sweep(NOW + HOUR)] == [1, 1, 1]
        (part,) = parts()
        assert said(part)

    @pytest.mark.parametrize(
        ("begins_in", "settled", "status"),
        [
            (25 * HOUR, -48 * HOUR, ConsultationStatus.CONFIRMED),  # not yet
            (-HOUR, -48 * HOUR, ConsultationStatus.CONFIRMED),  # begun
            (23 * HOUR, -HOUR / 2, ConsultationStatus.CONFIRMED),  # agreed when the lead had passed
            (23 * HOUR, -48 * HOUR, ConsultationStatus.REQUESTED),
            (23 * HOUR, -48 * HOUR, ConsultationStatus.CANCELLED),
        ],
    )
    def test_is_not_what_is_early_late_just_agreed_or_not_agreed(
        self, practice: Agreed, begins_in: timedelta, settled: timedelta, status: ConsultationStatus
    ) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=begins_in, settled=settled, status=status)
        assert practice.sweep() == 0

    def test_follows_the_lead_as_it_is_set_now_and_not_as_it_was_set_at_booking(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=3 * HOUR)
            session.execute(update(ConsultationTypeRow).values(reminder_minutes=120))
        assert practice.sweep() == 0
        with transaction() as session:
            session.execute(update(ConsultationTypeRow).values(second_reminder_minutes=240))
        assert practice.sweep() == 1

    def test_two_leads_at_once_share_one_mail_that_says_it_once(self, practice: Agreed) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=HOUR / 2)
            session.execute(update(ConsultationTypeRow).values(second_reminder_minutes=60))
        assert practice.sweep() == 2
        first, second = parts()
        assert first.message_id == second.message_id
        with transaction() as session:
            assert len(what_to_say(session, JobFor(first.message_id), NOW)[1]) == 1

    def test_goes_to_the_guest_too_who_joined_in_time_each_by_the_own_clock_and_link(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            early, late = (
                add_person(session, first_name="Ben", email=f"ben{zone[:4]}@example.org", zone=zone)
                for zone in ("Asia/Tokyo", "Europe/Paris")
            )
            early.created_at, late.created_at = NOW - 40 * HOUR, NOW - HOUR / 2
            practice.agree(session, begins_in=23 * HOUR, guest_id=early.id)
            practice.agree(session, begins_in=22 * HOUR, guest_id=late.id)
        assert practice.sweep() == 3
        whole = " ".join(part.facts for part in parts())
        assert "Tokyo" in whole
        assert "Paris" not in whole
        assert len({json.loads(part.facts)["facts"]["link"] for part in parts()}) == 3

    def test_who_wants_nothing_outside_the_portal_gets_nothing_and_is_not_asked_again(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=23 * HOUR).person.channel = Channel.PORTAL_ONLY
        assert practice.sweep() == 1
        assert parts() == []

    @pytest.mark.parametrize(("has_gateway", "by_text"), [(True, True), (False, False)])
    def test_goes_by_text_where_that_is_wished_for_and_there_is_a_gateway(
        self, practice: Agreed, *, has_gateway: bool, by_text: bool
    ) -> None:
        with transaction() as session:
            person = practice.agree(session, begins_in=23 * HOUR).person
            person.channel, person.phone = Channel.TEXT, "+44 20 7946 0000"
        practice.sweep(has_text_gateway=has_gateway)
        with transaction() as session:
            assert session.scalars(select(Message.by_text)).all() == [by_text]
        (part,) = parts()
        assert said(part)


class TestInboxes:
    """What a page is asked about at once counts as if each had been asked."""

    def test_two_of_one_inbox_share_a_mail_and_what_left_just_before_is_kept_at_a_distance(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            for hours in (20, 21):
                practice.agree(session, begins_in=hours * HOUR, email="us@example.org")
            told = practice.agree(session, begins_in=22 * HOUR, email="cleo@example.org").person
            mail = queue_message(session, told, MessageKind.NEW_ITEM, {}, now=NOW)
            assert mail is not None
            mail.state, mail.sent_at = MessageState.SENT, NOW - timedelta(minutes=1)
        assert practice.sweep() == 3
        begun = [part.message_id for part in parts()]
        assert (len(begun), len(set(begun))) == (3, 2)
        with transaction() as session:
            due = {session.get_one(Message, message_id).due_at for message_id in begun}
        assert due == {NOW, NOW + timedelta(minutes=9)}

    def test_who_said_it_was_not_me_gets_none_and_who_has_an_account_gets_one_without_that_link(
        self, practice: Agreed
    ) -> None:
        with transaction() as session:
            holder = session.get_one(Person, practice.therapist_id)
            stranger = practice.agree(session, begins_in=20 * HOUR, email="stranger@example.org").person
            practice.agree(session, begins_in=21 * HOUR, person_id=holder.id, person=holder)
            for person in (holder, stranger):
                block_address(session, JobFor(person.id), person)
        assert practice.sweep() == 2
        (part,) = parts()
        assert part.person_id == practice.therapist_id
        assert "not_me" not in json.loads(part.facts)["facts"]


class TestTruth:
    def test_is_never_said_after_a_move_a_cancellation_or_the_start(self, practice: Agreed) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
        practice.sweep()
        (part,) = parts()
        assert not said(part, NOW + 23 * HOUR)
        with transaction() as session:
            found = session.get_one(Consultation, consultation.id)
            change(
                session, found, of=[ConsultationStatus.CONFIRMED], starts_at=NOW + 22 * HOUR, settled_at=NOW
            )
        assert not said(part)
        assert practice.sweep() == 1, "the new time was agreed when its lead had passed"

    def test_after_a_move_to_later_the_new_time_has_a_reminder_of_its_own(self, practice: Agreed) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
        practice.sweep()
        with transaction() as session:
            found = session.get_one(Consultation, consultation.id)
            change(
                session, found, of=[ConsultationStatus.CONFIRMED], starts_at=NOW + 72 * HOUR,
                ends_at=NOW + 73 * HOUR, settled_at=NOW,
            )  # fmt: skip
        assert practice.sweep() == 1
        assert practice.sweep(NOW + 49 * HOUR) == 2

    def test_the_clock_may_jump_a_day_and_back_and_nothing_is_said_twice(self, practice: Agreed) -> None:
        with transaction() as session:
            practice.agree(session, begins_in=40 * HOUR)
        assert [practice.sweep(), practice.sweep(NOW + 24 * HOUR), practice.sweep(), practice.sweep(NOW + 30 * HOUR)] == [
            0, 1, 1, 1,
        ]  # fmt: skip

    def test_after_a_day_without_workers_what_has_begun_is_not_said(self, practice: Agreed) -> None:
        with transaction() as session:
            for hours in (1, 10, 23):
                practice.agree(session, begins_in=hours * HOUR)
        assert practice.sweep() == 3
        assert [said(part, NOW + 12 * HOUR) for part in parts()].count(True) == 1


class TestLeftOut:
    @pytest.mark.parametrize(
        ("state", "handovers", "is_told"),
        [
            (MessageState.SUPPRESSED, 0, True),
            (MessageState.FAILED, 0, True),
            (MessageState.FAILED, 2, False),  # perhaps it left
            (MessageState.SENT, 1, False),
            (MessageState.WAITING, 0, False),
        ],
    )
    def test_is_told_to_the_therapist(
        self, practice: Agreed, state: MessageState, handovers: int, *, is_told: bool
    ) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
        practice.sweep()
        with transaction() as session:
            session.execute(update(Message).values(state=state, handovers=handovers))
        assert has_left_out(consultation.id) is is_told

    @pytest.mark.parametrize("handovers", [0, 1])
    def test_is_told_when_the_rest_of_its_mail_left_without_it(
        self, practice: Agreed, handovers: int
    ) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
            person = session.get_one(Person, consultation.person_id)
        practice.sweep()
        (reminder,) = parts()
        with transaction() as session:
            queue_message(session, person, MessageKind.NEW_ITEM, {}, now=NOW)
            assert session.scalars(select(MessagePart.message_id)).all() == [reminder.message_id] * 2
            session.execute(update(Message).values(handovers=handovers))
        assert said(reminder, NOW + 24 * HOUR), "the other part"
        assert not has_left_out(consultation.id), "it is still to leave"
        with transaction() as session:
            session.execute(update(Message).values(state=MessageState.SENT))
        assert has_left_out(consultation.id) is (handovers == 0), "what perhaps left is not told of"

    def test_is_told_no_more_once_the_time_was_moved(self, practice: Agreed) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
        practice.sweep()
        with transaction() as session:
            session.execute(update(Message).values(state=MessageState.SUPPRESSED))
            found = session.get_one(Consultation, consultation.id)
            change(
                session, found, of=[ConsultationStatus.CONFIRMED], starts_at=NOW + 72 * HOUR,
                ends_at=NOW + 73 * HOUR, settled_at=NOW,
            )  # fmt: skip
        assert not has_left_out(consultation.id)


class TestPages:
    def test_no_more_than_a_page_is_loaded_at_a_time_and_nothing_is_left_out(
        self, practice: Agreed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reminders, "PAGE", 3)
        with transaction() as session:
            for number in range(8):
                practice.agree(session, begins_in=HOUR + timedelta(minutes=2 * number))
        db.session.remove()
        with most_alive(Consultation) as most:
            assert practice.sweep() == 8
        assert most == [3]

    def test_a_person_erased_meanwhile_is_left_out(self, practice: Agreed) -> None:
        with transaction() as session:
            consultation = practice.agree(session, begins_in=23 * HOUR)
            session.execute(
                update(Person)
                .where(Person.id == consultation.person_id)
                .values(erased_at=NOW, email_code=None)
            )
        assert practice.sweep() == 0
