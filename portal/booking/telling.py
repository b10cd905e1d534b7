"""Telling people of what became of a consultation, by mail; and whether it is still so when the mail is about to leave.

No fact holds a word that a stranger typed (BKG-07), and no name of anybody.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.booking.event import event_file
from portal.booking.models import Consultation, WaitlistEntry, WaitlistOffer
from portal.booking.rules import ConsultationStatus, MailWords, OfferState, WaitlistState
from portal.notices.models import MessageKind, MessagePart
from portal.notices.registry import has_account, register_truth
from portal.notices.rules import FACTS
from portal.notices.service import Readers, queue_message
from portal.people.models import Channel, Person

# What both persons are told once the second one has joined; the rest concerns the booker alone.
TO_BOTH = frozenset(
    {
        MessageKind.CONSULTATION_CONFIRMED,
        MessageKind.CONSULTATION_CANCELLED,
        MessageKind.CONSULTATION_DECLINED,
        MessageKind.CONSULTATION_MOVED,
        MessageKind.CONSULTATION_REMINDER,
    }
)
OF_THIS_VERSION = TO_BOTH | {
    MessageKind.CONSULTATION_BOOKED,
    MessageKind.CONSULTATION_CODE,
    MessageKind.THERAPIST_REQUEST,
}


def tell_visitor(
    session: Session,
    consultation: Consultation,
    kind: MessageKind,
    *,
    mail: MailWords,
    now: datetime,
    deadline_at: datetime | None = None,
    more: Mapping[str, str] | None = None,
) -> None:
    """Owe the booker a mail about the consultation as it stands now, and the joined guest where it concerns both.

    Each reads the time in the own zone and gets a link of the own. `more`: facts that only the caller knows (code, until).
    Call it after the change: the version that it tells is the present `calendar_sequence`; a mail that has not left
    when the next change comes is left unsaid.
    """
    tell_person(
        session,
        consultation,
        consultation.person,
        kind,
        mail=mail,
        now=now,
        deadline_at=deadline_at,
        more=more,
    )
    if consultation.guest_id is not None and kind in TO_BOTH:
        guest = session.get_one(Person, consultation.guest_id)
        tell_person(
            session, consultation, guest, kind, mail=mail, now=now, deadline_at=deadline_at, more=more
        )


def tell_person(
    session: Session,
    consultation: Consultation,
    person: Person,
    kind: MessageKind,
    *,
    mail: MailWords,
    now: datetime,
    deadline_at: datetime | None = None,
    more: Mapping[str, str] | None = None,
    may_text: bool = False,
    readers: Readers | None = None,
) -> None:
    """Owe the booker or the guest alone a mail about the consultation.

    `may_text`: a text message instead, where that is the person's channel and there is a number. `readers`: who is told
    in this transaction, if that was asked beforehand.
    """
    is_booker = person.id == consultation.person_id
    zone = consultation.zone if is_booker else person.zone
    known = FACTS[kind].must | FACTS[kind].may
    facts = {
        "when": mail.when(consultation.starts_at, zone),
        "link": mail.visitor_page(consultation.id) if is_booker else mail.guest_page(person.id),
        **not_me(session, person.id, mail, readers),
        **(more or {}),
    }
    if "ics" in known:
        facts["ics"] = event_file(consultation, now, zone).decode()
    queue_message(
        session, person, kind, {name: fact for name, fact in facts.items() if name in known},
        now=now, deadline_at=deadline_at, about=(consultation.id, consultation.calendar_sequence),
        by_text=may_text and person.channel is Channel.TEXT and bool(person.phone), readers=readers,
    )  # fmt: skip


def tell_therapist(
    session: Session,
    therapist_id: UUID,
    kind: MessageKind,
    *,
    mail: MailWords,
    now: datetime,
    link: str = "",
    consultation: Consultation | None = None,
) -> None:
    """Owe the therapist a mail: that a consultation was asked for, or that there is something to look at.

    `consultation`: what it is about; gives the time in the therapist's zone and, unless `link` names one, the page.
    """
    therapist = session.get_one(Person, therapist_id)
    facts = {"link": link}
    if consultation is not None:
        facts["link"] = link or mail.therapist_page(consultation.id)
        facts["when"] = mail.when(consultation.starts_at, therapist.zone)
    known = FACTS[kind].must | FACTS[kind].may
    about = (consultation.id, consultation.calendar_sequence) if consultation is not None else None
    fitting = {name: fact for name, fact in facts.items() if fact and name in known}
    queue_message(session, therapist, kind, fitting, now=now, about=about)


def not_me(
    session: Session, person_id: UUID, mail: MailWords, readers: Readers | None = None
) -> dict[str, str]:
    """Give the "this was not me" link to those who have no account. One statement, if `readers` do not tell."""
    is_holder = person_id in readers.account_holders if readers else has_account(session, person_id)
    return {} if is_holder else {"not_me": mail.not_me_page(person_id)}


def is_consultation_as_told(session: Session, part: MessagePart, now: datetime) -> bool:
    """Tell whether the consultation is still as a part tells it: no change since, and a reminder not past its time."""
    found = session.execute(
        select(
            Consultation.calendar_sequence,
            Consultation.status,
            Consultation.starts_at,
            Consultation.erased_at,
        ).where(Consultation.id == part.about_id)
    ).one_or_none()
    if found is None or found.erased_at is not None or found.calendar_sequence != part.about_version:
        return False
    match part.kind:
        case MessageKind.CONSULTATION_REMINDER:
            return found.status is ConsultationStatus.CONFIRMED and found.starts_at > now
        case MessageKind.CONSULTATION_CODE:
            return found.status is ConsultationStatus.UNVERIFIED
    return True


def is_offer_open(session: Session, part: MessagePart, now: datetime) -> bool:
    """Tell whether a time that the waitlist offers can still be taken."""
    found = session.execute(
        select(WaitlistOffer.state, WaitlistOffer.expires_at).where(WaitlistOffer.id == part.about_id)
    ).one_or_none()
    return found is not None and found.state is OfferState.OPEN and found.expires_at > now


def is_still_waiting(session: Session, part: MessagePart, _now: datetime) -> bool:
    """Tell whether somebody is on the waitlist still."""
    state = session.scalar(select(WaitlistEntry.state).where(WaitlistEntry.id == part.about_id))
    return state is WaitlistState.WAITING


def register_truths() -> None:
    """Let mails be asked, just before they leave, whether they are still true."""
    for kind in OF_THIS_VERSION:
        register_truth(kind, is_consultation_as_told)
    register_truth(MessageKind.WAITLIST_OFFER, is_offer_open)
    register_truth(MessageKind.WAITLIST_JOINED, is_still_waiting)
