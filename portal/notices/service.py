"""Owing somebody a mail, and keeping account of what became of it. The sending itself is a job."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, cast, delete, exists, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import outbox
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.clock import utc_now
from portal.errors import Conflict
from portal.notices.models import BlockedAddress, Message, MessageKind, MessagePart, MessageState
from portal.notices.queries import (
    blocked_inboxes,
    busy_inboxes,
    get_message,
    is_address_blocked,
    list_failed,
    list_parts,
    standing_of,
)
from portal.notices.registry import account_holders, has_account, is_still_true
from portal.notices.rules import FOLD, MOST_HANDOVERS, MOST_PARTS, check_facts, leaving_time, mail_time
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Channel, Person, SafeContact
from portal.people.queries import cards_of
from portal.people.rules import Card
from portal.queueing import JobName
from portal.security.crypto import MasterKey, SealBroken
from portal.security.viewer import JobFor, Member, Viewer

# Two of these in one mail could not be told apart, because no mail names anybody: each gets a mail of its own.
ONE_A_MAIL = frozenset({MessageKind.INVITATION})
# Somebody sits before a page and waits for these, so they are not folded; booking counts them for each address instead.
AT_ONCE = frozenset({MessageKind.CONSULTATION_CODE})
# Our choice: no chain of mails to one inbox is longer; what lies further ahead was put there by a wrong clock (F16).
LONGEST_WAIT = timedelta(days=1)


class PerhapsDelivered(Conflict):
    """The mail may have left twice already; a third time would be worse than asking the reader."""


@dataclass(frozen=True, slots=True)
class Readers:
    """What was asked about many readers at once, for as long as one transaction owes them messages.

    `quiet`: inboxes with no mail to join and none to keep a distance from; only this transaction can change that.
    """

    account_holders: set[UUID]
    blocked: set[bytes]
    quiet: set[bytes]
    cards: dict[UUID, SafeContact]

    def standing_of(self, person: Person) -> tuple[bool, Card | None]:
        """Tell whether this inbox wants no mails to people without an account, and what the safe-contact card says."""
        row = self.cards.get(person.id)
        is_unwanted = person.email_code in self.blocked and not self.has_account(person)
        return is_unwanted, row.card if row is not None else None

    def has_account(self, person: Person) -> bool:
        """Tell whether this reader has an account."""
        return person.id in self.account_holders


def ask_about(session: Session, persons: Collection[Person], now: datetime) -> Readers:
    """Ask about all who are to be told something in this transaction, and take the turn at their inboxes.

    Five statements, however many they are.
    """
    session.flush()
    codes = {person.email_code for person in persons if person.email_code is not None}
    holders = account_holders(session, [person.id for person in persons])
    _wait_for_turns(session, codes)
    busy = busy_inboxes(session, codes, now - FOLD)
    cards = cards_of(session, [person.id for person in persons])
    return Readers(holders, blocked_inboxes(session, codes), codes - busy, cards)


def queue_message(
    session: Session,
    person: Person,
    kind: MessageKind,
    facts: dict[str, str],
    *,
    now: datetime,
    deadline_at: datetime | None = None,
    about: tuple[UUID, int] | None = None,
    by_text: bool = False,
    readers: Readers | None = None,
) -> Message | None:
    """Owe `person` one thing to read; None if there is no address or the person wants nothing outside the portal.

    The person's safe-contact card decides on which way and when it leaves, and is asked again when it does. What may not
    leave is kept inside the portal, where the person finds it.

    None too where the inbox's reader said "this was not me" and the person has no account: quietly, so that nobody
    learns it. `about`: the row that this tells of and its version; what is no longer true is left unsaid. `by_text`: to
    the phone instead, with the kind's subject and its time as the only words, where there is no card; the person has a number.

    The first mail to an inbox leaves at once. What comes within ten minutes of it waits until they are over and shares
    one mail, also when two persons have the same inbox: the mail names nobody. A second invitation waits ten minutes
    more and gets a mail of its own; a code does not wait at all. After `deadline_at` it is left unsaid.

    Seven or eight statements. With `readers`, who were asked about beforehand, three that the next flush writes for
    all of them together, where the inbox is quiet.

    Raises:
        FactRefused: see `rules.check_facts`.
    """
    check_facts(kind, facts)
    is_unwanted, card = _standing(session, person, readers)
    if is_unwanted:
        return None
    by_text = card.channel is Channel.TEXT if card is not None else by_text
    code = phone_code(session, person) if by_text else person.email_code
    leaves_at = leaving_time(card, kind, zone=person.zone, now=now, deadline_at=deadline_at)
    if code is None or leaves_at is None:
        if card is not None:
            _keep_inside(session, person, kind, facts, now)
        return None
    if leaves_at <= now and readers is not None and code in readers.quiet:
        readers.quiet.remove(code)
        message = _begin_message(session, person, code, now, by_text=by_text)
    else:
        message = _place_for(session, person, kind, code, leaves_at, now=now, by_text=by_text)
    content = {"facts": facts, "deadline_at": deadline_at.isoformat() if deadline_at else None}
    about_id, about_version = about or (None, None)
    part = MessagePart(
        message_id=message.id, person_id=person.id, kind=kind, facts=json.dumps(content),
        about_id=about_id, about_version=about_version,
    )  # fmt: skip
    session.add(part)
    if readers is None:
        session.flush()
    return message


def _standing(session: Session, person: Person, readers: Readers | None) -> tuple[bool, Card | None]:
    """Tell whether this person wants nothing at all, and what the card says. One statement, or two for a given-back inbox."""
    if person.channel is Channel.PORTAL_ONLY or (person.email_code is None and not person.phone):
        return True, None
    if readers is not None:
        return readers.standing_of(person)
    is_given_back, card = standing_of(session, person)
    return is_given_back and not has_account(session, person.id), card


def _keep_inside(
    session: Session, person: Person, kind: MessageKind, facts: dict[str, str], now: datetime
) -> None:
    """Note what would have been sent, for its reader to find in the portal."""
    message = Message(
        person_id=person.id, address_code=person.email_code or b"", state=MessageState.SUPPRESSED, due_at=now, handovers=0,
        by_text=False,
    )  # fmt: skip
    content = json.dumps({"facts": facts, "deadline_at": None})
    session.add(message)
    session.flush()
    session.add(
        MessagePart(message_id=message.id, person_id=person.id, kind=kind, facts=content, kept_at=now)
    )
    session.flush()


def is_blocked(session: Session, person: Person) -> bool:
    """Tell whether this inbox wants no mails to people without an account, and the person has none. One or two statements."""
    return is_address_blocked(session, person) and not has_account(session, person.id)


def block_address(session: Session, viewer: Viewer, person: Person) -> None:
    """Note that this inbox wants no mails to people without an account. Safe to repeat, also at the same time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(BlockedAddress)
        .values(id=uuid4(), created_at=utc_now(), address_code=person.email_code)
        .on_conflict_do_nothing(index_elements=["address_code"])
    )
    record_of(session, viewer, Action.ADDRESS_BLOCKED, person)


