"""What came before: who else at this therapist's gave the same address or phone. Shown to the therapist alone.

Nothing of it is told to anybody who books (product decision 16): a second free consultation is accepted as a request.
"""

from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, aliased

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation
from portal.booking.queries import visible_to
from portal.booking.rules import AlreadyAnswered, ConsultationStatus
from portal.couples.models import Couple, Partner
from portal.people.models import Person
from portal.security.viewer import Member

MOST_SHOWN = 20
MOST_PHONES = 500  # phones have no look-up code: so many of the latest leads' are opened and compared


class LeadMatch(NamedTuple):
    """Another consultation of the same people, as it seems."""

    consultation: Consultation
    person: Person


class ClientMatch(NamedTuple):
    """A couple of this therapist's in which somebody has the same address or phone."""

    couple: Couple
    person: Person


class Matches(NamedTuple):
    """What seems to belong together with one consultation, newest first."""

    leads: list[LeadMatch]
    clients: list[ClientMatch]


def matches_of(session: Session, viewer: Member, consultation: Consultation) -> Matches:
    """Find leads and couples of this therapist's with the same address or phone. Three to five statements."""
    people = [person for person in (consultation.person, consultation.guest) if person is not None]
    codes = [person.email_code for person in people if person.email_code is not None]
    phones = {digits(person.phone) for person in people if person.phone} - {""}
    return Matches(
        _leads(session, viewer, consultation, codes, phones),
        _clients(session, viewer, consultation, codes, phones),
    )


def digits(phone: str) -> str:
    """Give what two spellings of one number share: its last nine digits, without the code of a country or a zero before."""
    return "".join(sign for sign in phone if sign.isdigit())[-9:]


def merge_into(session: Session, viewer: Member, consultation: Consultation, other: Consultation) -> None:
    """Note that two consultations are of the same people: the later one points to the first. Nobody else hears of it.

    Raises AlreadyAnswered where they belong together already, or are one.
    """
    root_id = other.merged_into_id or other.id
    merged = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.id != root_id)
        .where(Consultation.merged_into_id.is_(None))
        .values(merged_into_id=root_id)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if merged is None:
        raise AlreadyAnswered(str(consultation.id))
    session.execute(
        update(Consultation)
        .where(Consultation.merged_into_id == consultation.id, Consultation.id != root_id)
        .values(merged_into_id=root_id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(consultation, ["merged_into_id"])
    record_of(session, viewer, Action.CONSULTATION_MERGED, consultation)


def part_again(session: Session, viewer: Member, consultation: Consultation) -> None:
    """Take the note back."""
    consultation.merged_into_id = None
    session.flush()
    record_of(session, viewer, Action.CONSULTATION_MERGED, consultation, result="parted")


def _leads(
    session: Session, viewer: Member, consultation: Consultation, codes: list[bytes], phones: set[str]
) -> list[LeadMatch]:
    others = (
        visible_to(viewer)
        .join(Person, or_(Person.id == Consultation.person_id, Person.id == Consultation.guest_id))
        .with_only_columns(Consultation, Person)
        .where(Consultation.id != consultation.id, Consultation.status != ConsultationStatus.UNVERIFIED)
        .where(Consultation.erased_at.is_(None))
        .order_by(Consultation.created_at.desc(), Consultation.id)
    )
    found = dict.fromkeys(
        LeadMatch(*row)
        for row in session.execute(others.where(Person.email_code.in_(codes)).limit(MOST_SHOWN))
    )
    if phones:
        with_phone = session.execute(others.where(Person.phone_sealed.is_not(None)).limit(MOST_PHONES)).all()
        found |= dict.fromkeys(LeadMatch(*row) for row in with_phone if digits(row[1].phone) in phones)
    by_id = {match.consultation.id: match for match in found}
    return sorted(by_id.values(), key=lambda match: match.consultation.created_at, reverse=True)[:MOST_SHOWN]


def _clients(
    session: Session, viewer: Member, consultation: Consultation, codes: list[bytes], phones: set[str]
) -> list[ClientMatch]:
    member = aliased(Person)
    couples = (
        select(Couple, member)
        .join(Partner, Partner.couple_id == Couple.id)
        .join(member, member.id == Partner.person_id)
        .where(Couple.therapist_id == viewer.person_id, member.id != consultation.person_id)
        .order_by(Couple.created_at.desc(), Couple.id)
    )
    found = dict.fromkeys(
        ClientMatch(*row)
        for row in session.execute(couples.where(member.email_code.in_(codes)).limit(MOST_SHOWN))
    )
    if phones:
        with_phone = session.execute(couples.where(member.phone_sealed.is_not(None)).limit(MOST_PHONES)).all()
        found |= dict.fromkeys(ClientMatch(*row) for row in with_phone if digits(row[1].phone) in phones)
    return list({match.couple.id: match for match in found}.values())[:MOST_SHOWN]
