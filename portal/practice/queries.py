"""Reading the practice: public words, therapists, the consents that a person has still to give."""

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.errors import NotFound
from portal.people.models import Person
from portal.practice.models import Consent, ConsentKind, ConsentText, PageKind, PageText, Practice, Therapist
from portal.security.viewer import Member

_FIRST_LISTED = (
    select(Therapist.display_name)
    .where(Therapist.is_listed)
    .order_by(Therapist.position, Therapist.display_name)
    .limit(1)
)
# Written once: every page asks.
_PRACTICE = select(Practice).limit(1)
_FACE = select(Practice, func.coalesce(_FIRST_LISTED.scalar_subquery(), "")).limit(1)


def find_practice(session: Session) -> Practice | None:
    """Find the practice; None before the first set-up. One statement."""
    return session.scalar(_PRACTICE)


def get_practice(session: Session) -> Practice:
    """Give the one practice of this installation. Raises NotFound before the first set-up."""
    practice = find_practice(session)
    if practice is None:
        raise NotFound("practice")
    return practice


def language_of(session: Session) -> str:
    """Tell in which language the practice writes, as a BCP 47 tag; before the first set-up British English. One statement."""
    return session.scalar(select(Practice.language).limit(1)) or "en-GB"


def currency_of(session: Session) -> str:
    """Tell in which currency sums are shown (ISO 4217); empty where none was chosen. One statement."""
    return session.scalar(select(Practice.currency).limit(1)) or ""


def find_face(session: Session, *numbers: ScalarSelect[int]) -> tuple[Practice, str, tuple[int, ...]] | None:
    """Find the practice and the name of its first listed therapist, which may be empty. One statement.

    `numbers`: what is to be counted on the way, because every page asks for both.
    """
    found = session.execute(_FACE.add_columns(*numbers) if numbers else _FACE).one_or_none()
    return None if found is None else (found[0], found[1], tuple(found[2:]))


def list_therapists(session: Session) -> list[Therapist]:
    """List the therapists whom visitors may book, in the practice's own order."""
    return list(
        session.scalars(
            select(Therapist).where(Therapist.is_listed).order_by(Therapist.position, Therapist.display_name)
        )
    )


def get_therapist(session: Session, person_id: UUID) -> Therapist:
    """Load a therapist's public profile by the person's id. Raises NotFound."""
    therapist = session.scalar(select(Therapist).where(Therapist.person_id == person_id))
    if therapist is None:
        raise NotFound(str(person_id))
    return therapist


def find_profile(session: Session, viewer: Member) -> Therapist | None:
    """Find the viewer's own public profile. One statement."""
    return session.scalar(select(Therapist).where(Therapist.person_id == viewer.person_id))


def get_listed(session: Session, slug: str) -> Therapist:
    """Load the public profile of a listed therapist by the name in its address. One statement. Raises NotFound."""
    therapist = session.scalar(select(Therapist).where(Therapist.slug == slug, Therapist.is_listed))
    if therapist is None:
        raise NotFound("therapist")
    return therapist


def page_texts(session: Session) -> dict[PageKind, PageText]:
    """Load the public pages that the practice has written itself. One statement."""
    return {text.kind: text for text in session.scalars(select(PageText))}


def find_page_text(session: Session, kind: PageKind) -> PageText | None:
    """Find the practice's own text of one public page. One statement."""
    return session.scalar(select(PageText).where(PageText.kind == kind))


def therapist_name(session: Session, person_id: UUID) -> str:
    """Give the name under which a couple knows its therapist: of the public profile, else the first name. One statement."""
    found = session.execute(
        select(Therapist.display_name, Person)
        .select_from(Person)
        .outerjoin(Therapist, Therapist.person_id == Person.id)
        .where(Person.id == person_id)
    ).one_or_none()
    if found is None:
        raise NotFound(str(person_id))
    display_name, person = found
    return display_name or person.first_name


def zone_of(session: Session, person_id: UUID) -> str:
    """Tell by which clocks a therapist works: those of the own profile, else the practice's. One statement.

    Raises NotFound before the first set-up.
    """
    found = session.execute(
        select(Practice.zone, Therapist.zone).outerjoin(Therapist, Therapist.person_id == person_id).limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound("practice")
    return found[1] or found[0]


def current_consent_texts(session: Session) -> list[ConsentText]:
    """List the newest version of each consent, in a fixed order. One statement."""
    newest = (
        select(ConsentText.kind, func.max(ConsentText.version).label("version"))
        .group_by(ConsentText.kind)
        .subquery()
    )
    return list(
        session.scalars(
            select(ConsentText)
            .join(newest, (ConsentText.kind == newest.c.kind) & (ConsentText.version == newest.c.version))
            .order_by(ConsentText.kind)
        )
    )


def missing_consents(session: Session, viewer: Member) -> list[ConsentText]:
    """List what the viewer has not accepted in its newest version. Two statements; nothing tells about anybody else."""
    given = set(
        session.scalars(
            select(Consent.consent_text_id).where(
                Consent.person_id == viewer.person_id, Consent.withdrawn_at.is_(None)
            )
        )
    )
    return [
        text
        for text in current_consent_texts(session)
        if text.id not in given and text.kind is not ConsentKind.QUALITY
    ]


def gives_quality(session: Session, viewer: Member) -> bool:
    """Tell whether the viewer lets answers be used without the name. One statement."""
    return bool(session.scalar(select(has_given(ConsentKind.QUALITY, viewer.person_id))))


def has_given(kind: ConsentKind, person_id: InstrumentedAttribute[UUID] | UUID) -> ColumnElement[bool]:
    """Tell within a statement whether a person has given a consent, in any version, and not taken it back."""
    return exists().where(
        Consent.person_id == person_id,
        Consent.withdrawn_at.is_(None),
        ConsentText.id == Consent.consent_text_id,
        ConsentText.kind == kind,
    )