def unblock_address(session: Session, person: Person) -> None:
    """Let mails reach this inbox again, as its reader asks."""
    session.execute(delete(BlockedAddress).where(BlockedAddress.address_code == person.email_code))


def _wait_for_turns(session: Session, codes: Collection[bytes]) -> None:
    """Let one transaction at a time write to an inbox, or fifty at once would begin fifty mails. SQLite does so anyway.

    Several are taken in order, so that no two pages of messages wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        keys = sorted(int.from_bytes(code[:8], "big", signed=True) for code in codes)
        session.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(keys, ARRAY(BigInteger))))))


def _next_message(
    session: Session, person: Person, kind: MessageKind, code: bytes, now: datetime, *, by_text: bool
) -> Message:
    """Find the mail that this can join, or begin one at the distance that is due. Three statements at most."""
    _wait_for_turns(session, [code])
    if kind in AT_ONCE:
        return _begin_message(session, person, code, now, by_text=by_text)
    joined = _open_message(session, code, kind, now)
    if joined is not None:
        return joined
    due_at = mail_time(_last_mail_at(session, code, now), now)
    return _begin_message(session, person, code, due_at, by_text=by_text)


def _open_message(session: Session, address_code: bytes, kind: MessageKind, now: datetime) -> Message | None:
    """Find a mail to this inbox that certainly has not left yet and still has room, for this kind too."""
    is_there = exists().where(MessagePart.message_id == Message.id, MessagePart.kind == kind)
    message = session.scalar(
        select(Message)
        .where(Message.address_code == address_code, Message.state == MessageState.WAITING)
        .where(Message.due_at <= _horizon(now), Message.held_until.is_(None))
        .where(Message.handovers == 0, ~is_there if kind in ONE_A_MAIL else true())
        .order_by(Message.due_at.desc(), Message.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return message if message is not None and _has_room(session, message) else None


def _has_room(session: Session, message: Message) -> bool:
    parts = select(func.count()).select_from(MessagePart).where(MessagePart.message_id == message.id)
    return (session.scalar(parts) or 0) < MOST_PARTS


def _held_message(
    session: Session, person: Person, kind: MessageKind, code: bytes, until: datetime, *, by_text: bool
) -> Message:
    """Find the message that waits for this person's next safe hour, or begin it. Three statements at most.

    It is this person's alone, so that nobody who shares the inbox waits along. A row that is being sent is left alone.
    """
    _wait_for_turns(session, [code])
    is_there = exists().where(MessagePart.message_id == Message.id, MessagePart.kind == kind)
    held = session.scalar(
        select(Message)
        .where(Message.address_code == code, Message.person_id == person.id, Message.by_text.is_(by_text))
        .where(Message.state == MessageState.WAITING, Message.handovers == 0)
        .where(Message.held_until == until)
        .where(~is_there if kind in ONE_A_MAIL else true())
        .order_by(Message.due_at.desc(), Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if held is not None and _has_room(session, held):
        return held
    return _begin_message(session, person, code, until, by_text=by_text, held_until=until)


def judge_again(session: Session, person: Person, card: Card, *, now: datetime) -> None:
    """Let what waits for a person take the way and the time that the card says now, and keep inside what may not leave.

    The gate at leaving holds without this; but what was put off by an earlier card need not wait for its hours, what it
    would have sent another way goes the new one, and what stays inside is found at once. One statement, and six at most for
    each thing that moves. A message that is being sent is left to the gate.
    """
    by_text = card.channel is Channel.TEXT
    code = phone_code(session, person) if by_text else person.email_code
    waiting = session.execute(
        select(MessagePart, Message)
        .join(Message, Message.id == MessagePart.message_id)
        .where(MessagePart.person_id == person.id, MessagePart.kept_at.is_(None))
        .where(Message.state == MessageState.WAITING, Message.handovers == 0)
        .order_by(Message.due_at, MessagePart.created_at)
        .with_for_update(of=Message, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for part, message in waiting:
        deadline = json.loads(part.facts)["deadline_at"]
        deadline_at = datetime.fromisoformat(deadline) if deadline else None
        leaves_at = leaving_time(card, part.kind, zone=person.zone, now=now, deadline_at=deadline_at)
        if code is None or leaves_at is None:
            part.kept_at = now
        elif (message.address_code, message.held_until) != (code, leaves_at if leaves_at > now else None):
            part.message_id = _place_for(
                session, person, part.kind, code, leaves_at, now=now, by_text=by_text
            ).id
        session.flush()


def _place_for(
    session: Session,
    person: Person,
    kind: MessageKind,
    code: bytes,
    leaves_at: datetime,
    *,
    now: datetime,
    by_text: bool,
) -> Message:
    if leaves_at > now:
        return _held_message(session, person, kind, code, leaves_at, by_text=by_text)
    return _next_message(session, person, kind, code, now, by_text=by_text)


def phone_code(session: Session, person: Person) -> bytes | None:
    """Give the keyed code by which text messages to one phone are found; None without a number."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"phone|{person.phone}") if person.phone else None


