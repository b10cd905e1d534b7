"""A therapist's own page: what couples read before they choose."""

from flask.typing import ResponseReturnValue

from portal.blog.queries import latest_posts
from portal.booking.views.area import open_to_all
from portal.clock import utc_now
from portal.diary.models import PlaceRow
from portal.diary.offers import short_name
from portal.diary.queries import Bookable, list_bookable, load_offer
from portal.front.queries import find_portrait
from portal.front.views.area import blueprint
from portal.practice.queries import get_listed
from portal.security.gate import public
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.links import public_link
from portal.web.marks import current_mark, mark_token

MOST_POSTS = 5


@blueprint.get("/therapists/<slug>")
@public("who works here is for everybody")
def therapist(slug: str) -> ResponseReturnValue:
    """Show one therapist: how they work, where, in which languages, for what fees, and when they are free."""
    session, now = current_session(), utc_now()
    found = get_listed(session, slug)
    kinds = [one for one in list_bookable(session) if one.therapist.id == found.id]
    offer = load_offer(session, kinds[0], now, place=next(iter(kinds[0].places), None)) if kinds else None
    mark = current_mark()
    return open_to_all(
        render(
            "front/therapist.html",
            therapist=found,
            name=short_name(found.display_name),
            portrait=find_portrait(session, found.portrait_id),
            languages=[part.strip() for part in found.languages.split(",") if part.strip()],
            kinds=[one.type for one in kinds],
            places=_places(kinds),
            slots=offer.next_by_day(now, 3) if offer else [],
            zone=offer.zone.key if offer else found.zone,
            posts=latest_posts(session, limit=MOST_POSTS, author_id=found.id),
            carried={"from": mark_token(mark)} if mark is not None else {},
            canonical=public_link("front.therapist", slug=slug),
        ),
        is_found=mark is None,
    )


def _places(kinds: list[Bookable]) -> list[PlaceRow]:
    """List the places of all kinds of consultations, each once, in their order."""
    return list({place.id: place for one in kinds for place in one.places}.values())
