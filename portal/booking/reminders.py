"""Reminders: derived from the consultation when they are due, never from a copy made before (F16, F23, F27).

A row of `Reminder`, written with the message, says that one was owed. Its key has the start in it: after a move the
reminder of the new time is another one, and the old one is not true any more when its mail is about to leave.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Interval,
    Select,
    and_,
    exists,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation, Reminder
from portal.booking.rules import ConsultationStatus, MailWords
from portal.booking.telling import tell_person
from portal.diary.models import ConsultationTypeRow
from portal.notices.models import Message, MessageKind, MessagePart, MessageState
from portal.notices.service import ask_about, phone_code
from portal.people.models import Person
from portal.security.viewer import JobFor

PAGE = 200  # rows that are loaded at a time


class Lead(NamedTuple):
    """How long before the start consultations of one type are reminded of."""

    type_id: UUID
    minutes: int


class Place(NamedTuple):
    """Where a sweep goes on: behind this start of this consultation for this person."""

    starts_at: datetime
    consultation_id: UUID
    person_id: UUID


def reminder_leads(session: Session) -> list[Lead]:
    """List every type's leads, as they are set now. One statement."""
    first, second = ConsultationTypeRow.reminder_minutes, ConsultationTypeRow.second_reminder_minutes
    rows = session.execute(
        select(ConsultationTypeRow.id, first, second)
        .where(or_(first.is_not(None), second.is_not(None)))
        .order_by(ConsultationTypeRow.id)
    )
    return [Lead(type_id, minutes) for type_id, *both in rows for minutes in sorted({m for m in both if m})]


def owe_reminders(
    session: Session,
    lead: Lead,
    *,
    after: Place | None,
    mail: MailWords,
    now: datetime,
    has_text_gateway: bool = False,
) -> Place | None:
    """Owe one page of what is due, in the caller's transaction; tell where the next page begins, None after the last.

    Due is what begins later than now but no later than its lead from now, was agreed before its lead, and is not yet
    owed. Its mail is left unsaid from the start on. Two sweeps at once are harmless: the database keeps one row, and
    who wrote it owes the message. One statement for the page (by `ix_consultation_status_starts_at`), one for its rows, four
    about its readers, and four to write all messages; three or four more for each to an inbox with other mails near.
    """
    page = session.execute(_due(session, lead, now, after).limit(PAGE)).all()
    if not page:
        return None
    written = _write_down(session, lead, [(consultation, person) for consultation, person in page], now)
    owed = [(one, person) for one, person in page if (one.id, person.id) in written]
    readers = ask_about(session, [person for _, person in owed], now)
    for consultation, person in owed:
        record_of(session, JobFor(consultation.id), Action.REMINDER_OWED, consultation)
        tell_person(
            session, consultation, person, MessageKind.CONSULTATION_REMINDER, mail=mail, now=now,
            deadline_at=consultation.starts_at, may_text=has_text_gateway, readers=readers,
        )  # fmt: skip
    session.flush()  # while the page's persons are loaded: their keys are fetched together
    if len(page) < PAGE:
        return None
    last, person = page[-1]
    return Place(last.starts_at, last.id, person.id)


def has_left_out_reminder(session: Session, consultation: Consultation) -> bool:
    """Tell whether the booker's reminder of the present time never left: too late, or no server took it. One statement.

    Also where the rest of its mail left without it.

    What perhaps left is not told of. `consultation`: with its person.
    """
    person = consultation.person
    if consultation.status is not ConsultationStatus.CONFIRMED or person.erased_at is not None:
        return False
    codes = [code for code in (person.email_code, phone_code(session, person)) if code is not None]
    is_unsent = exists().where(
        Message.address_code.in_(codes),
        or_(
            and_(Message.state.in_((MessageState.FAILED, MessageState.SUPPRESSED)), Message.handovers == 0),
            and_(Message.state != MessageState.WAITING, MessagePart.unsaid_at.is_not(None)),
        ),
        MessagePart.message_id == Message.id,
        MessagePart.kind == MessageKind.CONSULTATION_REMINDER,
        MessagePart.about_id == consultation.id,
        MessagePart.about_version == consultation.calendar_sequence,
    )
    return bool(session.scalar(select(is_unsent)))


def _due(session: Session, lead: Lead, now: datetime, after: Place | None) -> Select[Consultation, Person]:
    """Select who is to be reminded of what. A guest who joined when the lead had begun knows the time from joining."""
    is_owed = exists().where(
        Reminder.consultation_id == Consultation.id,
        Reminder.person_id == Person.id,
        Reminder.minutes_before == lead.minutes,
        Reminder.starts_at == Consultation.starts_at,
    )
    due = (
        select(Consultation, Person)
        .join(Person, or_(Person.id == Consultation.person_id, Person.id == Consultation.guest_id))
        .where(Consultation.status == ConsultationStatus.CONFIRMED, Consultation.type_id == lead.type_id)
        .where(Consultation.starts_at > now)
        .where(Consultation.starts_at <= now + timedelta(minutes=lead.minutes))
        .where(_was_before_lead(session, Consultation.settled_at, lead))
        .where(
            or_(Person.id == Consultation.person_id, _was_before_lead(session, Person.created_at, lead)),
            Person.erased_at.is_(None),
            ~is_owed,
        )
        .order_by(Consultation.starts_at, Consultation.id, Person.id)
    )
    if after is None:
        return due
    here = tuple_(Consultation.starts_at, Consultation.id, Person.id)
    return due.where(here > tuple_(*_literals(after)))


def _literals(place: Place) -> Sequence[ColumnElement[Any]]:
    columns = (Consultation.starts_at, Consultation.id, Person.id)
    return [literal(value, column.type) for value, column in zip(place, columns, strict=True)]


def _was_before_lead(session: Session, column: Any, lead: Lead) -> ColumnElement[bool]:
    """Compare an instant with the one at which the reminder is due; instants are whole microseconds on SQLite."""
    before = timedelta(minutes=lead.minutes)
    if session.get_bind().dialect.name == "sqlite":
        starts: Any = type_coerce(Consultation.starts_at, BigInteger)
        is_before: ColumnElement[bool] = type_coerce(column, BigInteger) <= starts - (
            before // timedelta(microseconds=1)
        )
        return is_before
    return type_coerce(column, postgresql.TIMESTAMP(timezone=True)) <= type_coerce(
        Consultation.starts_at, postgresql.TIMESTAMP(timezone=True)
    ) - literal(before, Interval())


def _write_down(
    session: Session, lead: Lead, page: Sequence[tuple[Consultation, Person]], now: datetime
) -> set[tuple[UUID, UUID]]:
    """Write the page's rows, and tell which of them nobody had written before. One statement."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = session.execute(
        insert(Reminder)
        .values(
            [
                {
                    "id": uuid4(),
                    "created_at": now,
                    "consultation_id": consultation.id,
                    "person_id": person.id,
                    "minutes_before": lead.minutes,
                    "starts_at": consultation.starts_at,
                }
                for consultation, person in page
            ]
        )
        .on_conflict_do_nothing(
            index_elements=["consultation_id", "person_id", "minutes_before", "starts_at"]
        )
        .returning(Reminder.consultation_id, Reminder.person_id)
    )
    return {(consultation_id, person_id) for consultation_id, person_id in written}