def _begin_message(
    session: Session,
    person: Person,
    address_code: bytes,
    due_at: datetime,
    *,
    by_text: bool,
    held_until: datetime | None = None,
) -> Message:
    message = Message(
        person_id=person.id, address_code=address_code, state=MessageState.WAITING, due_at=due_at, handovers=0,
        by_text=by_text, held_until=held_until,
    )  # fmt: skip
    session.add(message)
    outbox.put(session, JobName.SEND_MESSAGE, message.id, effect_key=str(message.id), due_at=due_at)
    return message


def _horizon(now: datetime) -> datetime:
    """Say how far ahead a mail may wait. `now` may lie back: what is told of earlier days joins the mail of today."""
    return max(now, utc_now()) + LONGEST_WAIT


def _last_mail_at(session: Session, address_code: bytes, now: datetime) -> datetime | None:
    """Find when the last mail to an inbox left or will leave; what a wrong clock put far ahead makes nobody wait."""
    is_sent = (Message.state == MessageState.SENT) & (Message.sent_at <= now)
    is_waiting = (Message.state == MessageState.WAITING) & (Message.due_at <= _horizon(now))
    is_waiting &= Message.held_until.is_(None)
    return session.scalar(
        select(func.coalesce(Message.sent_at, Message.due_at).label("left_at"))
        .where(Message.address_code == address_code, is_sent | is_waiting)
        .order_by(func.coalesce(Message.sent_at, Message.due_at).desc())
        .limit(1)
    )


