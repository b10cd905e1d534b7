"""Reading the mailbox that returned mails reach."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from flask import current_app

from jobs.claims import carry_out
from portal import outbox
from portal.clock import utc_now
from portal.notices.bounces import MOST_BYTES, bounced_in_mail
from portal.notices.mail import Letterhead
from portal.notices.service import note_bounces
from portal.outbox import Claim
from portal.queueing import JobName
from portal.settings import Settings
from portal.transaction import transaction

STEP_SECONDS = 20  # for each answer; a job has 85
WORK_SECONDS = 60
TLS_PORT, PLAIN_PORT = 993, 143  # RFC 8314 and RFC 9051
MOST_MAILS = 100  # at a time, the newest first; the others come with the next job
LOOKED_BACK = timedelta(days=14)
LOOKED_AT = (
    "CommonGroundLookedAt"  # our mark on mails that are no returned ones: people's answers stay unread
)
log = structlog.get_logger()


class MailboxRefused(Exception):
    """The mail server understood us and said no."""


def read(outbox_id: str) -> None:
    """Note which mails came back for good; needs an application context. Safe to repeat."""
    carry_out(outbox_id, JobName.READ_BOUNCES, _read)


def _read(taken: Claim) -> None:
    settings: Settings = current_app.extensions["settings"]
    if settings.bounces_url is None:
        with transaction() as session:
            outbox.let_go(session, taken, "no mailbox")
        return
    try:
        noted = _look(settings.bounces_url, _domain(settings))
    except (OSError, imaplib.IMAP4.error, MailboxRefused) as error:
        with transaction() as session:
            outbox.give_back(session, taken, type(error).__name__, utc_now())
        log.warning("bounces.not_read", reason=type(error).__name__, attempt=taken.attempts)
        return
    with transaction() as session:
        outbox.finish(session, taken, utc_now())
    log.info("bounces.read", count=noted)


def _domain(settings: Settings) -> str:
    return Letterhead(settings.mail_from, settings.public_url).domain


def _look(url: str, domain: str) -> int:
    """Read what is new, note what came back, and only then mark it; return how many mails of ours came back."""
    now, found = utc_now(), 0
    with _mailbox(url) as box:
        for uid in _new(box, now):
            bounced = bounced_in_mail(_first_bytes(box, uid), domain)
            if bounced:
                with transaction() as session:
                    found += note_bounces(session, bounced, now)
            _mark(box, uid, "\\Seen" if bounced else LOOKED_AT)
            if utc_now() - now > timedelta(seconds=WORK_SECONDS):
                break
    return found


@contextmanager
def _mailbox(url: str) -> Iterator[imaplib.IMAP4]:
    """Open the folder that the address names, else INBOX."""
    parts = urlsplit(url)
    host, folder = parts.hostname or "localhost", unquote(parts.path.strip("/")) or "INBOX"
    if parts.scheme == "imaps":
        context = ssl.create_default_context()
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            host, parts.port or TLS_PORT, ssl_context=context, timeout=STEP_SECONDS
        )
    else:
        box = imaplib.IMAP4(host, parts.port or PLAIN_PORT, timeout=STEP_SECONDS)
    try:
        box.login(unquote(parts.username or ""), unquote(parts.password or ""))
        _expect(box.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'))
        yield box
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            box.logout()


def _new(box: imaplib.IMAP4, now: datetime) -> list[bytes]:
    since = imaplib.Time2Internaldate(now - LOOKED_BACK)[1:12]
    (answer,) = _expect(box.uid("SEARCH", "UNSEEN", "UNKEYWORD", LOOKED_AT, "SINCE", since.strip()))
    uids = [uid for uid in (answer or b"").split() if uid.isdigit()]
    return sorted(uids, key=int, reverse=True)[:MOST_MAILS]


def _first_bytes(box: imaplib.IMAP4, uid: bytes) -> bytes:
    answer = _expect(box.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
    return b"".join(part[1] for part in answer if isinstance(part, tuple))[:MOST_BYTES]


def _mark(box: imaplib.IMAP4, uid: bytes, flag: str) -> None:
    """Mark a mail as done with. Where a server knows no marks of ours, it is looked at again, which changes nothing."""
    box.uid("STORE", uid.decode(), "+FLAGS.SILENT", f"({flag})")


def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise MailboxRefused
    return data
