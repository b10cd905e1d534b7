"""What a visitor may send, and what may be done with it. Pure."""

import json
import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from portal.diary.rules import SlotNotOffered
from portal.errors import Conflict
from portal.marks import Mark

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
TOO_QUICK = timedelta(
    seconds=2
)  # our choice: below what filling and reading takes, above what a script needs
CODE_LETTERS = "2346789CDFGHJKMPQRTVWXYZ"  # nothing that reads like something else or spells a word


class ConsultationStatus(StrEnum):
    """A request holds its time until it is answered (product decision 20); without the code from its mail for a short while only."""

    UNVERIFIED = "unverified"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Attendance(StrEnum):
    """Whether one person came."""

    UNKNOWN = "unknown"
    CAME = "came"
    MISSED = "missed"


class EndedBy(StrEnum):
    """Who took a consultation back."""

    VISITOR = "visitor"
    THERAPIST = "therapist"
    DISOWNED = "disowned"  # the inbox's reader said "this was not me"


class DeclineReason(StrEnum):
    """Why a therapist says no; each has a sentence of its own on the visitor's page."""

    FULL = "full"
    TIME = "time"
    FIT = "fit"
    REGION = "region"
    KNOWN = "known"
    OTHER = "other"


class WaitlistState(StrEnum):
    """Where somebody on the waitlist stands."""

    WAITING = "waiting"
    BOOKED = "booked"
    LEFT = "left"


class OfferState(StrEnum):
    """What became of a time that was offered to one person of the waitlist."""

    OPEN = "open"
    TAKEN = "taken"
    REFUSED = "refused"
    EXPIRED = "expired"


class PartnerKnows(StrEnum):
    """Whether the other person knows. Everything but a yes means: no contact with and no mention of the partner."""

    YES = "yes"
    NO = "no"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class MailWords:
    """How mails say what only the web side knows: full addresses, and times in words (instant, zone id).

    The pages take the id of a consultation, for `guest_page` and `not_me_page` of a person, for the waitlist of its entry or offer.
    """

    visitor_page: Callable[[UUID], str]
    guest_page: Callable[[UUID], str]
    therapist_page: Callable[[UUID], str]
    not_me_page: Callable[[UUID], str]
    waitlist_page: Callable[[UUID], str]
    waitlist_offer_page: Callable[[UUID], str]
    when: Callable[[datetime, str], str]


class AlreadyAnswered(Conflict):
    """Somebody has confirmed or declined the request meanwhile."""


class TimeHasPassed(Conflict):
    """What was asked for would have begun already; nobody can be told to come."""


class CodeTooLate(Conflict):
    """The digits from the mail came after the time that was kept for them; the booking is none."""


class TooManyQuestions(Conflict):
    """A booking form asks as many questions already as people are willing to answer."""


class TooManyHolds(Conflict):
    """So many times of one diary are held already that it would look like nobody meant them."""


class HoldRenewed(Conflict):
    """A held time can be renewed once, and was."""


class AlreadySent(Conflict):
    """The same form was sent before, with other answers in it."""


@dataclass(frozen=True, slots=True)
class FormRules:
    """What the practice decides about its booking form. `region_question`: empty for none; `lead_retention_days`: see Practice."""

    asks_of_age: bool
    region_question: str
    demands_mail_code: bool
    lead_retention_days: int


@dataclass(frozen=True, slots=True)
class IntakeReply:
    """What a visitor answered to one question of the practice, in the words in which it was asked."""

    question_id: UUID
    question_words: str
    answer: str


@dataclass(frozen=True, slots=True)
class ConsultationRequest:
    """What a visitor asks for. `form_id` is the same however often one form is sent (BKG-03).

    Without a type or a place the therapist's first one is meant. `mark`: how the visitor came here.
    """

    form_id: UUID
    therapist_id: UUID
    starts_at: datetime
    zone: str
    first_name: str
    email: str
    partner_name: str
    partner_knows: PartnerKnows
    words: str
    phone: str = ""
    reminds_by_text: bool = False
    type_id: UUID | None = None
    place_id: UUID | None = None
    replies: tuple[IntakeReply, ...] = ()
    mark: Mark | None = None

    def fingerprint(self) -> str:
        """Tell two bodies of one form apart. Hexadecimal SHA-256; to be keyed before it is stored."""
        said = (
            self.starts_at.isoformat(),
            self.first_name,
            self.email,
            self.partner_name,
            self.partner_knows,
            self.words,
            self.phone,
            str(self.reminds_by_text),
            str(self.type_id),
            str(self.place_id),
            *(f"{reply.question_id}|{reply.answer}" for reply in self.replies),
        )
        return sha256(json.dumps([str(self.therapist_id), *said]).encode()).hexdigest()


def parse_start(text: str) -> datetime:
    """Read the instant that a link or a form names: whole seconds, UTC, as "2026-11-24T09:00:00Z".

    Raises SlotNotOffered for anything else, because no slot could be meant by it.
    """
    if INSTANT.fullmatch(text) is None:
        raise SlotNotOffered
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SlotNotOffered from None


def new_form_id(now: datetime) -> UUID:
    """Make the id of a form that is about to be shown: random, with the time in front (RFC 9562, version 7)."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    number = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=number)


def is_too_quick(form_id: UUID, now: datetime) -> bool:
    """Tell whether the form came back sooner than a person could have filled it in."""
    shown_at = datetime.fromtimestamp((form_id.int >> 80) / 1000, UTC)
    return now - shown_at < TOO_QUICK


def is_blank(text: str) -> bool:
    """Tell whether nothing would be seen of a name: white space, zero-width and other invisible signs alone (INP-03)."""
    return all(unicodedata.category(sign) in {"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"} for sign in text)


def new_code() -> str:
    """Make the code under which people who may not see names find a consultation: "Consultation 7K3F"."""
    return "Consultation " + "".join(secrets.choice(CODE_LETTERS) for _ in range(4))
