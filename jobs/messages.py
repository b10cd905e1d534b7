"""Sending the mails that are owed."""

from datetime import datetime
from email.message import EmailMessage
from typing import NamedTuple

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from jobs.claims import carry_out
from jobs.templates import render_template
from portal import outbox
from portal.clock import utc_now
from portal.failpoints import failpoint
from portal.notices import service
from portal.notices.mail import AddressRefused, Letterhead, Thing, compose, compose_text
from portal.notices.queries import get_message
from portal.notices.rules import FactRefused
from portal.notices.texts import TextGateway
from portal.notices.transport import NotTaken, transport_for
from portal.outbox import Claim, LeaseLost, OutboxState
from portal.practice.queries import language_of
from portal.queueing import JobName
from portal.security.viewer import JobFor
from portal.settings import Settings
from portal.transaction import transaction

log = structlog.get_logger()


class Nobody(Exception):
    """Between claiming and handing over, everybody to whom the mail was owed dropped out."""


class Reached(NamedTuple):
    """Where a message goes: an address, or a phone number."""

    place: str
    by_text: bool


def send(outbox_id: str) -> None:
    """Send the mail of one outbox row; needs an application context.

    Safe to repeat: only the holder of the lease sends; it writes down that the text is about to leave before it leaves,
    and a mail that may have left twice is not sent again but shown as failed. Both copies have one Message-ID.
    """
    carry_out(outbox_id, JobName.SEND_MESSAGE, _send)


def _send(taken: Claim) -> None:
    address = _address(taken)
    if address is None:
        return
    try:
        _deliver(taken, address)
    except LeaseLost:
        raise
    except Nobody:
        _let_go(taken)
    except NotTaken as refusal:
        _give_back(taken, f"code {refusal.code}", for_good=refusal.is_final, had_text=refusal.had_text)
    except (AddressRefused, FactRefused) as refusal:
        _give_back(taken, type(refusal).__name__, for_good=True)
    except Exception as error:  # noqa: BLE001 - whatever it was (Unconfirmed among it), the row is tried again or seen to fail
        _give_back(taken, type(error).__name__)
    else:
        _finish(taken)


def _deliver(taken: Claim, address: Reached) -> None:
    settings = _settings()
    if not address.by_text:
        way_out = transport_for(settings.smtp_url, settings.mail_from, settings.instance / "mail")
        way_out.deliver(address.place, lambda: _write_mail(taken))
    elif settings.text_gateway_url:
        TextGateway(settings.text_gateway_url).deliver(address.place, lambda: _write_text(taken))
    else:
        raise NotTaken(0, is_final=True)


def _address(taken: Claim) -> Reached | None:
    """Find out where the mail goes; None if it is not its time yet or nobody is owed it."""
    job, now = JobFor(taken.subject_id), utc_now()
    with transaction() as session:
        earliest = service.earliest_time(session, job, now)
        if earliest > now:
            outbox.postpone(session, taken, earliest)
            return None
        by_text = get_message(session, job).by_text
        address, things = service.what_to_say(session, job, now)
    if not things:
        _let_go(taken)
        return None
    return Reached(address, by_text=by_text)


def _write_mail(taken: Claim) -> EmailMessage:
    """Write the mail at the last moment, and that it is about to leave; nothing joins it from here on."""
    now, settings = utc_now(), _settings()
    with transaction() as session:
        recipient, things = _hand_over(session, taken, now)
        mail = compose(
            things,
            message_id=taken.subject_id,
            recipient=recipient,
            letterhead=Letterhead(settings.mail_from, settings.public_url, language_of(session)),
            now=now,
            render=render_template,
        )
    failpoint("mail.handed_over")
    return mail


def _write_text(taken: Claim) -> str:
    """Write the text message at the last moment, as with a mail."""
    with transaction() as session:
        _phone, things = _hand_over(session, taken, utc_now())
        return compose_text(things, render_template)


def _hand_over(session: Session, taken: Claim, now: datetime) -> tuple[str, list[Thing]]:
    """Make sure that the claim counts, and note that the text leaves now. Raises Nobody, LeaseLost or PerhapsDelivered."""
    job = JobFor(taken.subject_id)
    outbox.hold_on(session, taken)
    recipient, things = service.what_to_say(session, job, now)
    if not things:
        raise Nobody
    service.note_handover(session, job)
    return recipient, things


def _finish(taken: Claim) -> None:
    failpoint("mail.before_mark")
    now = utc_now()
    with transaction() as session:
        outbox.finish(session, taken, now)
        service.note_sent(session, JobFor(taken.subject_id), now)
    log.info("message.sent", message_id=str(taken.subject_id), attempt=taken.attempts)


def _let_go(taken: Claim) -> None:
    """Close a message that says nothing; what of it waits for a safe hour has gone, or goes here, into one of its own."""
    with transaction() as session:
        service.what_to_say(session, JobFor(taken.subject_id), utc_now())
        outbox.let_go(session, taken, "nobody is owed it")
        service.note_suppressed(session, JobFor(taken.subject_id))
    log.info("message.suppressed", message_id=str(taken.subject_id))


def _give_back(taken: Claim, reason: str, *, for_good: bool = False, had_text: bool = False) -> None:
    job = JobFor(taken.subject_id)
    with transaction() as session:
        if had_text:
            service.note_refusal(session, job)
        for_good = for_good or service.has_used_up_handovers(session, job)
        state = outbox.give_back(session, taken, reason, utc_now(), for_good=for_good)
        if state is OutboxState.FAILED:
            service.note_failed(session, job)
    log.warning(
        "message.not_sent", message_id=str(job.subject_id), attempt=taken.attempts, reason=reason, kind=state
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
