"""What a visitor's link says, read once: how they came, with whom, what, where, in which zone. Nothing of it is believed."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from flask import request

from portal.blog.models import Post
from portal.blog.queries import find_post
from portal.booking.holds import WantedTime, find_hold
from portal.booking.models import Consultation, SlotHold
from portal.booking.queries import find_sent
from portal.booking.rules import ConsultationStatus, parse_start
from portal.booking.views.area import signer
from portal.diary.models import PlaceKind, PlaceRow
from portal.diary.offers import Offer
from portal.diary.queries import Bookable, list_bookable, load_offer
from portal.diary.rules import Slot, SlotNotOffered
from portal.errors import NotFound
from portal.marks import Mark
from portal.practice.models import Therapist
from portal.security.tokens import TokenRefused
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session
from portal.web.marks import current_mark, mark_token
from portal.zones import UnknownZone, parse_zone

YES = "y"


@dataclass
class Way:
    """How a visitor came here, and what the consultation would be. Loads what is asked for, once.

    `zone_asked`: as the link has it, "" if it says nothing. `form_id`: of the form that the visitor has open, if any.
    `may_book`: the visitor has answered the questions that come before everything else.
    """

    now: datetime
    bookable: list[Bookable]
    chosen: Bookable
    place: PlaceRow | None
    mark: Mark | None
    zone_asked: str
    form_id: UUID | None
    may_book: bool

    @cached_property
    def hold(self) -> SlotHold | None:
        """Find what the form holds. One statement if there is a form."""
        return find_hold(current_session(), self.form_id, self.now) if self.form_id else None

    @cached_property
    def sent(self) -> Consultation | None:
        """Find what the form has booked already. One statement if there is a form."""
        return find_sent(current_session(), self.form_id) if self.form_id else None

    @cached_property
    def offer(self) -> Offer:
        """Load what the therapist offers, leaving aside what is kept for this very form. Three statements or four."""
        return load_offer(current_session(), self.chosen, self.now, place=self.place, ignoring=self._kept)

    @property
    def therapist_id(self) -> UUID:
        """Name the therapist by the person's id."""
        return self.chosen.therapist.person_id

    @property
    def therapists(self) -> list[Therapist]:
        """List whom visitors can book, each once."""
        return list({one.therapist.person_id: one.therapist for one in self.bookable}.values())

    @property
    def types(self) -> list[Bookable]:
        """List what the chosen therapist offers."""
        return [one for one in self.bookable if one.therapist.person_id == self.therapist_id]

    @property
    def is_zone_known(self) -> bool:
        """Tell whether the link names a zone, and one that exists."""
        return is_zone(self.zone_asked)

    @property
    def zone(self) -> str:
        """Give the visitor's zone, as long as it is unknown the therapist's."""
        return self.zone_asked if self.is_zone_known else self.chosen.therapist.zone

    @property
    def is_in_person(self) -> bool:
        """Tell whether the visitor would come to a room; its clocks decide then."""
        return self.place is not None and self.place.kind is PlaceKind.ROOM

    def zones(self, own: str) -> tuple[str, str]:
        """Give the zone that times are shown in, and the one beside it: of a room its own comes first."""
        there = self.offer.zone.key
        return (there, own) if self.is_in_person else (own, there)

    def holds(self, start: datetime) -> bool:
        """Tell whether the form holds the time that starts then."""
        return self.hold is not None and self.hold.starts_at == start

    @property
    def _kept(self) -> UUID | None:
        """Name what the form holds in the diary, or what waits there for the code from its mail."""
        if self.hold is not None:
            return self.hold.occupied_id
        if self.sent is None or self.sent.status is not ConsultationStatus.UNVERIFIED:
            return None
        return self.sent.occupied_id

    def slot(self, start: datetime) -> Slot:
        """Find the slot that starts then; what is held was in time when it was held. Raises SlotTaken, SlotNotOffered."""
        held = self.hold if self.holds(start) else None
        return self.offer.slot(start, held.created_at if held is not None else self.now)

    def take_form(self, form_id: UUID) -> None:
        """Go on with this form, whatever the link named."""
        if form_id != self.form_id:
            self.form_id = form_id
            self.forget()

    def forget(self) -> None:
        """Load hold, booking and offer anew when they are next asked for, because something was written meanwhile."""
        for name in ("hold", "sent", "offer"):
            self.__dict__.pop(name, None)

    def wanted(self, start: datetime) -> WantedTime:
        """Say which time of what, and where, is asked for."""
        place_id = self.place.id if self.place is not None else None
        return WantedTime(self.therapist_id, start, self.chosen.type.id, place_id)

    def carried(self, **more: str) -> dict[str, str]:
        """Give what the next link has to carry, so that nothing needs a cookie. An empty word drops one."""
        kept = {"zone": self.zone_asked if self.is_zone_known else "", "may": YES if self.may_book else ""}
        if self.mark is not None:
            kept["from"] = mark_token(self.mark)
        if len(self.therapists) > 1:
            kept["with"] = str(self.therapist_id)
        if len(self.types) > 1:
            kept["type"] = str(self.chosen.type.id)
        if self.place is not None and len(self.chosen.places) > 1:
            kept["at"] = str(self.place.id)
        if self.form_id is not None:
            kept["form"] = signer().sign_id(TokenPurpose.BOOKING_FORM, self.form_id)
        return {name: text for name, text in (kept | more).items() if text}


