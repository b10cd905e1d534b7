"""The waitlist: who would like a time that is not free, and what is offered to them one after another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Select, func, select, update
from sqlalchemy.orm import Session, joinedload

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.brought import hand_on_brought, keep_for_waiting, let_go_of_brought
from portal.booking.holds import take
from portal.booking.models import Consultation, WaitlistEntry, WaitlistOffer
from portal.booking.queries import form_code
from portal.booking.rules import (
    ConsultationRequest,
    MailWords,
    OfferState,
    PartnerKnows,
    WaitlistState,
)
from portal.booking.service import request_consultation
from portal.booking.standing import erase_before
from portal.booking.telling import not_me
from portal.booking.wishes import (
    MOST_OPEN_OFFERS,
    MOST_UNANSWERED,
    OfferOver,
    Wishes,
    kept_until,
    may_ask_now,
)
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind, PlaceRow
from portal.diary.offers import Offer
from portal.diary.queries import Bookable, list_bookable, load_offer
from portal.diary.rules import Slot, SlotTaken
from portal.diary.service import hold_diary, release
from portal.errors import NotFound
from portal.marks import Mark
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.erasing import erase_person
from portal.people.models import Person
from portal.people.service import add_person
from portal.practice.queries import find_practice
from portal.security.viewer import JobFor, Member, TokenHolder, TokenPurpose, Viewer
from portal.sources.models import Touch
from portal.sources.service import keep_touch

ERASED_AT_ONCE = 50
MOST_READ = 200  # who has waited longest, at a time


@dataclass(frozen=True, slots=True)
class WaitlistRequest:
    """What a visitor asks for. `form_id` is the same however often one form is sent; no place: any."""

    form_id: UUID
    therapist_id: UUID
    type_id: UUID
    place_id: UUID | None
    first_name: str
    email: str
    wishes: Wishes
    partner_knows: PartnerKnows
    mark: Mark | None = None


def visible_to(viewer: Viewer) -> Select[WaitlistEntry]:
    """Start a read of the waitlist from what the viewer may see: the therapist's own, or the one that a link names."""
    match viewer:
        case Member(is_therapist=True):
            return select(WaitlistEntry).where(WaitlistEntry.therapist_id == viewer.person_id)
        case TokenHolder(purpose=TokenPurpose.WAITLIST):
            return select(WaitlistEntry).where(WaitlistEntry.id == viewer.subject_id)
    raise NotFound("waitlist")


def get_entry(session: Session, viewer: Viewer, entry_id: UUID) -> WaitlistEntry:
    """Load one entry with its person. One statement. Raises NotFound for foreign and unknown alike."""
    entry = session.scalar(
        visible_to(viewer).where(WaitlistEntry.id == entry_id).options(joinedload(WaitlistEntry.person))
    )
    if entry is None or entry.person.erased_at is not None:
        raise NotFound(str(entry_id))
    return entry


def list_waiting(session: Session, viewer: Member) -> list[WaitlistEntry]:
    """List who waits for a time of this therapist, longest first. One statement, and one for the keys."""
    return list(
        session.scalars(
            visible_to(viewer)
            .where(WaitlistEntry.state == WaitlistState.WAITING)
            .options(
                joinedload(WaitlistEntry.person),
                joinedload(WaitlistEntry.type),
                joinedload(WaitlistEntry.place),
                joinedload(WaitlistEntry.touch).joinedload(Touch.last_post),
            )
            .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
            .limit(MOST_READ)
        )
    )


def get_offer(session: Session, viewer: TokenHolder) -> WaitlistOffer:
    """Load the offered time that a link names, with its entry and person. One statement. Raises NotFound."""
    if viewer.purpose is not TokenPurpose.WAITLIST_OFFER:
        raise NotFound(str(viewer.subject_id))
    offer = session.scalar(
        select(WaitlistOffer)
        .where(WaitlistOffer.id == viewer.subject_id)
        .options(joinedload(WaitlistOffer.entry).joinedload(WaitlistEntry.person))
    )
    if offer is None or offer.entry.person.erased_at is not None:
        raise NotFound(str(viewer.subject_id))
    return offer


def place_of_offer(session: Session, offer: WaitlistOffer) -> PlaceRow | None:
    """Load where an open offer would take place; None: left open. One statement."""
    return session.scalar(
        select(PlaceRow)
        .join(OccupiedInterval, OccupiedInterval.place_id == PlaceRow.id)
        .where(OccupiedInterval.id == offer.occupied_id)
    )


