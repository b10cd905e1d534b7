"""A real IMAP server for a test: pymap, in memory, with one user; mails are put into it by IMAP, too."""

import imaplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import free_port, wait_until

USER, WORD = "demouser", "demopass"


@dataclass(frozen=True, kw_only=True)
class ImapServer:
    """A mailbox that returned mails reach."""

    port: int

    @property
    def url(self) -> str:
        """Write the ``BOUNCES_URL`` of this server."""
        return f"imap://{USER}:{WORD}@127.0.0.1:{self.port}/INBOX"

    @contextmanager
    def open(self) -> Iterator[imaplib.IMAP4]:
        """Sign in as somebody who looks into the mailbox by another program."""
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            box.login(USER, WORD)
            box.select("INBOX")
            yield box
        finally:
            box.logout()

    def deliver(self, raw: bytes) -> None:
        """Let a mail arrive."""
        with self.open() as box:
            status, _ = box.append("INBOX", "", "", raw)
            assert status == "OK"

    def flags(self) -> list[str]:
        """Read the marks of every mail, in order of arrival."""
        with self.open() as box:
            _, answers = box.fetch("1:*", "(FLAGS)")
            return [answer.decode() for answer in answers if isinstance(answer, bytes)]


@contextmanager
def imap_server(folder: Path) -> Iterator[ImapServer]:
    """Run a server on a free port."""
    server = ImapServer(port=free_port())
    command = [
        str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(server.port), "--no-tls", "dict",
    ]  # fmt: skip
    with (
        (folder / "imap.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            wait_until(lambda: _answers(server), "the IMAP server must answer")
            yield server
        finally:
            process.terminate()


def _answers(server: ImapServer) -> bool:
    with suppress(OSError, imaplib.IMAP4.error), server.open():
        return True
    return False
