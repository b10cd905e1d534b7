"""Reading consultations: a therapist's own leads, or the one that a signed link names."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from portal.booking.models import Consultation, ConsultationMessage, IntakeAnswer
from portal.booking.rules import ConsultationStatus
from portal.booking.standing import ENDED, Windows
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow, PlaceRow
from portal.errors import NotFound
from portal.security.crypto import MasterKey
from portal.security.viewer import Member, TokenHolder, TokenPurpose, Viewer

LEADS_A_PAGE = 25


def visible_to(viewer: Viewer) -> Select[Consultation]:
    """Start a read of consultations from what the viewer may see. Raises NotFound for everybody else.

    A therapist hears of a request once the code from its mail was entered.
    """
    match viewer:
        case Member(is_therapist=True):
            return select(Consultation).where(
                Consultation.therapist_id == viewer.person_id,
                Consultation.status != ConsultationStatus.UNVERIFIED,
            )
        case TokenHolder(purpose=TokenPurpose.CONSULTATION):
            return select(Consultation).where(Consultation.id == viewer.subject_id)
    raise NotFound("consultation")


def get_consultation(session: Session, viewer: Viewer, consultation_id: UUID) -> Consultation:
    """Load one consultation with its person and post. One statement. Raises NotFound for foreign and unknown alike."""
    consultation = session.scalar(
        visible_to(viewer).where(Consultation.id == consultation_id).options(*_with_person_and_post())
    )
    if consultation is None:
        raise NotFound(str(consultation_id))
    return consultation


def open_leads(session: Session, viewer: Member) -> list[Consultation]:
    """List what waits for the therapist's answer or notice, newest first. One statement, and one for the keys."""
    return list(
        session.scalars(
            visible_to(viewer)
            .where(_is_open(utc_now()))
            .options(*_with_person_and_post())
            .order_by(Consultation.created_at.desc(), Consultation.id)
        )
    )


def number_of_open_leads(viewer: Viewer) -> ScalarSelect[int]:
    """Count them within another statement: the navigation of every page shows their number."""
    return (
        visible_to(viewer)
        .where(_is_open(utc_now()))
        .with_only_columns(func.count(), maintain_column_froms=True)
        .scalar_subquery()
    )


class Shelf(StrEnum):
    """Which requests a therapist looks at."""

    WAITING = "waiting"
    COMING = "coming"
    MESSAGES = "messages"
    PAST = "past"


class LeadPage(NamedTuple):
    """Some of the requests of one shelf, and whether there are more."""

    leads: list[Consultation]
    has_more: bool


def lead_page(session: Session, viewer: Member, shelf: Shelf, now: datetime, *, page: int = 1) -> LeadPage:
    """List one page of a shelf: what comes by its time, the rest newest first. One statement, and one for the keys."""
    orders = {Shelf.COMING: Consultation.starts_at.asc(), Shelf.PAST: Consultation.starts_at.desc()}
    first = orders.get(shelf, Consultation.created_at.desc())
    found = session.scalars(
        visible_to(viewer)
        .where(_on(shelf, now), Consultation.erased_at.is_(None))
        .options(*_with_person_and_post())
        .order_by(first, Consultation.id)
        .limit(LEADS_A_PAGE + 1)
        .offset((page - 1) * LEADS_A_PAGE)
    ).all()
    return LeadPage(list(found[:LEADS_A_PAGE]), len(found) > LEADS_A_PAGE)


def lead_numbers(session: Session, viewer: Member, now: datetime) -> dict[Shelf, int]:
    """Count every shelf. One statement."""
    live = visible_to(viewer).where(Consultation.erased_at.is_(None))
    counts = [
        live.where(_on(shelf, now))
        .with_only_columns(func.count(), maintain_column_froms=True)
        .scalar_subquery()
        for shelf in Shelf
    ]
    return dict(zip(Shelf, session.execute(select(*counts)).one(), strict=True))


