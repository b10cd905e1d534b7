"""Writing the practice, its therapists and consents."""

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.practice.models import Consent, ConsentText, Practice, Therapist
from portal.practice.queries import get_practice, missing_consents
from portal.practice.rules import HelpLines
from portal.practice.texts import DEFAULT_CONSENTS
from portal.security.viewer import Member


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
    """Publish a therapist's profile."""
    session.add(profile)
    session.flush()
    return profile


def give_consents(session: Session, viewer: Member) -> None:
    """Accept, for the viewer alone, every consent that is still missing. Repeating it changes nothing."""
    for text in missing_consents(session, viewer):
        consent = Consent(person_id=viewer.person_id, consent_text_id=text.id)
        session.add(consent)
        session.flush()
        record_of(session, viewer, Action.CONSENT_GIVEN, consent)