def read_way(now: datetime) -> Way | None:
    """Read the link of the present request; None as long as no therapist can be booked. Two statements.

    Raises NotFound for a therapist who cannot be booked. A type or a place that is gone only falls back to the first.
    """
    bookable = list_bookable(current_session())
    if not bookable:
        return None
    mark, asked = current_mark(), request.args
    chosen = _choose(bookable, asked.get("with", ""), asked.get("type", ""), mark)
    return Way(
        now=now,
        bookable=bookable,
        chosen=chosen,
        place=_place(chosen, asked.get("at", "")),
        mark=mark,
        zone_asked=asked.get("zone", ""),
        form_id=read_form_id(asked.get("form", "")),
        may_book=asked.get("may") == YES,
    )


def asked_start() -> datetime:
    """Read the time that the form, or else the link, names. Raises SlotNotOffered if there are none or several."""
    starts = request.form.getlist("start") or request.args.getlist("start")
    if len(starts) != 1:
        raise SlotNotOffered
    return parse_start(starts[0])


def read_form_id(token: str) -> UUID | None:
    """Read which form is meant; None for what was not signed here."""
    try:
        return signer().read_id(TokenPurpose.BOOKING_FORM, token) if token else None
    except TokenRefused:
        return None


def _choose(bookable: list[Bookable], therapist: str, type_: str, mark: Mark | None) -> Bookable:
    if therapist:
        bookable = [one for one in bookable if str(one.therapist.person_id) == therapist]
        if not bookable:
            raise NotFound("therapist")
    elif (post := _post(mark)) is not None:
        bookable = [one for one in bookable if one.therapist.person_id == post.author.person_id] or bookable
    return next((one for one in bookable if str(one.type.id) == type_), bookable[0])


def _place(chosen: Bookable, wanted: str) -> PlaceRow | None:
    fallback = chosen.places[0] if chosen.places else None
    return next((place for place in chosen.places if str(place.id) == wanted), fallback)


def _post(mark: Mark | None) -> Post | None:
    """Find the article by which the visitor came last."""
    if mark is None or mark.last_post_id is None:
        return None
    return find_post(current_session(), mark.last_post_id)


def is_zone(text: str | None) -> bool:
    """Tell whether this is the id of a time zone."""
    try:
        parse_zone(text or "")
    except UnknownZone:
        return False
    return True
