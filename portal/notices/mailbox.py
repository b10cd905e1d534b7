"""Looking into the folder that takes the place of a mail server, so that a demo can be walked through."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

from portal.errors import NotFound


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its reader sees it."""

    id: UUID
    to: str
    subject: str
    sent_at: datetime
    text: str
    attachments: tuple[str, ...]


def list_mails(folder: Path, most: int = 200) -> list[Mail]:
    """List the newest mails first; reads every file."""
    mails = [_read(path) for path in folder.glob("*.eml")]
    return sorted(mails, key=lambda mail: (mail.sent_at, mail.id), reverse=True)[:most]


def get_mail(folder: Path, mail_id: UUID) -> Mail:
    """Read one mail. Raises NotFound."""
    path = folder / f"{mail_id}.eml"
    if not path.is_file():
        raise NotFound(mail_id)
    return _read(path)


def _read(path: Path) -> Mail:
    parsed = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 - the policy says so
    body = parsed.get_body(("plain",))
    return Mail(
        id=UUID(path.stem),
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        sent_at=parsedate_to_datetime(parsed["Date"]),
        text=body.get_content() if body is not None else "",
        attachments=tuple(part.get_filename() or "" for part in parsed.iter_attachments()),
    )