def _on(shelf: Shelf, now: datetime) -> ColumnElement[bool]:
    match shelf:
        case Shelf.WAITING:
            return Consultation.status == ConsultationStatus.REQUESTED
        case Shelf.COMING:
            return and_(Consultation.status == ConsultationStatus.CONFIRMED, Consultation.ends_at > now)
        case Shelf.MESSAGES:
            return _has_unread_words()
    is_confirmed = Consultation.status == ConsultationStatus.CONFIRMED
    return or_(Consultation.status.in_(ENDED), and_(is_confirmed, Consultation.ends_at <= now))


def windows_of(session: Session, consultation: Consultation) -> Windows:
    """Say until when its visitor may move and cancel, by its type. One statement unless the type is loaded."""
    if consultation.type_id is None:
        return Windows()
    kind = session.get_one(ConsultationTypeRow, consultation.type_id)
    return Windows(kind.move_until_minutes, kind.cancel_until_minutes)


def get_place(session: Session, consultation: Consultation) -> PlaceRow | None:
    """Load where it takes place, as the therapist describes it now; None: left open. One statement."""
    return None if consultation.place_id is None else session.get_one(PlaceRow, consultation.place_id)


def get_type(session: Session, consultation: Consultation) -> ConsultationTypeRow | None:
    """Load what kind it is; None: from before there were several. One statement."""
    return (
        None if consultation.type_id is None else session.get_one(ConsultationTypeRow, consultation.type_id)
    )


def answers_of(session: Session, viewer: Viewer, consultation: Consultation) -> list[IntakeAnswer]:
    """List what was answered to the practice's own questions. One statement. Raises NotFound for foreign ones."""
    seen = visible_to(viewer).with_only_columns(Consultation.id).where(Consultation.id == consultation.id)
    return list(
        session.scalars(
            select(IntakeAnswer)
            .where(IntakeAnswer.consultation_id.in_(seen))
            .order_by(IntakeAnswer.position, IntakeAnswer.id)
        )
    )


def chosen_leads(session: Session, viewer: Member, ids: set[UUID]) -> list[Consultation]:
    """List chosen requests that can still be erased, as far as they are the viewer's own. One statement, and the keys'."""
    return list(
        session.scalars(
            visible_to(viewer)
            .where(Consultation.id.in_(ids), Consultation.erased_at.is_(None))
            .where(Consultation.couple_id.is_(None))
            .options(*_with_person_and_post())
            .order_by(Consultation.starts_at, Consultation.id)
        )
    )


_SENT = select(Consultation).where(
    Consultation.request_code == bindparam("code")
)  # written once: each form asks


def find_sent(session: Session, form_id: UUID) -> Consultation | None:
    """Find what this very form has booked already. One statement; for whoever holds the form's own random id."""
    return session.scalar(_SENT, {"code": form_code(session, form_id)})


def form_code(session: Session, form_id: UUID) -> bytes:
    """Give the keyed code under which a form's id is stored."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"form|{form_id}")


def body_code(session: Session, fingerprint: str) -> bytes:
    """Give the keyed code of what a form said, so that the table tells nothing about it."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"body|{fingerprint}")


def _is_open(now: datetime) -> ColumnElement[bool]:
    """Tell what needs the therapist: a request, what confirmed itself and nobody has taken further yet, unread words."""
    confirmed_itself = and_(
        Consultation.status == ConsultationStatus.CONFIRMED,
        Consultation.answered_at.is_(None),
        Consultation.couple_id.is_(None),
        Consultation.ends_at > now,
    )
    has_words = and_(Consultation.status == ConsultationStatus.CONFIRMED, _has_unread_words())
    return and_(
        Consultation.erased_at.is_(None),
        or_(Consultation.status == ConsultationStatus.REQUESTED, confirmed_itself, has_words),
    )


def _has_unread_words() -> ColumnElement[bool]:
    return exists().where(
        ConsultationMessage.consultation_id == Consultation.id,
        ConsultationMessage.is_from_therapist.is_(False),
        ConsultationMessage.read_at.is_(None),
    )


def _with_person_and_post() -> tuple[ORMOption, ...]:
    return joinedload(Consultation.person), joinedload(Consultation.post), joinedload(Consultation.guest)
