"""What counts as a mail of ours that came back for good: our own id, a final failure, and nothing else."""

import json
from uuid import UUID

import pytest

from portal.notices.bounces import MOST_REPORTED, bounced_in_mail, bounced_in_report

DOMAIN = "practice.example.org"
OURS = UUID("6f1f3c3e-57b0-4a39-8f5c-2b8c0a6a9a11")
OUR_ID = f"<{OURS}@{DOMAIN}>"


def report(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    message_id: str = OUR_ID,
    returned: str = "message/rfc822",
) -> bytes:
    """Write a delivery report as in RFC 3464, appendix E."""
    return (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: hello@practice.example.org\r\nSubject: Undelivered\r\n"
        "Message-ID: <20261121.1@mx.example.com>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; us@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--B\r\nContent-Type: {returned}\r\n\r\n"
        f"From: hello@practice.example.org\r\nMessage-ID: {message_id}\r\nSubject: Hello\r\n\r\nText.\r\n--B--\r\n"
    ).encode()


def plain(body: str) -> bytes:
    return f"From: MAILER-DAEMON@mx.example.com\r\nContent-Type: text/plain\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "raw",
    [
        report(),
        report(returned="text/rfc822-headers"),
        report(action="Failed", status="5.7.26"),
        report() + b"x" * 2_000_000,
        plain(f"550 5.1.1 no such user\n\n--- headers ---\nMessage-ID: {OUR_ID}\nSubject: x\n"),
    ],
)
def test_a_final_failure_of_ours_is_understood(raw: bytes) -> None:
    assert bounced_in_mail(raw, DOMAIN) == {OURS}


@pytest.mark.parametrize(
    "raw",
    [
        report(action="delayed", status="4.4.7"),
        report(action="failed", status="4.2.2"),
        report(action="delivered", status="2.1.5"),
        report(action="delayed", status="4.4.7").replace(b"It could", f"550 Message-ID: {OUR_ID}".encode()),
        report(message_id=f"<{OURS}@evil.example>"),
        report(message_id="<1@practice.example.org>"),
        report(message_id=f"<{OURS}@{DOMAIN}> <x@y>"),
        plain(f"I am away until Monday, room 550.\n\n> On Friday you wrote {OUR_ID}"),
        plain(f"Message-ID: {OUR_ID}\nThank you!"),
        f"Message-ID: {OUR_ID}\r\nContent-Type: text/plain\r\n\r\n550 5.1.1".encode(),
        b"",
        b"\xff\xfe\x00" * 1_000,
        b"Content-Type: multipart/report; boundary=B\r\n\r\n" + b"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" * 3_000,
        b"Content-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        report().replace(b"boundary=", b"boundary*=utf-99'"),
    ],
)  # fmt: skip
def test_everything_else_is_nothing_and_breaks_nothing(raw: bytes) -> None:
    assert bounced_in_mail(raw, DOMAIN) == set()


@pytest.mark.parametrize("kind", ["permanent", "HardBounce", "hard_bounce", "failed", "Permanent"])
def test_a_mail_services_word_for_good_is_understood(kind: str) -> None:
    assert bounced_in_report({"message_id": OUR_ID, "kind": kind}, DOMAIN) == {OURS}
    assert bounced_in_report([{"message_id": OUR_ID.strip("<>"), "kind": kind}], DOMAIN) == {OURS}


@pytest.mark.parametrize(
    "said",
    [
        None, 7, "permanent", {}, [], [[]], {"message_id": OUR_ID}, {"message_id": OUR_ID, "kind": "soft"},
        {"message_id": OUR_ID, "kind": ["permanent"]}, {"message_id": 7, "kind": "permanent"},
        {"message_id": f"<{OURS}@other.example>", "kind": "permanent"}, {"message_id": "<" * 100_000, "kind": "permanent"},
        [{"kind": "permanent"}] * MOST_REPORTED + [{"message_id": OUR_ID, "kind": "permanent"}],
        json.loads("[" * 500 + "]" * 500),
    ],
)  # fmt: skip
def test_any_other_report_is_nothing(said: object) -> None:
    assert bounced_in_report(said, DOMAIN) == set()
