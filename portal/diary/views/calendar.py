"""The calendar page: a day, a week or two weeks of what is taken. By code only (CPL-13), and by link for its therapist."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.diary.agenda import DATES, Grid, View, dates_of, draw, parse_date
from portal.diary.days import whole_day
from portal.diary.entries import (
    DiaryEntry,
    Surroundings,
    clashes_with_leave,
    entries_of,
    surroundings_of,
)
from portal.diary.rules import Interval
from portal.diary.views.area import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render
from portal.zones import parse_zone, to_local

NOTHING = Surroundings((), (), ())


@dataclass(frozen=True, slots=True)
class ListedDay:
    """One date as a list: what begins or goes on there, in order of time."""

    date: date
    lasts: Interval
    entries: tuple[DiaryEntry, ...]
    away: tuple[Interval, ...]
    busy: tuple[Interval, ...]

    @property
    def lines(self) -> list[DiaryEntry | Interval]:
        """Give the entries and what is busy elsewhere, in order of time."""
        return sorted([*self.entries, *self.busy], key=_beginning)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is there."""
        return not (self.entries or self.away or self.busy)


@blueprint.get("/calendar")
@requires(Permission.DIARY_CALENDAR_VIEW)
def calendar() -> ResponseReturnValue:
    """Show a therapist's own time; for other staff everybody's, as a list."""
    viewer, session, now = current_member(), current_session(), utc_now()
    zone_id = get_self(session, viewer).zone
    zone = parse_zone(zone_id)
    today = to_local(now, zone).date()
    view = _asked_view() if viewer.is_therapist else View.LIST
    dates = dates_of(view, parse_date(request.args.get("on", ""), today))
    reach = Interval(whole_day(dates[0], zone).start, whole_day(dates[-1], zone).end)
    entries = entries_of(session, viewer, reach, now)
    around = surroundings_of(session, viewer, reach, dates) if viewer.is_therapist else NOTHING
    return render(
        "diary/calendar.html",
        view=view,
        is_chosen="view" in request.args,
        dates=dates,
        today=today,
        earlier_on=dates[0] - timedelta(days=DATES[view]),
        later_on=dates[0] + timedelta(days=DATES[view]),
        days=_listed(dates, zone, entries, around),
        grid=None if view is View.LIST else _drawn(dates, zone, entries, around),
        clashes=clashes_with_leave(session, viewer, now) if viewer.is_therapist else (),
        is_own=viewer.is_therapist,
        zone=zone_id,
        now=now,
    )


def _asked_view() -> View:
    """Read which view is meant; a word that means none gives the week."""
    asked = request.args.get("view", "")
    return View(asked) if asked in set(View) else View.WEEK


def _drawn(
    dates: Sequence[date], zone: ZoneInfo, entries: Sequence[DiaryEntry], around: Surroundings
) -> Grid[DiaryEntry]:
    return draw(
        dates, zone, entries=[(one.interval, one) for one in entries], opened=around.opened, away=around.away,
        busy=around.busy, now=utc_now(),
    )  # fmt: skip


def _listed(
    dates: Sequence[date], zone: ZoneInfo, entries: Sequence[DiaryEntry], around: Surroundings
) -> list[ListedDay]:
    days = []
    for day in dates:
        lasts = whole_day(day, zone)
        days.append(
            ListedDay(
                day,
                lasts,
                tuple(one for one in entries if _meet(one.interval, lasts)),
                tuple(one for one in around.away if _meet(one, lasts)),
                tuple(one for one in around.busy if _meet(one, lasts)),
            )
        )
    return days


def _beginning(line: DiaryEntry | Interval) -> datetime:
    return line.start if isinstance(line, Interval) else line.starts_at


def _meet(one: Interval, other: Interval) -> bool:
    return one.start < other.end and other.start < one.end
