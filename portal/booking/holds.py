"""Times kept while somebody fills in a form: ten minutes, renewed once (product decision 22).

A hold belongs to a form, not to a person: nothing about whoever holds is stored. It is a courtesy, not a lock: who books
without one is served the same. The database ends it by time (BKG-05); nobody has to be there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from portal.booking.models import SlotHold
from portal.booking.queries import form_code
from portal.booking.rules import HoldRenewed, TooManyHolds, new_code
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.offers import Offer
from portal.diary.queries import find_offer
from portal.diary.rules import Slot, SlotNotOffered
from portal.diary.service import hold_diary, occupy, release

HOLD = timedelta(minutes=10)  # product decision 22
MOST_HELD = (
    20  # our choice, of one diary at a time: more people than ever write at once, fewer times than a week has
)
TRACE = timedelta(days=1)  # our choice: long enough to look into a complaint, and nobody is named


@dataclass(frozen=True, slots=True)
class WantedTime:
    """A time that a form asks for. Without a type or a place the first one counts."""

    therapist_id: UUID
    starts_at: datetime
    type_id: UUID | None = None
    place_id: UUID | None = None


# Written once: each page of the form asks.
_LIVE_HOLD = select(SlotHold).where(
    SlotHold.form_code == bindparam("code"), SlotHold.expires_at > bindparam("now")
)


def find_hold(session: Session, form_id: UUID, now: datetime) -> SlotHold | None:
    """Find what this form holds at present. One statement; for whoever has the form's own random id."""
    return session.scalar(_LIVE_HOLD, {"code": form_code(session, form_id), "now": now})


def has_held(session: Session, form_id: UUID) -> bool:
    """Tell whether this form holds a time, or did until a short while ago. One statement."""
    row = select(SlotHold.id).where(SlotHold.form_code == form_code(session, form_id))
    return session.scalar(row) is not None


def hold_time(session: Session, wanted: WantedTime, *, form_id: UUID, now: datetime) -> SlotHold:
    """Keep a time for a form for ten minutes; another time that it held is free again. Held already: left as it is.

    About ten statements, all of them behind the queue for this diary.

    Raises:
        SlotTaken: somebody was faster; what the form held before stays.
        SlotNotOffered: nobody offers this time, whatever the form says.
        TooManyHolds: enough of this diary is held; the time can be booked without.
    """
    hold_diary(session, wanted.therapist_id, now)
    held = _kept(session, form_id, now)
    offer, slot = offered_slot(session, wanted, held, now)
    if held is not None and is_room_of(held, offer, slot):
        return _of(session, form_id)
    if held is None and _number_held(session, wanted.therapist_id, now) >= MOST_HELD:
        raise TooManyHolds(str(wanted.therapist_id))
    let_go(session, form_id)
    occupied = take(session, offer, slot, kind=OccupiedKind.HOLD, expires_at=now + HOLD)
    hold = SlotHold(
        therapist_id=wanted.therapist_id, occupied_id=occupied.id, starts_at=slot.start, expires_at=now + HOLD,
        form_code=form_code(session, form_id),
    )  # fmt: skip
    session.add(hold)
    session.flush()
    return hold


def renew_hold(session: Session, wanted: WantedTime, *, form_id: UUID, now: datetime) -> SlotHold:
    """Keep the time ten minutes more, once; one that has run out meanwhile is held anew if it is still free.

    Raises:
        HoldRenewed: this was done before; the hold goes on until its end.
        SlotTaken, SlotNotOffered: it had run out, and cannot be had again.
    """
    hold_diary(session, wanted.therapist_id, now)
    hold = find_hold(session, form_id, now)
    if hold is None or hold.starts_at != wanted.starts_at:
        return hold_time(session, wanted, form_id=form_id, now=now)
    if hold.is_renewed:
        raise HoldRenewed(str(hold.id))
    hold.is_renewed, hold.expires_at = True, now + HOLD
    session.get_one(OccupiedInterval, hold.occupied_id).expires_at = now + HOLD
    session.flush()
    return hold


