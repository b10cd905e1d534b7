"""Reading what visitors wrote by the contact form: the therapist whom they wrote to, and nobody else."""

from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session, joinedload

from portal.booking.models import Enquiry
from portal.errors import NotFound
from portal.files.models import Picture
from portal.security.crypto import MasterKey
from portal.security.viewer import Member, Viewer

MOST_LISTED = 200


def visible_to(viewer: Viewer) -> Select[Enquiry]:
    """Start a read of letters from what the viewer may see. Raises NotFound for everybody but therapists."""
    match viewer:
        case Member(is_therapist=True):
            return select(Enquiry).where(Enquiry.therapist_id == viewer.person_id)
    raise NotFound("enquiry")


def list_enquiries(session: Session, viewer: Viewer) -> list[Enquiry]:
    """List the latest letters with their writers, newest first. One statement, and one for the keys."""
    return list(
        session.scalars(
            visible_to(viewer)
            .options(joinedload(Enquiry.person))
            .order_by(Enquiry.created_at.desc(), Enquiry.id)
            .limit(MOST_LISTED)
        )
    )


def number_of_waiting_letters(viewer: Viewer) -> ScalarSelect[int]:
    """Count within another statement the letters that nobody has dealt with: the first page shows their number."""
    return (
        visible_to(viewer)
        .where(Enquiry.handled_at.is_(None))
        .with_only_columns(func.count(), maintain_column_froms=True)
        .scalar_subquery()
    )


def get_enquiry(session: Session, viewer: Viewer, enquiry_id: UUID) -> Enquiry:
    """Load one letter with its writer. One statement. Raises NotFound for foreign and unknown alike."""
    enquiry = session.scalar(
        visible_to(viewer).where(Enquiry.id == enquiry_id).options(joinedload(Enquiry.person))
    )
    if enquiry is None:
        raise NotFound(str(enquiry_id))
    return enquiry


def letter_code(session: Session, fingerprint: str) -> bytes:
    """Give the keyed code of what a form said, so that sending it twice writes once and the table tells nothing."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"letter|{fingerprint}")


def is_sent(session: Session, code: bytes) -> bool:
    """Tell whether this very letter has arrived before. One statement."""
    return session.scalar(select(Enquiry.id).where(Enquiry.request_code == code)) is not None


def find_portrait(session: Session, picture_id: UUID | None) -> Picture | None:
    """Find a portrait, for its size. At most one statement."""
    return session.get(Picture, picture_id) if picture_id is not None else None
