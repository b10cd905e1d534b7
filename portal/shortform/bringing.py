"""What a therapist sees of a short test that somebody brought to a first talk: what its author saw, and no more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.assessments.short_form import NoSuchResult, own_result, result_of_two, short_form, told_from_text
from portal.booking.brought import Bringer, Brought
from portal.booking.models import Consultation
from portal.security.viewer import Member
from portal.shortform.models import BroughtResult
from portal.shortform.queries import brought_to_list, find_brought
from portal.shortform.saying import OwnWords, WordsForTwo, own_words, read_finished, words_for_two
from portal.shortform.service import attach, forget, hand_on, is_waiting, keep, let_go


@dataclass(frozen=True, slots=True)
class BroughtWords:
    """A brought result in words. `own` is None if it was made with a version of the form that is no more."""

    title: str
    own: OwnWords | None
    both: WordsForTwo | None
    limits: str
    at: datetime


def shown(session: Session, viewer: Member, consultation: Consultation) -> Brought | None:
    """Give what the booker of one of the viewer's requests brought."""
    brought = find_brought(session, viewer, consultation)
    return None if brought is None else _in_words(brought)


def shown_on_list(session: Session, viewer: Member) -> dict[UUID, Brought]:
    """Give what those on the viewer's waiting list brought, by person id."""
    found = brought_to_list(session, viewer)
    return {person_id: _in_words(brought) for person_id, brought in found.items()}


def _in_words(brought: BroughtResult) -> Brought:
    form = short_form()
    try:
        finished, told = read_finished(form, brought.own)
        own = own_words(form, own_result(form, finished.answers, seconds=finished.seconds))
        other = told_from_text(form, brought.other) if brought.other else None
        names = (str(_("Who booked")), str(_("The other person")))
        both = words_for_two(result_of_two(form, told, other), names) if other is not None else None
    except NoSuchResult:
        own, both = None, None
    words = BroughtWords(str(_(form.title)), own, both, str(_(form.test.limits)), brought.created_at)
    return Brought("shortform/_brought.html", words)


BRINGER = Bringer(
    is_waiting=is_waiting,
    attach=attach,
    shown=shown,
    shown_on_list=shown_on_list,
    forget=forget,
    keep=keep,
    hand_on=hand_on,
    let_go=let_go,
)