def earliest_time(session: Session, viewer: JobFor, now: datetime) -> datetime:
    """Say when this job's mail may leave: at once, unless another one reached the same inbox just before.

    A code is waited for and leaves at once all the same.
    """
    message = get_message(session, viewer)
    is_waited_for = exists().where(MessagePart.message_id == message.id, MessagePart.kind.in_(AT_ONCE))
    last = session.scalar(
        select(func.max(Message.sent_at)).where(
            Message.address_code == message.address_code,
            Message.id != message.id,
            Message.sent_at > now - FOLD,
            Message.sent_at <= now,
            ~is_waited_for,
        )
    )
    return now if message.handovers else mail_time(last, now)


def what_to_say(
    session: Session, viewer: JobFor, now: datetime
) -> tuple[str, list[tuple[str, dict[str, str]]]]:
    """Give the address (a phone number for a text message) and the things to say, each a kind and its facts.

    An empty list means that nobody is owed anything any more.

    Left out: whoever chose "portal only", changed the address, blocked it or was erased meanwhile, what is past its
    deadline, and what is no longer true; that is written down (`MessagePart.unsaid_at`). The readers' safe-contact cards are asked once more, because they may have changed:
    what has to wait for a safe hour goes into a message of its own, what may not leave stays inside the portal. Two
    statements, at most three for each part, and four for each that has to wait.
    """
    message = get_message(session, viewer)
    address, said = "", []
    told: set[UUID] = set()
    rows = list_parts(session, viewer)
    for part, person, row in rows:
        if person.channel is Channel.PORTAL_ONLY or is_blocked(session, person):
            continue
        try:
            content, card = json.loads(part.facts), row.card if row is not None else None
            code = phone_code(session, person) if message.by_text else person.email_code
            reached_at = person.phone if message.by_text else person.email
        except SealBroken:
            continue
        if not _leaves_now(
            session, message, part, person, card=card, deadline=content["deadline_at"], code=code, now=now
        ):
            continue
        thing = (part.kind.value, content["facts"])
        address = reached_at
        told.add(part.id)
        if thing not in said:
            said.append(thing)
    _note_unsaid(message, [part for part, _person, _card in rows], told, now)
    return address, said


def _note_unsaid(message: Message, parts: Iterable[MessagePart], told: set[UUID], now: datetime) -> None:
    """Write which parts are left out of a mail that no server can have had with them; nothing of those that wait elsewhere."""
    for part in parts:
        if part.id in told:
            part.unsaid_at = None
        elif part.message_id == message.id and not message.handovers:
            part.unsaid_at = part.unsaid_at or now


