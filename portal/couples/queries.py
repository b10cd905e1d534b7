"""Reading couples. Every read starts from what the viewer may see."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from portal.couples.models import Couple, CoupleStatus, Partner
from portal.errors import NotFound
from portal.people.models import Person
from portal.security.viewer import Member, Viewer

CLOSED = (CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED)


def visible_to(viewer: Viewer) -> Select[Couple]:
    """Start a read of couples: a therapist's own ones, or the one that a partner belongs to and has not left."""
    couples = select(Couple)
    if isinstance(viewer, Member) and viewer.is_therapist:
        return couples.where(Couple.therapist_id == viewer.person_id)
    if isinstance(viewer, Member) and viewer.is_partner:
        own = select(Partner.couple_id).where(
            Partner.person_id == viewer.person_id, Partner.left_at.is_(None)
        )
        return couples.where(Couple.id.in_(own), Couple.status.not_in(CLOSED))
    raise NotFound("couple")


def is_treated(couple_id: InstrumentedAttribute[UUID], viewer: Member) -> ColumnElement[bool]:
    """Hold for rows of couples whom this viewer treats."""
    if not viewer.is_therapist or viewer.is_limited:
        return false()
    return couple_id.in_(select(Couple.id).where(Couple.therapist_id == viewer.person_id))


def is_of_own_couple(couple_id: InstrumentedAttribute[UUID], viewer: Member) -> ColumnElement[bool]:
    """Hold for rows of the open couple that this partner belongs to and has not left (CPL-09: from the next request on)."""
    if not viewer.is_partner or viewer.is_limited:
        return false()
    own = (
        select(Partner.couple_id)
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Partner.person_id == viewer.person_id, Partner.left_at.is_(None), Couple.status.not_in(CLOSED))
    )
    return couple_id.in_(own)


def get_couple(session: Session, viewer: Viewer, couple_id: UUID) -> Couple:
    """Load one couple with both persons. One statement. Raises NotFound for foreign and unknown alike."""
    couples = _with_persons(visible_to(viewer)).where(Couple.id == couple_id)
    couple = session.scalars(couples).unique().one_or_none()
    if couple is None:
        raise NotFound(str(couple_id))
    return couple


def lock_couple(session: Session, viewer: Viewer, couple_id: UUID) -> Couple:
    """Load one couple with both persons for a change of what is between them; such changes queue here.

    Two statements. Raises NotFound.
    """
    found = visible_to(viewer).where(Couple.id == couple_id).with_for_update(of=Couple)
    if session.scalar(found.execution_options(populate_existing=True)) is None:
        raise NotFound(str(couple_id))
    return get_couple(session, viewer, couple_id)


def find_own_couple(session: Session, viewer: Member) -> Couple | None:
    """Find the couple that a partner belongs to at present. One statement."""
    newest = _with_persons(visible_to(viewer)).order_by(Couple.created_at.desc(), Couple.id).limit(1)
    return session.scalars(newest).unique().one_or_none()


def list_couples(session: Session, viewer: Member) -> list[Couple]:
    """List a therapist's couples by file number, with their persons. One statement."""
    return list(session.scalars(_with_persons(visible_to(viewer)).order_by(Couple.number)).unique())


def is_client_of(session: Session, viewer: Viewer, person_id: UUID) -> bool:
    """Tell whether somebody is one of the two persons of a couple that this therapist treats. One statement."""
    if not isinstance(viewer, Member) or not viewer.is_therapist:
        return False
    treated = visible_to(viewer).with_only_columns(Couple.id)
    found = select(Partner.id).where(Partner.person_id == person_id, Partner.couple_id.in_(treated)).limit(1)
    return session.scalar(found) is not None


def members_of(session: Session, couple_id: UUID) -> list[Person]:
    """List the persons who belong to a couple at present, for a notice to each. One statement."""
    found = session.scalars(
        select(Person)
        .join(Partner, Partner.person_id == Person.id)
        .where(Partner.couple_id == couple_id, Partner.left_at.is_(None))
        .order_by(Partner.side)
    )
    return list(found)


def next_number(session: Session) -> int:
    """Give the next file number; the unique constraint is the judge if two ask at once."""
    return (session.scalar(select(func.max(Couple.number))) or 0) + 1


def _with_persons(couples: Select[Couple]) -> Select[Couple]:
    return couples.options(joinedload(Couple.partners).joinedload(Partner.person))
