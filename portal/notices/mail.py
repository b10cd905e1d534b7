"""The mail itself: one recipient, neutral words, text and simple HTML, nothing loaded from anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from portal.notices.rules import FACTS, absolute_link

Render = Callable[..., str]
Thing = tuple[str, dict[str, str]]
LINKS = frozenset({"link", "not_me"})


class AddressRefused(ValueError):
    """The recipient is not one plain address."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails of an installation have in common. `sender` is also where answers go; `language`: a BCP 47 tag."""

    sender: str
    public_url: str
    language: str = "en-GB"

    @property
    def domain(self) -> str:
        """The sender's domain, under which message ids are unique."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"


def compose(
    things: Sequence[Thing],
    *,
    message_id: UUID,
    recipient: str,
    letterhead: Letterhead,
    now: datetime,
    render: Render,
) -> EmailMessage:
    """Write one mail that says one or more things.

    The Message-ID follows from `message_id`: should a crash send it twice, the second is recognisable as the same.

    Raises:
        AddressRefused: the recipient is not one address.
        FactRefused: a link leads elsewhere.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = letterhead.sender
    mail["Reply-To"] = letterhead.sender
    mail["To"] = _one_address(recipient)
    mail["Subject"] = _subject(things, render)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id}@{letterhead.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    said = [(kind, _known(kind, facts, letterhead)) for kind, facts in things]
    not_me = list(dict.fromkeys(facts["not_me"] for _, facts in said if facts.get("not_me")))
    around = {"things": said, "not_me": not_me, "home": letterhead.public_url}
    mail.set_content(render("emails/frame.txt", **around))
    html = render("emails/frame.html", **around, language=letterhead.language)
    mail.add_alternative(html, subtype="html")
    _attach_calendars(mail, [facts["ics"] for _, facts in things if facts.get("ics")])
    return mail


def compose_text(things: Sequence[Thing], render: Render) -> str:
    """Write one text message: the subject of the mail that it stands for, and the time; nothing else, no link."""
    lines = (": ".join(filter(None, (_subject([thing], render), thing[1].get("when")))) for thing in things)
    return "\n".join(dict.fromkeys(lines))


def _one_address(recipient: str) -> Address:
    try:
        return Address(addr_spec=recipient)
    except (ValueError, IndexError, AttributeError) as error:
        raise AddressRefused from error


def _subject(things: Sequence[Thing], render: Render) -> str:
    if len({kind for kind, _ in things}) > 1:
        return render("emails/several.txt").strip()
    return render(f"emails/{things[0][0]}/subject.txt").strip()


def _known(kind: str, facts: dict[str, str], letterhead: Letterhead) -> dict[str, str]:
    """Fill the optional facts with nothing, and make the links whole."""
    known = dict.fromkeys(FACTS[kind].must | FACTS[kind].may, "") | facts
    for name in LINKS & known.keys():
        if known[name]:
            known[name] = absolute_link(letterhead.public_url, known[name])
    return known


def _attach_calendars(mail: EmailMessage, calendars: Sequence[str]) -> None:
    for number, text in enumerate(calendars, start=1):
        name = "appointment.ics" if number == 1 else f"appointment-{number}.ics"
        mail.add_attachment(
            text.encode(), maintype="text", subtype="calendar", filename=name, params={"charset": "utf-8"}
        )
