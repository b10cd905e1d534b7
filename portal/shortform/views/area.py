"""What all pages of the short test share: the blueprint, its tokens, how often things may be done, and counting a finished test."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.assessments.short_form import (
    NoSuchResult,
    TooFewAnswers,
    packed,
    short_form,
    told_of,
    unpacked,
)
from portal.booking.rules import is_too_quick, new_form_id
from portal.booking.views.area import signer
from portal.booking.views.way import read_form_id
from portal.errors import NotFound
from portal.marks import NO_SOURCE
from portal.practice.queries import get_practice
from portal.security.tokens import TokenRefused
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.shortform.forms import DoorForm, StatementsForm
from portal.shortform.rules import BROUGHT_WITHIN
from portal.shortform.service import Finished
from portal.sources.counting import count_step
from portal.sources.models import Step
from portal.transaction import current_session, transaction
from portal.web.forms import STALE
from portal.web.marks import current_mark

blueprint = Blueprint("shortform", __name__)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# A family, a class or an office behind one address stays within these.
BEGUN_BY_NETWORK = Limit("short_form_begun", 20, HOUR)
BEGUN_BY_ALL = Limit("short_form_begun_all", 300, DAY)
CODES_OF_NETWORK = Limit("short_form_code", 10, 10 * MINUTE)
CODES_OF_ALL = Limit("short_form_code_all", 120, HOUR)
BROUGHT_BY_NETWORK = Limit("short_form_brought", 20, HOUR)
COUNTED_ONCE = Limit("short_form_counted", 1, DAY)
COUNTED_OF_NETWORK = Limit("short_form_counted_network", 60, HOUR)  # one program cannot write the report
LONGEST_TOKEN = 600  # a result of ours has at most 200 letters; nothing longer is worth the reading


def must_be_offered() -> None:
    """Let nobody begin where the practice does not offer the test. Raises NotFound."""
    if not get_practice(current_session()).offers_short_form:
        raise NotFound("short form")


def signed_key(form_id: UUID) -> str:
    """Sign the id of a form that is shown."""
    return signer().sign_id(TokenPurpose.BOOKING_FORM, form_id)


def open_form(form: DoorForm, now: datetime) -> UUID:
    """Say which form this is: the one that was sent, or a new one; its key is filled in."""
    form_id = read_form_id(form.form_key.data or "") or new_form_id(now)
    form.form_key.data = signed_key(form_id)
    return form_id


def is_sound(form: DoorForm, now: datetime) -> bool:
    """Tell whether a form came from a page of ours, whole and not sooner than a person could have read it; else it says why.

    Who fills in the trap is told nothing.
    """
    is_ours = read_form_id(form.form_key.data or "") is not None
    form_id = open_form(form, now)
    if not form.validate():
        return False
    if not is_ours:
        form.form_errors.append(STALE)
    elif not form.website.data and is_too_quick(form_id, now):
        form.form_errors.append(_("That was very quick. Please look once more, and press the button again."))
    return not form.form_errors


def read_answers(form: StatementsForm, now: datetime) -> Finished | None:
    """Read the statements; None if they cannot be taken as they are, and then the form says why."""
    if not is_sound(form, now):
        return None
    finished = Finished(form.to_answers(), seconds_since(id_of(form), now))
    try:
        told_of(short_form(), finished.answers)
    except TooFewAnswers as refusal:
        form.ask_for_more(refusal)
        return None
    return finished


def id_of(form: DoorForm) -> UUID:
    """Give the id of a form whose key is filled in."""
    return signer().read_id(TokenPurpose.BOOKING_FORM, form.form_key.data)


def seconds_since(form_id: UUID, now: datetime) -> int:
    """Say how long ago a form was first shown."""
    return max(0, int(now.timestamp() - (form_id.int >> 80) / 1000))


def is_within(*limits: tuple[Limit, str], now: datetime) -> bool:
    """Count a try against its limits, in a transaction of its own."""
    with transaction() as session:
        within = [throttle(session, limit, key, now) for limit, key in limits]
    return all(within)


def network() -> str:
    """Name the network of the present request, as tries are counted for it."""
    return network_of(request.remote_addr)


def place_token(part_id: UUID) -> str:
    """Sign one person's own place; it stands in forms only."""
    return signer().sign_id(TokenPurpose.SHORT_FORM_PLACE, part_id)


def read_place(token: str) -> TokenHolder:
    """Read whose place a form names. Raises TokenRefused."""
    purpose = TokenPurpose.SHORT_FORM_PLACE
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(purpose)
    return TokenHolder(purpose, signer().read_id(purpose, token))


def result_token(finished: Finished) -> str:
    """Sign a result that is kept nowhere else; whoever has the page has it, for twelve hours."""
    form = short_form()
    words = {
        "a": packed(form, finished.answers), "v": form.version,
        "s": "" if finished.seconds is None else str(finished.seconds),
    }  # fmt: skip
    return signer().sign_words(TokenPurpose.SHORT_FORM_RESULT, words)


def read_result(token: str) -> Finished:
    """Read such a result. Raises TokenRefused."""
    purpose = TokenPurpose.SHORT_FORM_RESULT
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(purpose)
    words = signer().read_words(purpose, token, max_age=BROUGHT_WITHIN)
    form = short_form()
    try:
        if words["v"] != form.version:
            raise TokenRefused(purpose)
        return Finished(unpacked(form, words["a"]), int(words["s"]) if words["s"] else None)
    except (KeyError, ValueError, NoSuchResult) as wrong:
        raise TokenRefused(purpose) from wrong


def count_taken(session: Session) -> None:
    """Count one finished test of the present way here. One statement; nothing about whoever took it."""
    mark = current_mark()
    count_step(session, Step.TEST_TAKEN, mark.source if mark is not None else NO_SOURCE)


def count_taken_once(form_id: UUID, now: datetime) -> None:
    """Count a test that is kept nowhere; sent again it is not counted again. A count that fails costs no result.

    What remains for a day is a keyed code of the form's own random id, as of every try that is limited.
    """
    try:
        with transaction() as session:
            is_new = throttle(session, COUNTED_ONCE, str(form_id), now)
            if is_new and throttle(session, COUNTED_OF_NETWORK, network(), now):
                count_taken(session)
    except SQLAlchemyError as error:
        structlog.get_logger().warning("sources.not_counted", kind=type(error).__name__)
