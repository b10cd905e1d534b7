"""What a mail may say, to whom it may go and when. Pure.

A mail lies in an inbox that others may read, and its first words show on a locked screen. It therefore names nobody and
nothing, and says no word that a stranger typed: only the facts listed here reach a template.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.people.rules import Card, Channel, next_safe_moment
from portal.zones import parse_zone

FOLD = timedelta(minutes=10)  # product.md decision 12
MOST_PARTS = 20  # a mail that nobody would read to its end is no kindness
MOST_HANDOVERS = 2  # one mail and at most one recognisable duplicate of it (security.md JOB-07)
MOST_FACT_CHARACTERS = 300
MOST_CALENDAR_CHARACTERS = 20_000
FIRST_CHARACTERS = 40  # what a locked screen shows
FORBIDDEN_WORDS = (
    "therap", "couns", "couple", "partner", "spouse", "husband", "wife", "marri", "relationship", "clinic", "patient",
    "client", "session", "exercise", "homework", "assessment", "readiness", "alignment", "questionnaire", "goal", "vision",
    "values", "money", "family", "intimacy", "affair", "conflict", "private", "secret", "note", "summary", "shared", "share",
)  # fmt: skip


class FactRefused(ValueError):
    """A fact that this kind of message does not know, lacks, or may not carry; the name of the fact, never its content."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Which facts a kind of message needs and which it may have."""

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


def _facts(must: str = "", may: str = "") -> Facts:
    return Facts(frozenset(must.split()), frozenset(may.split()))


FACTS: Mapping[str, Facts] = {
    "consultation_booked": _facts("when link", "ics until not_me"),
    "consultation_cancelled": _facts("link", "when ics not_me"),
    "consultation_code": _facts("code", "not_me"),
    "consultation_confirmed": _facts("when link", "ics not_me"),
    "consultation_declined": _facts("link", "when ics not_me"),
    "consultation_message": _facts("link", "not_me"),
    "consultation_missed": _facts("link", "when not_me"),
    "consultation_moved": _facts("when link", "ics not_me"),
    "consultation_reminder": _facts("when link", "not_me"),
    "invitation": _facts("link label", "until"),
    "look_needed": _facts("", "link"),
    "new_item": _facts("", "link"),
    "reset": _facts("link", "until"),
    "security_change": _facts("", "link"),
    "therapist_notice": _facts("", "link"),
    "therapist_request": _facts("", "when link"),
    "waitlist_joined": _facts("link", "not_me"),
    "waitlist_offer": _facts("when link until", "not_me"),
}


def check_facts(kind: str, facts: Mapping[str, str]) -> None:
    """Accept exactly the facts that the templates of `kind` know, each of one short line (a calendar file apart).

    Raises:
        FactRefused: one is unknown, missing, too long, or has line breaks.
    """
    known = FACTS[kind]
    for name in (known.must - facts.keys()) | (facts.keys() - known.must - known.may):
        raise FactRefused(name)
    for name, fact in facts.items():
        most = MOST_CALENDAR_CHARACTERS if name == "ics" else MOST_FACT_CHARACTERS
        if len(fact) > most or (name != "ics" and not fact.isprintable()):
            raise FactRefused(name)


def absolute_link(public_url: str, link: str) -> str:
    """Put the portal's own address before a path; an address of another host never reaches a mail.

    Raises:
        FactRefused: the link is neither a path of ours nor below `public_url`.
    """
    path = link.removeprefix(public_url)
    if not path.startswith("/") or path.startswith("//") or "\\" in path or any(c.isspace() for c in path):
        raise FactRefused("link")
    return public_url + path


# Somebody sits before a page and has just asked for these. They may come outside the safe hours: whoever could ask for them
# to disturb that person learns nothing by their coming. They never take another way than the card names.
ASKED_FOR_NOW = frozenset({"consultation_code", "reset"})
# Nothing but their link or code makes these worth sending, and a text message carries neither.
NO_USE_AS_TEXT = frozenset({"consultation_code", "invitation", "reset"})


def leaving_time(
    card: Card | None, kind: str, *, zone: str, now: datetime, deadline_at: datetime | None
) -> datetime | None:
    """Say when a message may leave the portal by its reader's safe-contact card (CPL-14, NOT-05); None: never.

    This is the one gate of everything that is sent. `zone`: the reader's. No card: now. Never is: portal or calls only; no
    safe hour before `deadline_at`; a text message of a kind that is of no use as one.
    """
    if card is None:
        return now
    is_useless = card.channel is Channel.TEXT and kind in NO_USE_AS_TEXT
    if is_useless or not card.is_written_to:
        return None
    if kind in ASKED_FOR_NOW:
        return now
    safe = next_safe_moment(card.ranges, parse_zone(zone), now)
    is_late = safe is not None and safe > now and deadline_at is not None and safe >= deadline_at
    return None if is_late else safe


def mail_time(last: datetime | None, now: datetime) -> datetime:
    """Say when the next mail to an inbox may leave: now, or ten minutes after the last one."""
    return now if last is None or now - last >= FOLD else last + FOLD


def forbidden_in(text: str) -> list[str]:
    """List the words that tell what this place is about; any part of a longer word counts."""
    folded = text.casefold()
    return [word for word in FORBIDDEN_WORDS if word in folded]
