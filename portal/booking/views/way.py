"""What a visitor's link says, read once: the article, the therapist, the zone, the time. Nothing of it is believed."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from flask import request

from portal.blog.models import Post
from portal.blog.queries import find_post
from portal.booking.rules import parse_start
from portal.diary.offers import Offer
from portal.diary.queries import Bookable, list_bookable, load_offer
from portal.diary.rules import SlotNotOffered
from portal.errors import NotFound
from portal.marks import Mark
from portal.transaction import current_session
from portal.web.marks import current_mark, mark_token
from portal.zones import UnknownZone, parse_zone


@dataclass
class Way:
    """How a visitor came here, and with whom the consultation would be. Loads what is asked for, once.

    `zone_asked`: as the link has it, "" if it says nothing.
    """

    now: datetime
    therapists: list[Bookable]
    chosen: Bookable
    mark: Mark | None
    post: Post | None
    zone_asked: str

    @cached_property
    def offer(self) -> Offer:
        """Load what the therapist offers. Three statements."""
        return load_offer(current_session(), self.chosen, self.now)

    @property
    def therapist_id(self) -> UUID:
        """Name the therapist by the person's id."""
        return self.chosen.therapist.person_id

    @property
    def is_zone_known(self) -> bool:
        """Tell whether the link names a zone, and one that exists."""
        return _is_zone(self.zone_asked)

    @property
    def zone(self) -> str:
        """Give the zone that times are shown in: the reader's, or as long as it is unknown the therapist's."""
        return self.zone_asked if self.is_zone_known else self.chosen.therapist.zone

    def carried(self, **more: str) -> dict[str, str]:
        """Give what the next link has to carry, so that nothing needs a cookie."""
        kept = {"zone": self.zone_asked if self.is_zone_known else ""}
        if self.mark is not None:
            kept["from"] = mark_token(self.mark)
        if len(self.therapists) > 1:
            kept["with"] = str(self.therapist_id)
        return {name: text for name, text in (kept | more).items() if text}


def read_way(now: datetime) -> Way | None:
    """Read the link of the present request; None as long as no therapist can be booked. Two statements.

    Raises NotFound for a therapist who cannot be booked.
    """
    therapists = list_bookable(current_session())
    if not therapists:
        return None
    mark = current_mark()
    post = _post(mark)
    zone = request.args.get("zone", "")
    return Way(now, therapists, _choose(therapists, request.args.get("with", ""), post), mark, post, zone)


def asked_start() -> datetime:
    """Read the time that the form, or else the link, names. Raises SlotNotOffered if there are none or several."""
    starts = request.form.getlist("start") or request.args.getlist("start")
    if len(starts) != 1:
        raise SlotNotOffered
    return parse_start(starts[0])


def _choose(therapists: list[Bookable], wanted: str, post: Post | None) -> Bookable:
    by_id = {str(one.therapist.person_id): one for one in reversed(therapists)}
    if wanted:
        if wanted not in by_id:
            raise NotFound("therapist")
        return by_id[wanted]
    author = str(post.author.person_id) if post is not None else ""
    return by_id.get(author, therapists[0])


def _post(mark: Mark | None) -> Post | None:
    """Find the article by which the visitor came last."""
    if mark is None or mark.last_post_id is None:
        return None
    return find_post(current_session(), mark.last_post_id)


def _is_zone(text: str) -> bool:
    try:
        parse_zone(text)
    except UnknownZone:
        return False
    return True
