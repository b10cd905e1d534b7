"""Reading what two people have begun, for whoever holds the own place; and what visitors brought, for their therapist."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal.booking.models import Consultation, WaitlistEntry
from portal.booking.queries import form_code
from portal.booking.queries import visible_to as consultations_visible_to
from portal.booking.rules import WaitlistState
from portal.booking.waitlist import visible_to as waitlist_visible_to
from portal.errors import NotFound
from portal.security.crypto import MasterKey
from portal.security.viewer import Member, TokenHolder, TokenPurpose, Viewer
from portal.shortform.models import BroughtResult, ShortFormPair, ShortFormPart
from portal.shortform.rules import JOIN_DIGITS, RETURN_DIGITS, Place, digits_of


def get_part(session: Session, viewer: Viewer, now: datetime, *, to_change: bool = False) -> ShortFormPart:
    """Load one person's own part with its pair, for whoever holds the place. One statement.

    `to_change`: what the two of them do at the same instant is done one after the other.
    Raises NotFound for everybody else, and for what is over or was taken away: all the same.
    """
    if not isinstance(viewer, TokenHolder) or viewer.purpose is not TokenPurpose.SHORT_FORM_PLACE:
        raise NotFound("short form")
    wanted = (
        select(ShortFormPart)
        .join(ShortFormPart.pair)
        .where(ShortFormPart.id == viewer.subject_id, ShortFormPair.expires_at > now)
        .options(contains_eager(ShortFormPart.pair))
        .execution_options(populate_existing=True)
    )
    part = session.scalar(wanted.with_for_update() if to_change else wanted)
    if part is None:
        raise NotFound(str(viewer.subject_id))
    return part


def other_part(session: Session, own: ShortFormPart) -> ShortFormPart:
    """Load the other person's part once the page for both has opened. One statement. Raises NotFound before that."""
    other = session.scalar(
        select(ShortFormPart)
        .join(ShortFormPart.pair)
        .where(ShortFormPart.pair_id == own.pair_id, ShortFormPart.id != own.id)
        .where(ShortFormPair.opened_at.is_not(None))
    )
    if other is None:
        raise NotFound(str(own.pair_id))
    return other


def find_begun(session: Session, form_id: UUID, now: datetime) -> ShortFormPart | None:
    """Find the first person's part of what this form began, and what is not over yet. One statement."""
    return session.scalar(
        select(ShortFormPart)
        .join(ShortFormPart.pair)
        .where(ShortFormPair.request_code == form_code(session, form_id), ShortFormPair.expires_at > now)
        .where(ShortFormPart.place == Place.FIRST)
        .options(joinedload(ShortFormPart.pair))
    )


def find_by_join_code(session: Session, code: str, now: datetime) -> ShortFormPair | None:
    """Find where a spoken code leads in, used or not. One statement."""
    wanted = code_kept(session, code)
    return session.scalar(
        select(ShortFormPair).where(ShortFormPair.join_code == wanted, ShortFormPair.expires_at > now)
    )


def find_by_return_code(session: Session, code: str, now: datetime) -> ShortFormPart | None:
    """Find the part to which a code leads back. One statement."""
    return session.scalar(
        select(ShortFormPart)
        .join(ShortFormPart.pair)
        .where(ShortFormPart.return_code == code_kept(session, code), ShortFormPair.expires_at > now)
        .options(joinedload(ShortFormPart.pair))
    )


def join_code(session: Session, pair_id: UUID) -> str:
    """Say the code that leads the second person in. It is made of the pair's id, and stored only as `code_kept` of it."""
    return digits_of(_keyring(session).lookup_code(f"short-form-join|{pair_id}"), JOIN_DIGITS)


def return_code(session: Session, pair_id: UUID, place: Place) -> str:
    """Say the code that leads one person back."""
    return digits_of(_keyring(session).lookup_code(f"short-form-back|{pair_id}|{place}"), RETURN_DIGITS)


def code_kept(session: Session, code: str) -> bytes:
    """Give the keyed code under which a spoken code is stored."""
    return _keyring(session).lookup_code(f"short-form-code|{code}")


def find_waiting(session: Session, code: bytes, now: datetime) -> BroughtResult | None:
    """Find the result that waits for the booking form of a keyed code. One statement."""
    return session.scalar(
        select(BroughtResult).where(
            BroughtResult.form_code == code,
            BroughtResult.consultation_id.is_(None),
            BroughtResult.expires_at > now,
        )
    )


def find_brought(session: Session, viewer: Viewer, consultation: Consultation) -> BroughtResult | None:
    """Find what the booker of a consultation brought, as far as the viewer may see it. One statement, and one for the keys.

    It is the booker's: after a no, it is there again with the time that was booked instead.
    """
    seen = (
        consultations_visible_to(viewer)
        .with_only_columns(Consultation.person_id)
        .where(Consultation.id == consultation.id, Consultation.erased_at.is_(None))
    )
    return session.scalar(
        select(BroughtResult)
        .where(BroughtResult.person_id.in_(seen))
        .order_by(BroughtResult.created_at.desc(), BroughtResult.id)
        .limit(1)
    )


def brought_to_list(session: Session, viewer: Member) -> dict[UUID, BroughtResult]:
    """Find what those who wait for a time of the viewer's brought, by person id. One statement, and one for the keys."""
    waiting = waitlist_visible_to(viewer).where(WaitlistEntry.state == WaitlistState.WAITING)
    found = session.scalars(
        select(BroughtResult)
        .where(
            BroughtResult.person_id.in_(waiting.with_only_columns(WaitlistEntry.person_id)),
            BroughtResult.consultation_id.is_(None),
        )
        .order_by(BroughtResult.created_at, BroughtResult.id)
    )
    return {one.person_id: one for one in found if one.person_id is not None}


def _keyring(session: Session) -> MasterKey:
    keyring: MasterKey = session.info["keyring"]
    return keyring