def let_go(session: Session, form_id: UUID) -> None:
    """Free whatever a form holds or held. Nothing happens if that is nothing."""
    for hold in session.scalars(select(SlotHold).where(SlotHold.form_code == form_code(session, form_id))):
        occupied = session.get_one(OccupiedInterval, hold.occupied_id)
        if occupied.kind is OccupiedKind.HOLD and not occupied.is_released:
            release(session, occupied)
        session.delete(hold)
    session.flush()


def claim_held(session: Session, form_id: UUID, now: datetime) -> OccupiedInterval | None:
    """Hand over what a form holds, to be booked: the hold is over, its time stays taken."""
    occupied = _kept(session, form_id, now)
    session.execute(delete(SlotHold).where(SlotHold.form_code == form_code(session, form_id)))
    return occupied


def offered_slot(
    session: Session, wanted: WantedTime, kept: OccupiedInterval | None, now: datetime
) -> tuple[Offer, Slot]:
    """Find the slot once more among what is offered (BKG-01), leaving aside what is kept for this very form.

    How soon before it begins a time may be booked is judged by when it was kept. Five statements.
    Raises SlotTaken, SlotNotOffered.
    """
    offer = find_offer(
        session, now, wanted.therapist_id, type_id=wanted.type_id, place_id=wanted.place_id,
        ignoring=kept.id if kept is not None else None,
    )  # fmt: skip
    if offer is None:
        raise SlotNotOffered(str(wanted.therapist_id))
    is_kept = kept is not None and kept.starts_at <= wanted.starts_at < kept.ends_at
    return offer, offer.slot(wanted.starts_at, kept.created_at if kept is not None and is_kept else now)


def is_room_of(occupied: OccupiedInterval, offer: Offer, slot: Slot) -> bool:
    """Tell whether a kept time is just what this slot needs: the same start, length, room around it and place."""
    return (occupied.therapist_id, occupied.starts_at, occupied.ends_at, occupied.place_id) == (
        offer.therapist_id,
        slot.start - timedelta(minutes=offer.kind.buffer_before_minutes),
        slot.end + timedelta(minutes=offer.kind.buffer_after_minutes),
        offer.place.id if offer.place is not None else None,
    )


def take(
    session: Session, offer: Offer, slot: Slot, *, kind: OccupiedKind, expires_at: datetime | None = None
) -> OccupiedInterval:
    """Take a slot with the room that its type wants around it. Raises SlotTaken."""
    return occupy(
        session,
        therapist_id=offer.therapist_id,
        starts_at=slot.start,
        ends_at=slot.end,
        kind=kind,
        code=new_code(),
        buffer_before_minutes=offer.kind.buffer_before_minutes,
        buffer_after_minutes=offer.kind.buffer_after_minutes,
        place_id=offer.place.id if offer.place is not None else None,
        type_id=offer.type_id,
        expires_at=expires_at,
    )


def forget_holds(session: Session, now: datetime) -> None:
    """Remove holds that have run out, and a day later what they had occupied; for the sweeper. Two statements."""
    session.execute(delete(SlotHold).where(SlotHold.expires_at <= now - HOLD))
    session.execute(
        delete(OccupiedInterval)
        .where(OccupiedInterval.kind == OccupiedKind.HOLD, OccupiedInterval.expires_at <= now - TRACE)
        .where(OccupiedInterval.id.not_in(select(SlotHold.occupied_id)))
        .execution_options(synchronize_session=False)
    )


def _number_held(session: Session, therapist_id: UUID, now: datetime) -> int:
    live = select(func.count()).where(SlotHold.therapist_id == therapist_id, SlotHold.expires_at > now)
    return session.scalar(live) or 0


def _kept(session: Session, form_id: UUID, now: datetime) -> OccupiedInterval | None:
    return session.scalar(
        select(OccupiedInterval)
        .join(SlotHold, SlotHold.occupied_id == OccupiedInterval.id)
        .where(SlotHold.form_code == form_code(session, form_id), SlotHold.expires_at > now)
        .where(OccupiedInterval.is_released.is_(False))
    )


def _of(session: Session, form_id: UUID) -> SlotHold:
    return session.scalars(select(SlotHold).where(SlotHold.form_code == form_code(session, form_id))).one()
