"""What two people do with the short test: begin, join, finish, show, take away; and what one of them brings to a first talk.

Nobody has an account here and nobody is named, so nothing of it stands in the audit log; the booking that somebody brings a
result to does.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.assessments.short_form import ShortForm, Told, packed, told_as_text, told_of
from portal.audit.rules import Action
from portal.audit.service import record
from portal.booking.models import Consultation
from portal.booking.queries import form_code
from portal.booking.rules import PartnerKnows
from portal.orm import UtcDateTime
from portal.practice.queries import get_practice
from portal.psychometrics.items import Answers
from portal.security.viewer import Member
from portal.shortform.models import BroughtResult, ShortFormPair, ShortFormPart
from portal.shortform.queries import (
    code_kept,
    find_begun,
    find_by_join_code,
    find_waiting,
    join_code,
    other_part,
    return_code,
)
from portal.shortform.rules import BROUGHT_WITHIN, KEPT, CodeLeadsNowhere, NotFinished, Place


@dataclass(frozen=True, slots=True)
class Finished:
    """One person's answers, and the seconds from the page to them (None if unknown)."""

    answers: Answers
    seconds: int | None

    def as_text(self, form: ShortForm, told: Told) -> str:
        """Put into JSON what its author sees again; with the version, so that another one never scores it anew."""
        return json.dumps(
            {
                "version": form.version, "answers": packed(form, self.answers), "seconds": self.seconds,
                "told": told_as_text(told),
            }
        )  # fmt: skip


def begin_pair(session: Session, form_id: UUID, now: datetime) -> ShortFormPart:
    """Begin a test for two; the same form begins one. Five statements.

    Raises (at the commit) ConstraintViolated: a double click, or a code that is taken; begin once more.
    """
    begun = find_begun(session, form_id, now)
    if begun is not None:
        return begun
    practice = get_practice(session)
    pair = ShortFormPair(
        practice_id=practice.id,
        request_code=form_code(session, form_id),
        join_code=b"",
        expires_at=now + KEPT,
    )
    pair.join_code = code_kept(session, join_code(session, pair.id))
    session.add(pair)
    session.flush()
    return _add_part(session, pair, Place.FIRST)


def join_pair(session: Session, code: str, now: datetime) -> ShortFormPart:
    """Take the second place of a test for two. The database lets one person do so. Two statements and the insert.

    Raises:
        CodeLeadsNowhere: unknown or over.
        ConstraintViolated: used, when the row is written.
    """
    pair = find_by_join_code(session, code, now)
    if pair is None:
        raise CodeLeadsNowhere("join code")
    return _add_part(session, pair, Place.SECOND)


def finish_part(
    session: Session, part: ShortFormPart, form: ShortForm, finished: Finished, now: datetime
) -> bool:
    """Keep one person's answers; False if they were in already, and then the first ones stay. Two statements.

    Raises TooFewAnswers.
    """
    told = told_of(form, finished.answers)
    written = session.scalar(
        update(ShortFormPart)
        .where(ShortFormPart.id == part.id, ShortFormPart.finished_at.is_(None))
        .values(finished_at=now)
        .returning(ShortFormPart.id)
        .execution_options(synchronize_session="fetch")
    )
    if written is None:
        return False
    part.own, part.told = finished.as_text(form, told), told_as_text(told)
    session.flush()
    return True


