"""Where mails go: to a mail server, or into a folder of the installation while there is none.

Both are given the mail by a function that is called at the last moment, when the server has accepted sender and
recipient: what it writes down just before the text leaves counts, however the process ends.
"""

import os
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from portal.failpoints import failpoint
from portal.settings import LOOPBACK_NAMES

# RFC 5321, 4.5.3.2 allows a server minutes for an answer; a job has 85 seconds, so a slow one is tried again later.
STEP_SECONDS = 40
ACCEPTED, GO_ON = 250, 354
FINAL = 500


class NotTaken(Exception):
    """The server certainly did not take the mail. `is_final`: it never will. Carries the reply code, never its words."""

    def __init__(self, code: int, *, is_final: bool = False, had_text: bool = False) -> None:
        super().__init__(code)
        self.code, self.is_final, self.had_text = code, is_final, had_text


class Unconfirmed(Exception):
    """The text left, and no answer came: perhaps it was delivered."""


WriteMail = Callable[[], EmailMessage]


class Transport(Protocol):
    """A way out."""

    def deliver(self, recipient: str, write_mail: WriteMail) -> None:
        """Send what `write_mail` gives, to one recipient. Raises NotTaken or Unconfirmed."""


def transport_for(smtp_url: str | None, sender: str, folder: Path) -> Transport:
    """Choose the way out that the settings name; without a mail server mails are kept in `folder`."""
    return SmtpServer(smtp_url, sender) if smtp_url else MailFolder(folder)


class MailFolder:
    """One file a mail, named by its Message-ID, so that a repetition replaces it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, recipient: str, write_mail: WriteMail) -> None:
        """Write the mail beside its name and move it there: it is there whole or not at all."""
        mail = write_mail()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        beside = self._folder / f".{name}.{os.getpid()}.part"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(mail.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        failpoint("mail.data_sent")
        beside.rename(self._folder / f"{name}.eml")


class SmtpServer:
    """A mail server by its address: `smtps://` from the first byte encrypted, `smtp://` by STARTTLS.

    Plain text is only spoken with a server on this very machine.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._host, self._is_tls = parts.hostname or "localhost", parts.scheme == "smtps"
        self._port = parts.port or (465 if self._is_tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = parseaddr(sender)[1]

    def deliver(self, recipient: str, write_mail: WriteMail) -> None:
        """Hand the mail to the server; at most about 85 seconds, the job's own end."""
        try:
            server = self._connect()
        except smtplib.SMTPResponseException as error:
            raise NotTaken(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(0) from error
        try:
            self._announce(server, recipient)
            self._send_text(server, write_mail)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        own_name = self._sender.rpartition("@")[2] or "localhost"
        context = ssl.create_default_context()
        failpoint("mail.connect")
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, own_name, timeout=STEP_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, own_name, timeout=STEP_SECONDS)
        server.ehlo_or_helo_if_needed()
        if not self._is_tls and (server.has_extn("starttls") or self._host not in LOOPBACK_NAMES):
            server.starttls(context=context)
            server.ehlo()
        if self._user:
            server.login(self._user, self._password)
        return server

    def _announce(self, server: smtplib.SMTP, recipient: str) -> None:
        options = ["SMTPUTF8", "BODY=8BITMIME"] if not recipient.isascii() else []
        try:
            for code, _ in (server.mail(self._sender, options), server.rcpt(recipient)):
                if code // 10 != ACCEPTED // 10:
                    raise NotTaken(code, is_final=code >= FINAL)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise NotTaken(0) from error

    def _send_text(self, server: smtplib.SMTP, write_mail: WriteMail) -> None:
        try:
            code, _ = server.docmd("data")
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(0) from error
        if code != GO_ON:
            raise NotTaken(code, is_final=code >= FINAL)
        text = write_mail().as_bytes()
        try:
            server.send(_dot_stuffed(text))
            failpoint("mail.data_sent")
            code, _ = server.getreply()
        except (
            Exception
        ) as error:  # whatever cut the line, and be it the job's alarm: the text was on its way
            raise Unconfirmed from error
        if code != ACCEPTED:
            raise NotTaken(code, is_final=code >= FINAL, had_text=True)
        failpoint("mail.acknowledged")


def _dot_stuffed(text: bytes) -> bytes:
    """Quote lines that begin with a dot, and end with the lone one (RFC 5321, 4.5.2). `text` has CRLF line ends."""
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return (
        (b"." if text.startswith(b".") else b"")
        + stuffed
        + (b"" if text.endswith(b"\r\n") else b"\r\n")
        + b".\r\n"
    )
