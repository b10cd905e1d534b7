"""Rounds with calendars elsewhere: read busy times, write our entries, ask about what was changed there."""

import structlog
from flask import current_app

from jobs.claims import carry_out
from portal import outbox
from portal.calendars.exchange import Order, Outcome, exchange
from portal.calendars.rounds import Overtaken, keep_failure, keep_outcome, load_order
from portal.calendars.rules import CalendarRefused, Failure
from portal.clock import utc_now
from portal.failpoints import failpoint
from portal.outbox import Claim
from portal.queueing import JobName
from portal.security.viewer import JobFor
from portal.settings import Settings
from portal.transaction import transaction

log = structlog.get_logger()


def sync(outbox_id: str) -> None:
    """Do the round of one outbox row; needs an application context.

    Safe to repeat, and to be cut off anywhere: what was written elsewhere lies at fixed addresses and is found again.
    """
    carry_out(outbox_id, JobName.SYNC_CALENDAR, _sync)


def _sync(taken: Claim) -> None:
    settings: Settings = current_app.extensions["settings"]
    with transaction() as session:
        order = load_order(session, JobFor(taken.subject_id), utc_now())
        if order is None:
            outbox.let_go(session, taken, "removed")
            return
    try:
        outcome = exchange(order, settings.calendar_hosts, utc_now())
        failpoint("calendars.before_keep")
    except CalendarRefused as refusal:
        _fail(taken, order, refusal.failure)
    else:
        _keep(taken, order, outcome)


def _keep(taken: Claim, order: Order, outcome: Outcome) -> None:
    try:
        with transaction() as session:
            keep_outcome(session, order, outcome, utc_now())
            outbox.finish(session, taken, utc_now())
    except Overtaken:
        _let_go(taken)
        return
    log.info("calendar.read", outbox_id=str(taken.outbox_id), count=len(outcome.busy), attempt=taken.attempts)


def _fail(taken: Claim, order: Order, failure: Failure) -> None:
    try:
        with transaction() as session:
            keep_failure(session, order, failure, utc_now())
            outbox.give_back(session, taken, failure.value, utc_now(), for_good=not failure.passes)
    except Overtaken:
        _let_go(taken)
        return
    log.warning(
        "calendar.not_read", outbox_id=str(taken.outbox_id), reason=failure.value, attempt=taken.attempts
    )


def _let_go(taken: Claim) -> None:
    with transaction() as session:
        outbox.let_go(session, taken, "overtaken")