def _leaves_now(
    session: Session,
    message: Message,
    part: MessagePart,
    person: Person,
    *,
    card: Card | None,
    deadline: str | None,
    code: bytes | None,
    now: datetime,
) -> bool:
    """Tell whether a part may be said with its message, now. If not, put it where it belongs; what is void stays unsaid."""
    deadline_at = datetime.fromisoformat(deadline) if deadline else None
    is_void = deadline_at is not None and deadline_at <= now
    if is_void or not is_still_true(session, part, now):
        return False
    is_right_way = card is None or message.by_text is (card.channel is Channel.TEXT)
    leaves_at = leaving_time(card, part.kind, zone=person.zone, now=now, deadline_at=deadline_at)
    if code == message.address_code and is_right_way and leaves_at == now:
        return True
    if card is None:
        return False
    may_wait = code == message.address_code and is_right_way and not message.handovers
    if leaves_at is not None and leaves_at > now and may_wait:
        held = _held_message(
            session, person, part.kind, message.address_code, leaves_at, by_text=message.by_text
        )
        part.message_id = held.id
    else:
        part.kept_at = now
    session.flush()
    return False


def note_handover(session: Session, viewer: JobFor) -> None:
    """Write, before the text leaves, that a mail server may have it from now on. From here on nothing joins the mail.

    Raises:
        PerhapsDelivered: it may have left as often as allowed.
    """
    message = get_message(session, viewer)
    if message.handovers >= MOST_HANDOVERS:
        raise PerhapsDelivered(viewer.subject_id)
    message.handovers += 1


def note_refusal(session: Session, viewer: JobFor) -> None:
    """Write that the server answered clearly that it did not take the text."""
    get_message(session, viewer).handovers -= 1


def has_used_up_handovers(session: Session, viewer: JobFor) -> bool:
    """Tell whether the mail may have left as often as allowed."""
    return get_message(session, viewer).handovers >= MOST_HANDOVERS


def note_sent(session: Session, viewer: JobFor, now: datetime) -> None:
    """Write that the mail left."""
    message = get_message(session, viewer)
    message.state, message.sent_at = MessageState.SENT, now


def note_suppressed(session: Session, viewer: JobFor) -> None:
    """Write that nobody was owed this mail any more."""
    get_message(session, viewer).state = MessageState.SUPPRESSED


def note_failed(session: Session, viewer: JobFor) -> None:
    """Write that the mail will not be tried again."""
    get_message(session, viewer).state = MessageState.FAILED


def note_bounces(session: Session, ids: set[UUID], now: datetime) -> int:
    """Write that these mails came back for good, and that their readers' present addresses take none; return how many.

    Only mails that left are meant; an address that was changed meanwhile is not. Three statements at most.
    """
    messages = session.scalars(
        select(Message)
        .where(Message.id.in_(ids), Message.state == MessageState.SENT, Message.bounced_at.is_(None))
        .where(Message.by_text.is_(False))
        .order_by(Message.id)
        .with_for_update()
    ).all()
    for message in messages:
        message.bounced_at = now
        record_of(session, JobFor(message.id), Action.MAIL_BOUNCED, message)
        session.execute(
            update(Person)
            .where(Person.id.in_(select(MessagePart.person_id).where(MessagePart.message_id == message.id)))
            .where(Person.email_code == message.address_code)
            .values(email_bounced_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(messages)


def try_again(session: Session, viewer: Member, now: datetime) -> None:
    """Send all mails of the last days once more that had failed. A person decides so: a further copy may arrive."""
    for message in list_failed(session, now):
        message.state, message.handovers, message.due_at = MessageState.WAITING, 0, now
        outbox.start_over(session, JobName.SEND_MESSAGE, message.id, now)
        record_of(session, viewer, Action.MAIL_TRIED_AGAIN, message)
    session.flush()


def fail_abandoned(session: Session) -> int:
    """Mark mails that were given up without a worker saying so (it died each time); return how many."""
    given_up = select(OutboxEntry.subject_id).where(
        OutboxEntry.job == JobName.SEND_MESSAGE, OutboxEntry.state == OutboxState.FAILED
    )
    abandoned = session.scalars(
        select(Message).where(Message.state == MessageState.WAITING, Message.id.in_(given_up))
    ).all()
    for message in abandoned:
        message.state = MessageState.FAILED
    return len(abandoned)
