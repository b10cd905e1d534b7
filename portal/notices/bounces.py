"""Understanding that a mail came back: only by our own Message-ID, and only where it is for good. Pure.

Whoever reads an inbox knows the ids of the mails in it and of no others, so a forged report can at most say that the
forger's own inbox takes no mail.
"""

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.message import Message
from itertools import islice
from typing import Any
from uuid import UUID

MOST_BYTES = 256 * 1024  # of one returned mail; reports and headers stand in front
MOST_PARTS = 50
MOST_REPORTED = 100  # in one call of a mail service
# RFC 3464, 2.3.3: what was not delivered and will not be. RFC 3463, 2: class 5 is a permanent failure.
DELIVERY_STATUS, FAILED = "message/delivery-status", "failed"
PERMANENT_STATUS = re.compile(r"\s*5\.\d{1,3}\.\d{1,3}\b", re.ASCII)
STATUS_IN_TEXT = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])|(?<!\d)55[0-9](?!\d)", re.ASCII)
ID_IN_HEADERS = re.compile(r"^message-id:\s*(<[^<>\s]{1,200}>)", re.ASCII | re.IGNORECASE | re.MULTILINE)
OWN_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([^<>\s@]{1,253})>?", re.ASCII)
# How mail services call what is for good, without case and signs (Postmark, Mailgun, SendGrid, Amazon SES, Mailjet).
KINDS_FOR_GOOD = frozenset(
    {"permanent", "permanentfail", "hard", "hardbounce", "bounce", "failed", "dropped"}
)


def bounced_in_mail(raw: bytes, domain: str) -> set[UUID]:
    """Tell which mails of ours a mail says are returned for good; none where it is anything else.

    `raw`: the first `MOST_BYTES` of it are looked at. `domain`: under which our ids are unique.
    """
    try:
        mail = message_from_bytes(raw[:MOST_BYTES])
        parts = list(islice(mail.walk(), MOST_PARTS))
    except (RecursionError, ValueError, LookupError):  # parts within parts by the thousand, or worse
        return set()
    reports = [part for part in parts if part.get_content_type() == DELIVERY_STATUS]
    if not any(map(_reports_failure, reports) if reports else map(_says_failure, parts)):
        return set()
    return set(_own_ids(_returned_ids(parts), domain))


def bounced_in_report(report: object, domain: str) -> set[UUID]:
    """Tell which mails of ours a mail service reports as returned for good: objects of message_id and kind."""
    reports = report if isinstance(report, list) else [report]
    named = [
        one["message_id"]
        for one in reports[:MOST_REPORTED]
        if isinstance(one, dict) and isinstance(one.get("message_id"), str) and _is_for_good(one.get("kind"))
    ]
    return set(_own_ids(named, domain))


def _is_for_good(kind: Any) -> bool:
    return isinstance(kind, str) and re.sub(r"[^a-z]", "", kind[:50].lower()) in KINDS_FOR_GOOD


def _reports_failure(report: Message) -> bool:
    """Tell whether a delivery report (RFC 3464) is one of a final failure."""
    groups = report.get_payload() if report.is_multipart() else []
    return any(
        str(group.get("Action", "")).strip().lower() == FAILED
        and PERMANENT_STATUS.match(str(group.get("Status", ""))) is not None
        for group in groups
        if isinstance(group, Message)
    )


def _says_failure(part: Message) -> bool:
    """Tell whether a plain text returns a mail with the code of a final failure, as servers without reports do."""
    text = _text_of(part) if part.get_content_type() == "text/plain" else ""
    return ID_IN_HEADERS.search(text) is not None and STATUS_IN_TEXT.search(text) is not None


def _returned_ids(parts: Iterable[Message]) -> Iterator[str]:
    """Give the Message-IDs of what was returned: whole, as headers alone, or in plain text; never of the report itself."""
    for part in parts:
        match part.get_content_type():
            case "message/rfc822":
                returned = part.get_payload() if part.is_multipart() else []
                yield from (str(mail.get("Message-ID", "")) for mail in returned if isinstance(mail, Message))
            case "text/rfc822-headers" | "message/rfc822-headers" | "text/plain":
                yield from ID_IN_HEADERS.findall(_text_of(part))


def _text_of(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError):
        return ""
    return payload.decode("ascii", "replace") if isinstance(payload, bytes) else ""


def _own_ids(named: Iterable[str], domain: str) -> Iterator[UUID]:
    for text in named:
        found = OWN_ID.fullmatch(text.strip())
        if found is not None and found[2].lower() == domain.lower():
            yield UUID(found[1])