def share_part(session: Session, part: ShortFormPart, *, may_go_along: bool, now: datetime) -> None:
    """Agree to show the page for both. It opens in the same statement if the other has agreed; who comes second waits for the row.

    Raises NotFinished.
    """
    if part.finished_at is None:
        raise NotFinished(str(part.id))
    own, other = _columns(part.place)
    opens = (other.is_(True)) & ShortFormPair.opened_at.is_(None)
    session.execute(
        update(ShortFormPair)
        .where(ShortFormPair.id == part.pair_id)
        .values(
            {
                own.key: True,
                "opened_at": case((opens, literal(now, UtcDateTime())), else_=ShortFormPair.opened_at),
            }
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(part.pair)
    part.may_go_along = may_go_along
    session.flush()


def take_back(session: Session, part: ShortFormPart) -> bool:
    """Show the page for both no longer; False once it has opened. One statement, and the pair anew."""
    own, _other = _columns(part.place)
    written = session.scalar(
        update(ShortFormPair)
        .where(ShortFormPair.id == part.pair_id, ShortFormPair.opened_at.is_(None))
        .values({own.key: False})
        .returning(ShortFormPair.id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(part.pair)
    if written is not None:
        part.may_go_along = False
        session.flush()
    return written is not None


def remove_part(session: Session, part: ShortFormPart) -> None:
    """Delete one's own part, whatever had opened. To the other it looks as if nothing had been shared yet. Two statements."""
    own, _other = _columns(part.place)
    session.execute(
        update(ShortFormPair)
        .where(ShortFormPair.id == part.pair_id)
        .values({own.key: False, "opened_at": None})
        .execution_options(synchronize_session=False)
    )
    session.delete(part)
    session.flush()


def bring_alone(session: Session, form: ShortForm, finished: Finished, form_id: UUID, now: datetime) -> None:
    """Keep a result until it is booked with this booking form, twelve hours at most. Raises TooFewAnswers."""
    own = finished.as_text(form, told_of(form, finished.answers))
    _wait_for(session, form_id, own=own, other="", now=now)


def bring_part(session: Session, part: ShortFormPart, form_id: UUID, now: datetime) -> None:
    """Keep one's own part for a booking; what the page for both tells of the other only if it is open and the other agreed.

    Raises NotFinished.
    """
    if part.finished_at is None:
        raise NotFinished(str(part.id))
    other = other_part(session, part) if part.pair.opened_at is not None else None
    goes_along = other is not None and other.may_go_along
    _wait_for(session, form_id, own=part.own, other=other.told if other and goes_along else "", now=now)


def is_waiting(session: Session, form_id: UUID, now: datetime) -> bool:
    """Tell whether a result waits for this booking form."""
    return find_waiting(session, form_code(session, form_id), now) is not None


def attach(session: Session, consultation: Consultation, now: datetime) -> None:
    """Give the booker what waits for the booking's form, under the booker's own key.

    Where the partner does not know, or nothing is said, nothing of the partner goes along.
    """
    brought = find_waiting(session, consultation.request_code, now)
    if brought is None:
        return
    brought.consultation_id = consultation.id
    _give(session, brought, consultation.person_id, consultation.partner_knows)


def keep(session: Session, code: bytes, person_id: UUID, partner_knows: PartnerKnows, now: datetime) -> None:
    """Give somebody who joins the waiting list what waits for the form, as `attach` gives it to a booker."""
    brought = find_waiting(session, code, now)
    if brought is not None:
        _give(session, brought, person_id, partner_knows)


def hand_on(session: Session, person_id: UUID, consultation: Consultation) -> None:
    """Give the booking what its booker had brought to the waiting list."""
    brought = session.scalar(
        select(BroughtResult).where(
            BroughtResult.person_id == person_id, BroughtResult.consultation_id.is_(None)
        )
    )
    if brought is not None:
        brought.consultation_id = consultation.id
        _give(session, brought, consultation.person_id, consultation.partner_knows)


def let_go(session: Session, person_id: UUID) -> None:
    """Erase what somebody brought to the waiting list and no booking has. One statement."""
    session.execute(
        delete(BroughtResult)
        .where(BroughtResult.person_id == person_id, BroughtResult.consultation_id.is_(None))
        .execution_options(synchronize_session="fetch")
    )


def _give(session: Session, brought: BroughtResult, person_id: UUID, partner_knows: PartnerKnows) -> None:
    own, other = brought.own, brought.other
    brought.person_id, brought.expires_at = person_id, None
    brought.own = own
    brought.other = other if partner_knows is PartnerKnows.YES else ""
    session.flush()


def forget(session: Session, consultation_id: UUID) -> None:
    """Erase what was brought to a booking. One statement."""
    session.execute(
        delete(BroughtResult)
        .where(BroughtResult.consultation_id == consultation_id)
        .execution_options(synchronize_session="fetch")
    )


def leave_out(session: Session, form_id: UUID) -> None:
    """Delete what waits for a booking form. One statement; nothing happens once it is booked."""
    session.execute(
        delete(BroughtResult)
        .where(BroughtResult.form_code == form_code(session, form_id), BroughtResult.person_id.is_(None))
        .execution_options(synchronize_session="fetch")
    )


def forget_over(session: Session, now: datetime) -> None:
    """Delete what two people left, and results that nobody booked with, once their time is over; for the sweeper. Three statements."""
    over = select(ShortFormPair.id).where(ShortFormPair.expires_at <= now)
    session.execute(
        delete(ShortFormPart)
        .where(ShortFormPart.pair_id.in_(over))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ShortFormPair)
        .where(ShortFormPair.expires_at <= now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(BroughtResult)
        .where(BroughtResult.consultation_id.is_(None), BroughtResult.expires_at <= now)
        .execution_options(synchronize_session=False)
    )


def offer_short_form(session: Session, viewer: Member, *, is_offered: bool) -> None:
    """Let visitors take the short test, or no longer; what is under way may be finished."""
    practice = get_practice(session)
    practice.offers_short_form = is_offered
    session.flush()
    record(session, viewer, Action.FORM_CHANGED, kind=practice.__tablename__, object_id=practice.id)


def _add_part(session: Session, pair: ShortFormPair, place: Place) -> ShortFormPart:
    part = ShortFormPart(
        pair_id=pair.id, practice_id=pair.practice_id, place=place, pair=pair,
        return_code=code_kept(session, return_code(session, pair.id, place)),
    )  # fmt: skip
    session.add(part)
    session.flush()
    return part


def _wait_for(session: Session, form_id: UUID, *, own: str, other: str, now: datetime) -> None:
    session.add(
        BroughtResult(
            practice_id=get_practice(session).id, form_code=form_code(session, form_id), own=own, other=other,
            expires_at=now + BROUGHT_WITHIN,
        )
    )  # fmt: skip
    session.flush()


def _columns(place: Place) -> tuple[InstrumentedAttribute[bool], InstrumentedAttribute[bool]]:
    """Give the column of one's own agreement, and of the other's."""
    own, other = ShortFormPair.first_shares, ShortFormPair.second_shares
    return (own, other) if place is Place.FIRST else (other, own)