def open_offer_of(session: Session, entry: WaitlistEntry, now: datetime) -> WaitlistOffer | None:
    """Find the time that is kept for somebody at this moment. One statement."""
    return session.scalar(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry.id,
            WaitlistOffer.state == OfferState.OPEN,
            WaitlistOffer.expires_at > now,
        )
    )


def what_for(session: Session, entry: WaitlistEntry) -> tuple[str, str]:
    """Name the type and the place that somebody waits for; an empty place means any. At most two statements, none for a list's."""
    place = session.get(PlaceRow, entry.place_id) if entry.place_id is not None else None
    return session.get_one(ConsultationTypeRow, entry.type_id).name, place.name if place is not None else ""


def join_waitlist(
    session: Session, viewer: Viewer, wanted: WaitlistRequest, *, mail: MailWords, now: datetime
) -> WaitlistEntry:
    """Put somebody on the list. The same form sent again gives the entry that it made; nothing tells who else waits."""
    sent_before = find_entry_of(session, wanted.form_id)
    if sent_before is not None:
        return sent_before
    person = add_person(session, first_name=wanted.first_name, email=wanted.email, zone=wanted.wishes.zone)
    touch = keep_touch(session, wanted.mark) if wanted.mark is not None else None
    entry = WaitlistEntry(
        therapist_id=wanted.therapist_id,
        type_id=wanted.type_id,
        place_id=wanted.place_id,
        person_id=person.id,
        touch_id=touch.id if touch is not None else None,
        zone=wanted.wishes.zone,
        weekdays=wanted.wishes.weekdays,
        parts=wanted.wishes.parts,
        partner_knows=wanted.partner_knows,
        request_code=form_code(session, wanted.form_id),
        person=person,
    )
    session.add(entry)
    session.flush()
    record_of(session, viewer, Action.WAITLIST_JOINED, entry)
    keep_for_waiting(session, entry.request_code, person.id, entry.partner_knows, now)
    facts = {"link": mail.waitlist_page(entry.id), **not_me(session, person.id, mail)}
    queue_message(session, person, MessageKind.WAITLIST_JOINED, facts, now=now, about=(entry.id, 0))
    return entry


def find_entry_of(session: Session, form_id: UUID) -> WaitlistEntry | None:
    """Find what this very form has asked for already. One statement; for whoever holds the form's own random id."""
    return session.scalar(
        select(WaitlistEntry).where(WaitlistEntry.request_code == form_code(session, form_id))
    )


def leave_waitlist(session: Session, viewer: Viewer, entry: WaitlistEntry, *, now: datetime) -> None:
    """Take somebody off the list; a time that is kept for them is free again. Safe to repeat."""
    hold_diary(session, entry.therapist_id, now)
    session.refresh(entry, ["state"])
    if entry.state is not WaitlistState.WAITING:
        return
    for offer in session.scalars(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry.id, WaitlistOffer.state == OfferState.OPEN
        )
    ):
        _end_offer(session, viewer, offer, OfferState.REFUSED, now)
    entry.state = WaitlistState.LEFT
    let_go_of_brought(session, entry.person_id)
    record_of(session, viewer, Action.WAITLIST_LEFT, entry)
    session.flush()


def refuse_offer(session: Session, viewer: TokenHolder, offer: WaitlistOffer, *, now: datetime) -> None:
    """Free an offered time; the person waits on. Raises OfferOver."""
    hold_diary(session, offer.entry.therapist_id, now)
    _end_offer(session, viewer, offer, OfferState.REFUSED, now)


def take_offer(
    session: Session, viewer: TokenHolder, offer: WaitlistOffer, *, mail: MailWords, now: datetime
) -> Consultation:
    """Book the offered time for the person whom it is kept for, as their own form would; they leave the list.

    Raises:
        OfferOver: it ran out, was refused or taken before.
        SlotTaken, SlotNotOffered: it cannot be had any more although it was kept, as the therapist has closed it.
    """
    entry = offer.entry
    hold_diary(session, entry.therapist_id, now)
    _settle(session, offer, OfferState.TAKEN, now)
    occupied = session.get_one(OccupiedInterval, offer.occupied_id, populate_existing=True)
    consultation = request_consultation(
        session, viewer, _request_for(offer, occupied.place_id), mail=mail, now=now, occupied=occupied
    )
    if entry.touch_id is not None:
        consultation.touch_id = entry.touch_id
        consultation.post_id = session.get_one(Touch, entry.touch_id).last_post_id
    hand_on_brought(session, entry.person_id, consultation)
    entry.state = WaitlistState.BOOKED
    record_of(session, viewer, Action.WAITLIST_OFFER_ENDED, offer)
    session.flush()
    return consultation


