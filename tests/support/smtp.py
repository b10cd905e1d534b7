"""A real SMTP server for a test: it keeps what it gets, and misbehaves on demand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum, auto

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.processes import free_port


class Mishap(Enum):
    """What goes wrong with each message from now on."""

    NONE = auto()
    BROKEN_TLS = auto()  # promises to encrypt, and cannot
    GREYLIST = auto()  # refused for now, at RCPT
    TRY_LATER = auto()  # refused for now, after DATA
    REFUSE = auto()  # refused for good, after DATA
    DROP_AFTER_DATA = auto()  # kept, yet the sender sees the line cut: a retry is a duplicate
    HANG_AFTER_DATA = auto()  # kept, and never answered


ANSWERS = {
    Mishap.TRY_LATER: "421 4.3.2 Try again later",
    Mishap.REFUSE: "554 5.7.1 Not accepted",
}


@dataclass(frozen=True, kw_only=True)
class Received:
    """One message as the envelope and the lines gave it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw.replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(kw_only=True)
class Mailbox:
    """The messages that arrived, and how to make the server behave: change ``mishap`` and ``delay_seconds``."""

    port: int
    received: list[Received] = field(default_factory=list)
    mishap: Mishap = Mishap.NONE
    delay_seconds: float = 0

    @property
    def url(self) -> str:
        """Write the ``SMTP_URL`` of this server."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """List the messages to one recipient, oldest first."""
        return [one.message for one in self.received if address in one.recipients]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for this name and calls it like this
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        is_broken = self.mishap is Mishap.BROKEN_TLS
        return [*responses[:-1], "250-STARTTLS", responses[-1]] if is_broken else responses

    async def handle_RCPT(  # noqa: N802 - likewise
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.delay_seconds)
        if self.mishap is Mishap.GREYLIST:
            return "451 4.7.1 Please try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        await asyncio.sleep(self.delay_seconds)
        if self.mishap in ANSWERS:
            return ANSWERS[self.mishap]
        self._keep(envelope)
        if self.mishap is Mishap.HANG_AFTER_DATA:
            await asyncio.sleep(3600)
        if self.mishap is Mishap.DROP_AFTER_DATA:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        recipients = tuple(envelope.rcpt_tos)
        self.received.append(Received(sender=envelope.mail_from or "", recipients=recipients, raw=content))


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Run a mail server on this machine for the length of a block."""
    mailbox = Mailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
