"""How long free times take to compute, and the page that shows them, with 5,000 intervals in the way."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.rules import Availability, ConsultationType, Interval, WeeklyHours, free_slots
from portal.diary.service import add_consultation_type, set_weekly_hours
from portal.transaction import transaction
from tests.bench.figures import Figure, milliseconds
from tests.bench.installation import Install
from tests.support.cast import client_of

OCCUPIED = 5000
DAYS = 28
ZONE = ZoneInfo("Europe/London")
KIND = ConsultationType(
    length_minutes=20, buffer_before_minutes=0, buffer_after_minutes=10, minimum_notice_minutes=24 * 60,
    horizon_days=DAYS, step_minutes=30,
)  # fmt: skip
HOURS = [
    WeeklyHours(day, start, end)
    for day in range(5)
    for start, end in ((time(9), time(12)), (time(14), time(17)))
]
PIECE = timedelta(minutes=5)


def measure(install: Install) -> Iterator[Figure]:
    """Measure the rules alone, then the whole page; both with the same diary."""
    now = utc_now().replace(second=0, microsecond=0)
    occupied = occupied_intervals(now)
    yield Figure(f"Free slots of {DAYS} days, {len(occupied):,} occupied", _rules(now, occupied), "ms", 5)
    yield Figure("The booking page, the same diary", _page(install, occupied), "ms", 15)


def occupied_intervals(now: datetime) -> list[Interval]:
    """Fill the time outside office hours, and a corner of each hour within: much is taken and much is free."""
    starts = (now + step * PIECE for step in range(DAYS * 24 * 60))
    taken = (start for start in starts if _is_taken(start))
    return [Interval(start, start + PIECE) for start, _ in zip(taken, range(OCCUPIED), strict=False)]


def _is_taken(start: datetime) -> bool:
    local = start.astimezone(ZONE)
    is_open = local.weekday() < 5 and (9 <= local.hour < 12 or 14 <= local.hour < 17)
    return not is_open or (local.hour % 3 == 0 and local.minute < 30)


def _rules(now: datetime, occupied: list[Interval]) -> float:
    def compute() -> None:
        free_slots(
            availability=[Availability(ZONE, HOURS)], occupied=occupied, away=(), kind=KIND, now=now,
            first_day=now.astimezone(ZONE).date(), days=DAYS,
        )  # fmt: skip

    return milliseconds(compute, 200)


def _page(install: Install, occupied: list[Interval]) -> float:
    installed = install()
    with installed.app.app_context(), transaction() as session:
        fill_diary(session, installed.cast.therapist.person_id, occupied)
    visitor = client_of(installed.app, None)

    def visit() -> None:
        page = visitor.get("/consultations/times", headers={"Accept-Encoding": "br"})
        assert page.status_code == 200, page.status

    return milliseconds(visit, 60)


def fill_diary(session: Session, therapist_id: UUID, occupied: list[Interval]) -> None:
    """Open a therapist's diary to visitors, with this much in it already."""
    set_weekly_hours(session, therapist_id, HOURS)
    add_consultation_type(session, therapist_id, name="Consultation", kind=KIND)
    session.execute(insert(OccupiedInterval), [_row(therapist_id, taken) for taken in occupied])


def _row(therapist_id: UUID, taken: Interval) -> dict[str, object]:
    return {
        "id": uuid4(), "created_at": utc_now(), "therapist_id": therapist_id, "starts_at": taken.start, "ends_at": taken.end,
        "kind": OccupiedKind.MEETING, "code": "Session",
    }  # fmt: skip
