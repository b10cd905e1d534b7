"""Reading consultations: a therapist's own leads, or the one that a signed link names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.booking.standing import Windows
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow
from portal.errors import NotFound
from portal.security.crypto import MasterKey
from portal.security.viewer import Member, TokenHolder, TokenPurpose, Viewer

MOST_LISTED = 100


def visible_to(viewer: Viewer) -> Select[Consultation]:
    """Start a read of consultations from what the viewer may see. Raises NotFound for everybody else."""
    match viewer:
        case Member(is_therapist=True):
            return select(Consultation).where(Consultation.therapist_id == viewer.person_id)
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


def list_leads(session: Session, viewer: Member) -> list[Consultation]:
    """List the latest hundred consultations, newest first. One statement, and one for the keys."""
    return list(
        session.scalars(
            visible_to(viewer)
            .options(*_with_person_and_post())
            .order_by(Consultation.created_at.desc(), Consultation.id)
            .limit(MOST_LISTED)
        )
    )


def windows_of(session: Session, consultation: Consultation) -> Windows:
    """Say until when its visitor may move and cancel, by its type. One statement unless the type is loaded."""
    if consultation.type_id is None:
        return Windows()
    kind = session.get_one(ConsultationTypeRow, consultation.type_id)
    return Windows(kind.move_until_minutes, kind.cancel_until_minutes)


def find_sent(session: Session, form_id: UUID) -> Consultation | None:
    """Find what this very form has booked already. One statement; for whoever holds the form's own random id."""
    return session.scalar(
        select(Consultation).where(Consultation.request_code == form_code(session, form_id))
    )


def form_code(session: Session, form_id: UUID) -> bytes:
    """Give the keyed code under which a form's id is stored."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"form|{form_id}")


def body_code(session: Session, fingerprint: str) -> bytes:
    """Give the keyed code of what a form said, so that the table tells nothing about it."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"body|{fingerprint}")


def _is_open(now: datetime) -> ColumnElement[bool]:
    """Tell what needs the therapist: a request, or what confirmed itself and nobody has taken further yet."""
    confirmed_itself = and_(
        Consultation.status == ConsultationStatus.CONFIRMED,
        Consultation.answered_at.is_(None),
        Consultation.couple_id.is_(None),
        Consultation.ends_at > now,
    )
    return or_(Consultation.status == ConsultationStatus.REQUESTED, confirmed_itself)


def _with_person_and_post() -> tuple[ORMOption, ...]:
    return joinedload(Consultation.person), joinedload(Consultation.post)
