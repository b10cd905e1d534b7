"""Writing letters from visitors to a therapist. They are never sent on by mail (BKG-07)."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Enquiry
from portal.booking.rules import MailWords
from portal.booking.telling import tell_therapist
from portal.front.queries import is_sent, letter_code
from portal.front.rules import Letter
from portal.marks import Mark
from portal.notices.models import MessageKind
from portal.people.service import add_person
from portal.security.viewer import Member, Viewer
from portal.sources.service import keep_touch


def send_letter(
    session: Session,
    viewer: Viewer,
    letter: Letter,
    *,
    zone: str,
    mark: Mark | None,
    mail: MailWords,
    link: str,
    now: datetime,
) -> Enquiry | None:
    """Keep a letter under its writer's own key, and tell the therapist by a mail that says nothing of it.

    None if the same form brought the same letter before. The writer gets no mail, so that nobody can be flooded through us.
    `link`: where the therapist reads it.
    """
    code = letter_code(session, letter.fingerprint())
    if is_sent(session, code):
        return None
    person = add_person(session, first_name=letter.name, email=letter.email, zone=zone)
    enquiry = Enquiry(
        therapist_id=letter.therapist_id, person_id=person.id, words=letter.words, request_code=code,
        touch_id=keep_touch(session, mark).id if mark is not None else None,
    )  # fmt: skip
    session.add(enquiry)
    session.flush()
    record_of(session, viewer, Action.ENQUIRY_SENT, enquiry)
    tell_therapist(session, letter.therapist_id, MessageKind.THERAPIST_NOTICE, mail=mail, now=now, link=link)
    return enquiry


def tick_off(session: Session, viewer: Member, enquiry: Enquiry, *, is_handled: bool, now: datetime) -> None:
    """Note that a letter was dealt with, or that it was not. Repeating it changes nothing."""
    if (enquiry.handled_at is not None) == is_handled:
        return
    enquiry.handled_at = now if is_handled else None
    session.flush()
    record_of(session, viewer, Action.ENQUIRY_HANDLED, enquiry, result="ok" if is_handled else "open")
