"""The calendar page: what is taken in the next two weeks, by code only (CPL-13)."""

from itertools import groupby

from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.diary.queries import Entry, calendar_of
from portal.diary.views.area import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render
from portal.zones import parse_zone, to_local

DAYS = 14


@blueprint.get("/calendar")
@requires(Permission.DIARY_CALENDAR_VIEW)
def calendar() -> ResponseReturnValue:
    """List the next two weeks day by day: a therapist's own time, for other staff everybody's."""
    viewer, session, now = current_member(), current_session(), utc_now()
    zone_id = get_self(session, viewer).zone
    zone = parse_zone(zone_id)

    def day_of(entry: Entry) -> str:
        return to_local(entry.starts_at, zone).date().isoformat()

    entries = calendar_of(session, viewer, now, days=DAYS)
    days = [(day, list(found)) for day, found in groupby(entries, key=day_of)]
    return render(
        "diary/calendar.html", days=days, zone=zone_id, now=now, shows_therapist=not viewer.is_therapist
    )