def _request_for(offer: WaitlistOffer, place_id: UUID | None) -> ConsultationRequest:
    entry = offer.entry
    return ConsultationRequest(
        form_id=offer.id,
        therapist_id=entry.therapist_id,
        starts_at=offer.starts_at,
        zone=entry.zone,
        first_name=entry.person.first_name,
        email=entry.person.email,
        partner_name="",
        partner_knows=entry.partner_knows,
        words="",
        type_id=entry.type_id,
        place_id=place_id,
    )


def _settle(session: Session, offer: WaitlistOffer, state: OfferState, now: datetime) -> None:
    """Let the first of several answers count, and none that comes too late. Raises OfferOver."""
    settled = session.execute(
        update(WaitlistOffer)
        .where(WaitlistOffer.id == offer.id, WaitlistOffer.state == OfferState.OPEN)
        .where(WaitlistOffer.expires_at > now)
        .values(state=state)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[None]", settled).rowcount != 1:
        raise OfferOver(str(offer.id))
    session.refresh(offer, ["state"])


def _end_offer(
    session: Session, viewer: Viewer, offer: WaitlistOffer, state: OfferState, now: datetime
) -> None:
    if offer.expires_at > now:
        _settle(session, offer, state, now)
    else:
        offer.state = OfferState.EXPIRED
    occupied = session.get_one(OccupiedInterval, offer.occupied_id, populate_existing=True)
    if not occupied.is_released:
        release(session, occupied)
    record_of(session, viewer, Action.WAITLIST_OFFER_ENDED, offer)


def erase_waiting(session: Session, now: datetime) -> int:
    """Erase at most fifty persons of the list who joined it longer ago than the practice keeps leads; return how many.

    They leave the list first. Whose booking came of it is erased by the booking's own rule, with another person.
    """
    practice = find_practice(session)
    if practice is None:
        return 0
    before = erase_before(now, practice.lead_retention_days)
    due = session.scalars(
        select(WaitlistEntry)
        .join(WaitlistEntry.person)
        .where(WaitlistEntry.created_at <= before, Person.erased_at.is_(None))
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .limit(ERASED_AT_ONCE)
    ).all()
    for entry in due:
        leave_waitlist(session, JobFor(entry.id), entry, now=now)
        erase_person(session, entry.person_id, now)
    return len(due)


def therapists_with_waiting(session: Session) -> list[UUID]:
    """List whose waitlist is not empty. One statement, by `ix_waitlist_entry_therapist_id_state`."""
    return list(
        session.scalars(
            select(WaitlistEntry.therapist_id)
            .where(WaitlistEntry.state == WaitlistState.WAITING)
            .distinct()
            .order_by(WaitlistEntry.therapist_id)
        )
    )


def offer_times(session: Session, therapist_id: UUID, *, mail: MailWords, now: datetime) -> int:
    """Offer what is free to who has waited longest and whom it suits; return how many offers were made.

    What nobody answered is free again, and goes to the next. Two sweeps at once are harmless: they queue for the diary.
    Eight statements, three for each type and place that somebody waits for, about fifteen for an offer.
    """
    hold_diary(session, therapist_id, now)
    _end_unanswered(session, therapist_id, now)
    round_ = _Round(session, therapist_id, now)
    made = 0
    for entry in round_.in_turn():
        fit = round_.first_fit(entry)
        if fit is not None and _offer(session, entry, *fit, mail=mail, now=now):
            round_.forget_offers()
            made += 1
            if made >= round_.room:
                break
    return made


def _end_unanswered(session: Session, therapist_id: UUID, now: datetime) -> None:
    """Close what ran out; who did not answer several times is asked no more."""
    over = session.scalars(
        select(WaitlistOffer)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistEntry.therapist_id == therapist_id, WaitlistOffer.state == OfferState.OPEN)
        .where(WaitlistOffer.expires_at <= now)
        .options(joinedload(WaitlistOffer.entry))
    ).all()
    for offer in over:
        _end_offer(session, JobFor(offer.id), offer, OfferState.EXPIRED, now)
        session.flush()
        unanswered = session.scalar(
            select(func.count())
            .select_from(WaitlistOffer)
            .where(WaitlistOffer.entry_id == offer.entry_id, WaitlistOffer.state == OfferState.EXPIRED)
        )
        if (unanswered or 0) >= MOST_UNANSWERED:
            offer.entry.state = WaitlistState.LEFT
            record_of(session, JobFor(offer.entry_id), Action.WAITLIST_LEFT, offer.entry)
    session.flush()


