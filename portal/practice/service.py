"""Writing the practice, its therapists and consents."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.people.queries import get_self
from portal.practice.models import Consent, ConsentKind, ConsentText, PageKind, PageText, Practice, Therapist
from portal.practice.queries import (
    current_consent_texts,
    find_page_text,
    find_profile,
    get_practice,
    missing_consents,
)
from portal.practice.rules import HelpLines, ProfileWords, PublicWords
from portal.practice.texts import DEFAULT_CONSENTS
from portal.security.viewer import Member
from portal.slugs import numbered, slug_from


def found_practice(
    session: Session,
    *,
    name: str,
    tagline: str,
    about: str,
    zone: str,
    contact_line: str,
    help_notice: str,
    help_lines: HelpLines,
) -> Practice:
    """Set the practice up, with local help lines, and with the default consents in their first version."""
    practice = Practice(
        name=name,
        tagline=tagline,
        about=about,
        zone=zone,
        contact_line=contact_line,
        help_notice=help_notice,
        help_lines=help_lines,
    )
    session.add(practice)
    session.add_all(
        ConsentText(kind=kind, version=1, title=title, body=body)
        for kind, (title, body) in DEFAULT_CONSENTS.items()
    )
    session.flush()
    return practice


def change_help(session: Session, viewer: Member, lines: HelpLines, *, notice: str) -> None:
    """Enter the local help lines and the sentence that stands beside them."""
    practice = get_practice(session)
    practice.help_lines, practice.help_notice = lines, notice
    session.flush()
    record_of(session, viewer, Action.HELP_CHANGED, practice)


def add_therapist(session: Session, profile: Therapist) -> Therapist:
    """Publish a therapist's profile; without an address of its own it gets one from the name."""
    profile.slug = profile.slug or _free_slug(session, profile)
    session.add(profile)
    session.flush()
    return profile


def save_profile(
    session: Session, viewer: Member, words: ProfileWords, *, portrait_id: UUID | None
) -> Therapist:
    """Write the viewer's own public profile, the first time with the clocks of the viewer's own person.

    Raises (at the flush or commit) ConstraintViolated: another therapist has the address.
    """
    profile = find_profile(session, viewer)
    if profile is None:
        profile = Therapist(person_id=viewer.person_id, zone=get_self(session, viewer).zone)
    profile.display_name, profile.title_line, profile.approach = (
        words.display_name,
        words.title_line,
        words.approach,
    )
    profile.languages, profile.fees, profile.is_listed = words.languages, words.fees, words.is_listed
    profile.slug, profile.portrait_id = words.slug or profile.slug, portrait_id
    add_therapist(session, profile)
    record_of(session, viewer, Action.PROFILE_CHANGED, profile)
    return profile


def change_words(session: Session, viewer: Member, words: PublicWords) -> None:
    """Write what the practice says of itself."""
    practice = get_practice(session)
    practice.name, practice.tagline, practice.about = words.name, words.tagline, words.about
    practice.contact_line, practice.security_contact = words.contact_line, words.security_contact
    practice.currency = words.currency
    session.flush()
    record_of(session, viewer, Action.PAGE_CHANGED, practice)


def write_page(session: Session, viewer: Member, kind: PageKind, body: str, now: datetime) -> None:
    """Put the practice's own text in the place of ours."""
    page = find_page_text(session, kind)
    if page is None:
        page = PageText(kind=kind)
        session.add(page)
    page.body, page.changed_at = body, now
    session.flush()
    record_of(session, viewer, Action.PAGE_CHANGED, page)


def restore_page(session: Session, viewer: Member, kind: PageKind) -> None:
    """Go back to our own text. Repeating it changes nothing."""
    page = find_page_text(session, kind)
    if page is not None:
        record_of(session, viewer, Action.PAGE_CHANGED, page, result="deleted")
        session.delete(page)
        session.flush()


def _free_slug(session: Session, profile: Therapist) -> str:
    taken = session.scalars(select(Therapist.slug).where(Therapist.slug.is_not(None)))
    return numbered(slug_from(profile.display_name, "therapist"), {slug for slug in taken if slug})


def choose_quality(session: Session, viewer: Member, *, is_given: bool, now: datetime) -> None:
    """Give or take back, for the viewer alone, the consent to the use of answers without the name.

    Repeating it changes nothing. Four statements.
    """
    text = next((one for one in current_consent_texts(session) if one.kind is ConsentKind.QUALITY), None)
    if text is None:
        title, body = DEFAULT_CONSENTS[ConsentKind.QUALITY]
        text = ConsentText(kind=ConsentKind.QUALITY, version=1, title=title, body=body)
        session.add(text)
        session.flush()
    consent = session.scalar(
        select(Consent).where(Consent.person_id == viewer.person_id, Consent.consent_text_id == text.id)
    )
    if consent is None:
        consent = Consent(person_id=viewer.person_id, consent_text_id=text.id, withdrawn_at=now)
    if is_given == (consent.withdrawn_at is None):
        return
    session.add(consent)
    consent.withdrawn_at = None if is_given else now
    session.flush()
    record_of(session, viewer, Action.CONSENT_GIVEN, consent, result="given" if is_given else "withdrawn")


def give_consents(session: Session, viewer: Member) -> None:
    """Accept, for the viewer alone, every consent that is still missing. Repeating it changes nothing."""
    for text in missing_consents(session, viewer):
        consent = Consent(person_id=viewer.person_id, consent_text_id=text.id)
        session.add(consent)
        session.flush()
        record_of(session, viewer, Action.CONSENT_GIVEN, consent)
