"""What visitors bring to a first talk from other pages of ours: kept by the area that made it, registered here.

Booking is below such areas, so it knows what was brought only by these functions. It waits for a booking form by the form's
keyed code, becomes the booker's once the booking counts (or waits with them on the waiting list), is shown on the request's page, and goes when the request is erased.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.booking.models import Consultation
from portal.booking.rules import PartnerKnows
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class Brought:
    """What stands on a request's page: the template of one section, and what it shows."""

    template: str
    shown: Any


@dataclass(frozen=True, slots=True)
class Bringer:
    """What an area does with the things that are brought from it.

    `is_waiting`: whether something waits for a form (session, form id, now); one statement.
    `attach`: makes what waits for its form the booker's (session, consultation, now); nothing happens if nothing waits.
    `shown`: what the therapist sees of it on the request's page, None without it; at most two statements.
    `shown_on_list`: the same of everybody on the viewer's waiting list, by person id; at most two statements.
    `forget`: erases it with the booking (session, consultation id).
    `keep`: makes what waits for a form the property of somebody who joins the waiting list with it (session, the form's code,
    person id, how it stands with the partner, now); `hand_on`: gives it to the booking that comes of it (session, person id,
    consultation); `let_go`: erases it with somebody who waits no more (session, person id).
    """

    is_waiting: Callable[[Session, UUID, datetime], bool]
    attach: Callable[[Session, Consultation, datetime], None]
    shown: Callable[[Session, Member, Consultation], Brought | None]
    shown_on_list: Callable[[Session, Member], Mapping[UUID, Brought]]
    forget: Callable[[Session, UUID], None]
    keep: Callable[[Session, bytes, UUID, PartnerKnows, datetime], None]
    hand_on: Callable[[Session, UUID, Consultation], None]
    let_go: Callable[[Session, UUID], None]


_bringers: dict[str, Bringer] = {}


def register_bringer(name: str, bringer: Bringer) -> None:
    """Say who keeps things of one kind; called once, when the area's pages are registered."""
    _bringers[name] = bringer


def has_something_waiting(session: Session, form_id: UUID, now: datetime) -> bool:
    """Tell whether the visitor has chosen to bring something with this form. One statement a kind."""
    return any(one.is_waiting(session, form_id, now) for one in _bringers.values())


def attach_waiting(session: Session, consultation: Consultation, now: datetime) -> None:
    """Let what waits for a form belong to whoever has booked with it; once the booking counts, because until then it may go."""
    for one in _bringers.values():
        one.attach(session, consultation, now)


def brought_along(session: Session, viewer: Member, consultation: Consultation) -> list[Brought]:
    """List what was brought to one of the viewer's own requests."""
    shown = (one.shown(session, viewer, consultation) for one in _bringers.values())
    return [one for one in shown if one is not None]


def brought_to_list(session: Session, viewer: Member) -> dict[UUID, list[Brought]]:
    """List what everybody who waits for a time of the viewer's brought, by person id."""
    found: dict[UUID, list[Brought]] = defaultdict(list)
    for one in _bringers.values():
        for person_id, brought in one.shown_on_list(session, viewer).items():
            found[person_id].append(brought)
    return dict(found)


def keep_for_waiting(
    session: Session, form_code: bytes, person_id: UUID, partner_knows: PartnerKnows, now: datetime
) -> None:
    """Let what waits for a form belong to whoever joins the waiting list with it."""
    for one in _bringers.values():
        one.keep(session, form_code, person_id, partner_knows, now)


def hand_on_brought(session: Session, person_id: UUID, consultation: Consultation) -> None:
    """Let what somebody on the waiting list had brought belong to the booking that came of it."""
    for one in _bringers.values():
        one.hand_on(session, person_id, consultation)


def let_go_of_brought(session: Session, person_id: UUID) -> None:
    """Erase what somebody brought who waits no more."""
    for one in _bringers.values():
        one.let_go(session, person_id)


def forget_brought(session: Session, consultation_id: UUID) -> None:
    """Erase what was brought to a booking."""
    for one in _bringers.values():
        one.forget(session, consultation_id)
