"""No message leaves but by its reader's safe-contact card: when it is owed, and again when it leaves (CPL-14, NOT-05)."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.notices.models import Message, MessageKind, MessagePart, MessageState
from portal.notices.queries import kept_inside
from portal.notices.rules import ASKED_FOR_NOW, FACTS, NO_USE_AS_TEXT
from portal.notices.service import (
    ask_about,
    earliest_time,
    judge_again,
    note_sent,
    queue_message,
    what_to_say,
)
from portal.outbox import OutboxEntry
from portal.people.models import Person, SafeContact
from portal.people.rules import Card, Channel, SafeRange
from portal.security.viewer import JobFor, Member, Role
from portal.transaction import transaction
from tests.support.owing import add_reader, application

NOW = utc_now().replace(hour=12, minute=0, second=0, microsecond=0)
TOMORROW = (NOW + timedelta(days=1)).weekday()
OPENS = (NOW + timedelta(days=1)).replace(hour=6)
FACT = {
    "link": "/",
    "when": "Tuesday, 18:00",
    "until": "soon",
    "code": "123456",
    "label": "K7",
    "not_me": "/",
    "ics": "x",
}


@pytest.fixture(autouse=True)
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with application(tmp_path, database_url) as app:
        yield app


def at(hour: int, until: int) -> tuple[SafeRange, ...]:
    """Hours of tomorrow, in a zone without summer time."""
    return (SafeRange((TOMORROW,), time(hour), time(until)),)


LATER = at(6, 8)


def give_card(
    session: Session, person: Person, channel: Channel = Channel.EMAIL, ranges: tuple[SafeRange, ...] = ()
) -> None:
    row = session.scalar(select(SafeContact).where(SafeContact.person_id == person.id))
    row = row or SafeContact(person_id=person.id)
    row.card, row.changed_at = Card(channel, ranges), NOW
    session.add(row)
    session.flush()


def reader(session: Session, channel: Channel = Channel.EMAIL, ranges: tuple[SafeRange, ...] = ()) -> Person:
    """Add somebody with an inbox, a phone and a card of the own."""
    person = add_reader(session, email=f"{uuid4().hex}@example.org")
    person.zone, person.phone = "UTC", f"+44{uuid4().int % 10**10}"
    session.flush()
    give_card(session, person, channel, ranges)
    return person


def tell(
    session: Session, person: Person, kind: MessageKind = MessageKind.NEW_ITEM, **changes: object
) -> Message | None:
    facts = {name: FACT[name] for name in FACTS[kind].must}
    return queue_message(session, person, kind, facts, **({"now": NOW} | changes))  # type: ignore[arg-type]  # values by name


def owed(session: Session) -> list[OutboxEntry]:
    return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.created_at)))


def kept(session: Session, person: Person) -> list[MessageKind]:
    viewer = Member(uuid4(), person.id, uuid4(), frozenset({Role.PARTNER}), NOW)
    return [one.kind for one in kept_inside(session, viewer, NOW + timedelta(days=2))]


@pytest.mark.parametrize("channel", [Channel.PORTAL_ONLY, Channel.CALL])
def test_of_no_kind_anything_leaves_where_nothing_may(channel: Channel) -> None:
    with transaction() as session:
        person = reader(session, channel)
        for readers in (None, ask_about(session, [person], NOW)):
            told = [tell(session, person, kind, readers=readers) for kind in MessageKind]
            assert told == [None] * len(MessageKind)
        session.flush()
        assert owed(session) == []
        assert sorted(kept(session, person)) == sorted([*MessageKind, *MessageKind])


def test_each_kind_waits_for_the_next_safe_hour_unless_its_reader_sits_before_the_page() -> None:
    with transaction() as session:
        for kind in MessageKind:
            message = tell(session, reader(session, ranges=LATER), kind)
            assert message is not None
            assert message.due_at == (NOW if kind in ASKED_FOR_NOW else OPENS), kind
        assert {one.due_at for one in owed(session)} == {NOW, OPENS}


def test_each_kind_goes_to_the_phone_where_it_can_say_something_there() -> None:
    with transaction() as session:
        for kind in MessageKind:
            person = reader(session, Channel.TEXT)
            message = tell(session, person, kind)
            assert (message is None) is (kind in NO_USE_AS_TEXT), kind
            if message is not None:
                assert message.by_text
                assert what_to_say(session, JobFor(message.id), NOW)[0] == person.phone
            assert kept(session, person) == ([kind] if message is None else [])


def test_each_kind_stays_inside_if_the_card_says_so_by_the_time_it_leaves() -> None:
    with transaction() as session:
        for kind in MessageKind:
            person = reader(session)
            message = tell(session, person, kind)
            assert message is not None
            give_card(session, person, Channel.PORTAL_ONLY)
            assert what_to_say(session, JobFor(message.id), NOW) == ("", []), kind
            assert kept(session, person) == [kind]
            give_card(session, person)
            assert what_to_say(session, JobFor(message.id), NOW) == ("", []), "what was kept stays"


def test_hours_that_close_before_it_leaves_put_it_off() -> None:
    with transaction() as session:
        person = add_reader(session)
        person.zone = "UTC"
        first, same = tell(session, person), tell(session, person)
        assert first is not None and first is same
        give_card(session, person, ranges=LATER)
        assert what_to_say(session, JobFor(first.id), NOW) == ("", [])
        (held,) = session.scalars(select(Message).where(Message.held_until.is_not(None)))
        assert (held.due_at, held.state) == (OPENS, MessageState.WAITING)
        assert {part.message_id for part in session.scalars(select(MessagePart))} == {held.id}
        assert {one.subject_id: one.due_at for one in owed(session)}[held.id] == OPENS
        assert earliest_time(session, JobFor(held.id), OPENS) == OPENS
        _address, said = what_to_say(session, JobFor(held.id), OPENS)
        assert said == [("new_item", {})]


def change_card(
    session: Session, person: Person, channel: Channel = Channel.EMAIL, ranges: tuple[SafeRange, ...] = ()
) -> None:
    """Give a card as its page does: what waits is judged by it."""
    give_card(session, person, channel, ranges)
    judge_again(session, person, Card(channel, ranges), now=NOW)


def waits(session: Session, person: Person) -> list[tuple[bool, datetime]]:
    """Say on which way, and until when, what is owed to somebody waits."""
    rows = session.execute(
        select(Message.by_text, Message.due_at)
        .join(MessagePart, MessagePart.message_id == Message.id)
        .where(MessagePart.person_id == person.id, MessagePart.kept_at.is_(None))
    )
    return [(by_text, due_at) for by_text, due_at in rows]


def test_a_stricter_card_puts_off_or_keeps_inside_at_once_what_waits() -> None:
    with transaction() as session:
        person = reader(session)
        tell(session, person)
        change_card(session, person, ranges=LATER)
        assert waits(session, person) == [(False, OPENS)]
        change_card(session, person, ranges=at(10, 11))
        assert waits(session, person) == [(False, OPENS.replace(hour=10))]
        change_card(session, person, Channel.CALL)
        assert waits(session, person) == []
        assert kept(session, person) == [MessageKind.NEW_ITEM]
        change_card(session, person)
        assert waits(session, person) == [], "what was kept stays"


def test_a_looser_card_lets_what_was_put_off_leave_on_its_way() -> None:
    with transaction() as session:
        person = reader(session, ranges=LATER)
        tell(session, person)
        change_card(session, person)
        assert waits(session, person) == [(False, NOW)]
        change_card(session, person, Channel.TEXT)
        assert waits(session, person) == [(True, NOW)]
        change_card(session, person, Channel.TEXT, LATER)
        assert waits(session, person) == [(True, OPENS)]
        for message in session.scalars(select(Message)):
            said = what_to_say(session, JobFor(message.id), OPENS)[1]
            assert said == ([("new_item", {})] if message.due_at == OPENS and message.by_text else [])


def test_the_others_part_of_one_mail_stays_where_it_is() -> None:
    with transaction() as session:
        ana, ben = add_reader(session), add_reader(session)
        ana.zone = "UTC"
        tell(session, ana)
        tell(session, ben)
        change_card(session, ana, ranges=LATER)
        assert (waits(session, ana), waits(session, ben)) == ([(False, OPENS)], [(False, NOW)])


def test_what_may_have_left_is_left_alone() -> None:
    with transaction() as session:
        person = reader(session)
        message = tell(session, person)
        assert message is not None
        message.handovers = 1
        session.flush()
        change_card(session, person, ranges=LATER)
        assert waits(session, person) == [(False, NOW)]
        assert what_to_say(session, JobFor(message.id), NOW)[1] == [], "the gate holds all the same"


def test_what_may_have_left_once_is_not_sent_again_under_another_name() -> None:
    with transaction() as session:
        person = add_reader(session)
        message = tell(session, person)
        assert message is not None
        message.handovers = 1
        give_card(session, person, ranges=LATER)
        assert what_to_say(session, JobFor(message.id), NOW) == ("", [])
        assert kept(session, person) == [MessageKind.NEW_ITEM]
        assert session.scalars(select(Message).where(Message.held_until.is_not(None))).all() == []


@pytest.mark.parametrize(("hours", "leaves"), [(17, None), (19, OPENS)])
def test_what_would_come_too_late_is_not_sent(hours: int, leaves: datetime | None) -> None:
    with transaction() as session:
        person = reader(session, ranges=LATER)
        message = tell(session, person, deadline_at=NOW + timedelta(hours=hours))
        assert (message.due_at if message else None) == leaves
        assert kept(session, person) == ([] if leaves else [MessageKind.NEW_ITEM])


def test_nobody_with_the_same_inbox_waits_along() -> None:
    with transaction() as session:
        ana = reader(session, ranges=LATER)
        ben = add_reader(session, email=ana.email)
        hers = tell(session, ana)
        his = tell(session, ben)
        assert hers is not None and his is not None
        assert (hers.due_at, his.due_at, hers.id != his.id) == (OPENS, NOW, True)
        note_sent(session, JobFor(his.id), NOW)
        again = tell(session, ana, MessageKind.SECURITY_CHANGE)
        assert again is not None and again.id == hers.id


def test_two_in_one_mail_part_where_only_one_of_them_is_asleep() -> None:
    with transaction() as session:
        ana, ben = add_reader(session), add_reader(session)
        ana.zone = "UTC"
        both = tell(session, ana, MessageKind.SECURITY_CHANGE)
        assert both is tell(session, ben)
        assert both is not None
        give_card(session, ana, ranges=LATER)
        assert what_to_say(session, JobFor(both.id), NOW)[1] == [("new_item", {})]
        (held,) = session.scalars(select(Message).where(Message.held_until.is_not(None)))
        assert what_to_say(session, JobFor(held.id), OPENS)[1] == [("security_change", {})]


def test_a_card_without_an_address_keeps_everything_inside() -> None:
    with transaction() as session:
        person = reader(session, Channel.TEXT)
        person.phone = ""
        session.flush()
        assert tell(session, person) is None
        assert kept(session, person) == [MessageKind.NEW_ITEM]