@dataclass
class _Round:
    """One pass over one therapist's list: who is to be asked, and what is free, each loaded when it is needed."""

    session: Session
    therapist_id: UUID
    now: datetime
    loaded: dict[tuple[UUID, UUID | None], tuple[Offer, list[Slot]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.session.execute(
            select(WaitlistOffer.entry_id, WaitlistOffer.starts_at, WaitlistOffer.state, Person.email_code)
            .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
            .join(Person, Person.id == WaitlistEntry.person_id)
            .where(WaitlistEntry.therapist_id == self.therapist_id)
            .where(WaitlistOffer.ends_at > self.now)
        ).all()
        self.seen = {(row.entry_id, row.starts_at) for row in rows}
        self.asked = {row.email_code for row in rows if row.state is OfferState.OPEN}
        self.room = MOST_OPEN_OFFERS - sum(row.state is OfferState.OPEN for row in rows)
        self.bookable = {
            one.type.id: one
            for one in list_bookable(self.session)
            if one.therapist.person_id == self.therapist_id
        }

    def in_turn(self) -> Iterator[WaitlistEntry]:
        """Give who may be asked now, longest waiting first: one open offer an inbox, and nobody at night."""
        if self.room <= 0:
            return
        waiting = self.session.scalars(
            select(WaitlistEntry)
            .join(WaitlistEntry.person)
            .where(WaitlistEntry.therapist_id == self.therapist_id)
            .where(WaitlistEntry.state == WaitlistState.WAITING)
            .where(Person.email_bounced_at.is_(None), Person.erased_at.is_(None))
            .options(joinedload(WaitlistEntry.person))
            .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
            .limit(MOST_READ)
        ).all()
        for entry in waiting:
            code = entry.person.email_code
            if code is None or code in self.asked or not may_ask_now(entry.zone, self.now):
                continue
            yield entry

    def first_fit(self, entry: WaitlistEntry) -> tuple[Offer, Slot] | None:
        """Find the earliest free time that suits, at a place that suits, and that this person has not seen yet."""
        bookable = self.bookable.get(entry.type_id)
        if bookable is None:
            return None
        wishes = Wishes(entry.weekdays, entry.parts, entry.zone)
        fitting = [
            (slot, offer)
            for offer, free in self._offers(bookable, entry.place_id)
            for slot in free
            if wishes.suit(slot.start) and (entry.id, slot.start) not in self.seen
        ]
        if not fitting:
            return None
        slot, offer = min(fitting, key=lambda one: one[0])
        self.asked.add(entry.person.email_code)
        return offer, slot

    def _offers(self, bookable: Bookable, place_id: UUID | None) -> Iterator[tuple[Offer, list[Slot]]]:
        places: list[PlaceRow | None] = [place for place in bookable.places if place_id in {None, place.id}]
        if place_id is None and not places:
            places = [None]
        for place in places:
            key = (bookable.type.id, place.id if place is not None else None)
            if key not in self.loaded:
                offer = load_offer(self.session, bookable, self.now, place=place)
                self.loaded[key] = (offer, self._keepable(offer))
            yield self.loaded[key]

    def _keepable(self, offer: Offer) -> list[Slot]:
        notice = offer.kind.minimum_notice_minutes
        return [
            slot
            for slot in offer.free(self.now)
            if kept_until(slot.start, notice_minutes=notice, now=self.now) is not None
        ]

    def forget_offers(self) -> None:
        """Load anew what is free, after something was taken."""
        self.loaded.clear()


def _offer(
    session: Session, entry: WaitlistEntry, offer: Offer, slot: Slot, *, mail: MailWords, now: datetime
) -> bool:
    """Keep a time for somebody and write to them; False where it was taken after all."""
    until = kept_until(slot.start, notice_minutes=offer.kind.minimum_notice_minutes, now=now)
    assert until is not None  # noqa: S101 - only such times are looked at
    try:
        occupied = take(session, offer, slot, kind=OccupiedKind.OFFER, expires_at=until)
    except SlotTaken:
        return False
    made = WaitlistOffer(
        entry_id=entry.id, occupied_id=occupied.id, starts_at=slot.start, ends_at=slot.end, expires_at=until
    )
    session.add(made)
    session.flush()
    record_of(session, JobFor(entry.id), Action.WAITLIST_OFFERED, made)
    facts = {
        "when": mail.when(slot.start, entry.zone),
        "until": mail.when(until, entry.zone),
        "link": mail.waitlist_offer_page(made.id),
        **not_me(session, entry.person_id, mail),
    }
    queue_message(
        session,
        entry.person,
        MessageKind.WAITLIST_OFFER,
        facts,
        now=now,
        deadline_at=until,
        about=(made.id, 0),
    )
    return True
