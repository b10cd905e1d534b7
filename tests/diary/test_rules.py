"""Which times are offered: one example for each thing that has gone wrong in other booking systems."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from portal.diary.rules import (
    Availability,
    Cap,
    ConsultationType,
    Interval,
    Period,
    Slot,
    SlotNotOffered,
    SlotTaken,
    TimeAway,
    WeeklyHours,
    available_at,
    free_slots,
    host_slot,
    nearest_slots,
    slot_at,
)

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
FIRST_INSTANT, LAST_INSTANT = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TALK = ConsultationType(
    length_minutes=20,
    buffer_before_minutes=0,
    buffer_after_minutes=10,
    minimum_notice_minutes=60,
    horizon_days=60,
    step_minutes=30,
)
MORNING = (WeeklyHours(0, time(9), time(11)),)


def at(text: str) -> datetime:
    """Read "23 09:30" as a time of November 2026 in UTC, which is London time then."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def during(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


def offered(
    hours: tuple[WeeklyHours, ...] = MORNING,
    *,
    zone: ZoneInfo = LONDON,
    occupied: tuple[Interval, ...] = (),
    away: tuple[Interval, ...] = (),
    kind: ConsultationType = TALK,
    now: datetime = NOW,
    first_day: date = MONDAY,
    days: int = 1,
) -> list[str]:
    slots = free_slots(
        availability=[Availability(zone, hours)],
        occupied=occupied,
        away=[TimeAway(interval, None) for interval in away],
        kind=kind,
        now=now,
        first_day=first_day,
        days=days,
    )
    return [f"{slot.start:%H:%M}" for slot in slots]


def test_hours_are_cut_by_the_grid_and_the_last_slot_ends_with_them() -> None:
    assert offered() == ["09:00", "09:30", "10:00", "10:30"]
    assert offered((WeeklyHours(0, time(9), time(9, 49)),)) == ["09:00"]
    assert offered((WeeklyHours(0, time(9), time(9, 50)),)) == ["09:00", "09:30"]


def test_a_period_to_midnight_ends_with_its_day() -> None:
    late = (WeeklyHours(0, time(23), time()),)

    assert offered(late, days=2) == ["23:00", "23:30"]


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        WeeklyHours(0, time(17), time(9))


@pytest.mark.parametrize(
    "wrong", [(0, 0, 0, 0, 0, 30), (20, 0, 0, 0, 0, 0), (20, -1, 0, 0, 0, 30), (20, 0, 0, -1, 0, 1)]
)
def test_a_type_that_cannot_be_booked_is_refused(wrong: tuple[int, int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"at least|not negative"):
        ConsultationType(*wrong)


def test_hours_hold_only_from_their_first_to_their_last_date() -> None:
    hours = (
        WeeklyHours(0, time(9), time(9, 30), valid_from=date(2026, 11, 30), valid_until=date(2026, 12, 7)),
    )

    slots = free_slots(
        availability=[Availability(LONDON, hours)],
        occupied=(),
        away=(),
        kind=TALK,
        now=NOW,
        first_day=MONDAY,
        days=28,
    )

    assert [slot.start.date() for slot in slots] == [date(2026, 11, 30), date(2026, 12, 7)]


def test_two_periods_that_overlap_offer_each_time_once() -> None:
    assert offered((*MORNING, WeeklyHours(0, time(10), time(12)))) == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        "11:30",
    ]


def test_an_occupied_time_takes_away_what_it_touches_and_nothing_beside_it() -> None:
    assert offered(occupied=(during("23 09:30", "23 10:00"),)) == ["09:00", "10:00", "10:30"]
    assert offered(occupied=(during("23 09:29", "23 10:01"),)) == ["10:30"]


def test_the_buffers_keep_clear_of_occupied_time_on_both_sides() -> None:
    roomy = ConsultationType(20, 10, 10, 60, 60, 30)
    booked = (during("23 09:30", "23 10:00"),)

    assert offered(kind=roomy, occupied=booked) == ["09:00", "10:30"]


def test_the_buffers_may_reach_beyond_the_weekly_hours() -> None:
    roomy = ConsultationType(20, 30, 30, 60, 60, 30)

    assert offered((WeeklyHours(0, time(9), time(9, 20)),), kind=roomy) == ["09:00"]


def test_a_long_booking_hides_behind_no_short_one() -> None:
    booked = (during("23 08:00", "23 10:30"), during("23 09:00", "23 09:10"))

    assert offered(occupied=booked) == ["10:30"]


def test_occupied_times_in_any_order_count() -> None:
    booked = (during("23 10:30", "23 11:00"), during("23 09:00", "23 09:30"))

    assert offered(occupied=booked) == ["09:30", "10:00"]


def test_nothing_is_offered_while_the_therapist_is_away() -> None:
    assert offered(away=(during("20 00:00", "23 10:00"),)) == ["10:00", "10:30"]


def test_notice_is_kept_to_the_minute() -> None:
    assert offered(now=at("23 08:30"))[0] == "09:30"
    assert offered(now=at("23 08:31"))[0] == "10:00"


def test_the_horizon_ends_the_offer() -> None:
    near = ConsultationType(20, 0, 10, 0, 2, 30)

    assert offered(kind=near, now=at("21 09:30")) == ["09:00", "09:30"]


def test_weekly_hours_keep_the_clock_of_the_therapist_through_the_change() -> None:
    sundays = (WeeklyHours(6, time(9), time(9, 30)),)
    in_autumn = partial(offered, sundays, zone=NEW_YORK, now=datetime(2026, 10, 10, tzinfo=UTC))

    assert in_autumn(first_day=date(2026, 10, 25)) == ["13:00"]
    assert in_autumn(first_day=date(2026, 11, 1)) == ["14:00"]


def test_the_missing_hour_is_never_offered() -> None:
    night = (WeeklyHours(6, time(0), time(4)),)

    # In London 01:00 to 02:00 does not exist on 29 March 2026; 02:00 there is 01:00 UTC.
    assert offered(night, now=datetime(2026, 3, 20, tzinfo=UTC), first_day=date(2026, 3, 29)) == [
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "02:00",
        "02:30",
    ]


def test_a_slot_may_run_through_the_change_when_the_clocks_go_forward() -> None:
    hour = ConsultationType(60, 0, 0, 0, 60, 30)
    night = (WeeklyHours(6, time(0, 30), time(2, 30)),)

    # Really an hour: from 00:30 to 02:30 by the clock.
    assert offered(night, kind=hour, now=datetime(2026, 3, 20, tzinfo=UTC), first_day=date(2026, 3, 29)) == [
        "00:30"
    ]


def test_the_doubled_hour_is_offered_twice() -> None:
    night = (WeeklyHours(6, time(1), time(2, 30)),)

    # In London 01:00 to 02:00 passes twice on 25 October 2026: from 00:00 UTC in summer time, then from 01:00 UTC.
    assert offered(night, now=datetime(2026, 10, 20, tzinfo=UTC), first_day=date(2026, 10, 25)) == [
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "02:00",
    ]


def test_hours_that_end_within_the_doubled_hour_close_and_open_again() -> None:
    night = (WeeklyHours(6, time(0), time(1, 30)),)

    assert free_slots(
        availability=[Availability(LONDON, night)],
        occupied=(),
        away=(),
        kind=ConsultationType(30, 0, 0, 0, 60, 20),
        now=datetime(2026, 10, 20, tzinfo=UTC),
        first_day=date(2026, 10, 25),
        days=1,
    ) == [
        Slot(start, start + timedelta(minutes=30))
        for start in (
            datetime(2026, 10, 24, 23, tzinfo=UTC),
            datetime(2026, 10, 24, 23, 20, tzinfo=UTC),
            datetime(2026, 10, 24, 23, 40, tzinfo=UTC),
            datetime(2026, 10, 25, 0, tzinfo=UTC),
            datetime(2026, 10, 25, 1, tzinfo=UTC),
        )
    ]


def test_a_first_day_from_an_edited_link_cannot_leave_the_calendar() -> None:
    assert offered(first_day=date.max, days=28) == []
    assert offered(first_day=date.min, days=28) == []
    assert offered(days=0) == []


@pytest.mark.parametrize("text", ["23 09:31", "23 08:30", "23 11:00", "24 09:30"])
def test_an_edited_link_books_nothing_that_is_not_offered(text: str) -> None:
    with pytest.raises(SlotNotOffered):
        slot_at(
            at(text), availability=[Availability(LONDON, MORNING)], occupied=(), away=(), kind=TALK, now=NOW
        )


@pytest.mark.parametrize("start", [FIRST_INSTANT, LAST_INSTANT, at("20 09:00"), at("21 12:30")])
def test_a_start_that_is_past_too_soon_or_absurd_is_not_offered(start: datetime) -> None:
    with pytest.raises(SlotNotOffered):
        slot_at(start, availability=[Availability(LONDON, MORNING)], occupied=(), away=(), kind=TALK, now=NOW)


def test_a_slot_taken_meanwhile_is_told_from_one_that_was_never_offered() -> None:
    booking = partial(
        slot_at, at("23 09:30"), availability=[Availability(LONDON, MORNING)], kind=TALK, now=NOW
    )
    whole = during("23 00:00", "24 00:00")

    assert booking(occupied=(), away=()) == Slot(at("23 09:30"), at("23 09:50"))
    with pytest.raises(SlotTaken):
        booking(occupied=(whole,), away=())
    with pytest.raises(SlotNotOffered):
        booking(occupied=(whole,), away=(TimeAway(whole, None),))


def test_a_start_may_be_named_in_any_zone() -> None:
    start = at("23 09:30").astimezone(ZoneInfo("Asia/Tokyo"))

    slot = slot_at(
        start, availability=[Availability(LONDON, MORNING)], occupied=(), away=(), kind=TALK, now=NOW
    )

    assert slot.start == at("23 09:30")


def test_the_nearest_slots_come_in_order_of_time() -> None:
    slots = [
        Slot(at(text), at(text) + timedelta(minutes=20))
        for text in ("23 08:00", "23 09:00", "23 10:00", "24 09:00")
    ]

    assert nearest_slots(at("23 09:30"), slots) == slots[:3]
    assert nearest_slots(at("23 09:30"), slots, count=1) == slots[1:2]
    assert nearest_slots(at("24 10:00"), slots, count=2) == slots[2:]
    assert nearest_slots(FIRST_INSTANT, [], count=3) == []


def test_the_rules_load_without_the_web_and_the_database() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import portal.diary.days, portal.diary.ics, sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()

    assert "portal.diary.rules" in loaded
    assert not {"flask", "sqlalchemy", "wtforms", "rq", "babel"} & set(loaded)


NINE_TO_TEN, NOON_TO_ONE = Period(time(9), time(10)), Period(time(12), time(13))


def starts_at(availability: tuple[Availability, ...], cap: Cap | None = None, days: int = 1) -> list[str]:
    slots = free_slots(
        availability=availability, occupied=(), away=(), kind=TALK, now=NOW, first_day=MONDAY, days=days, cap=cap
    )  # fmt: skip
    return [f"{slot.start:%d %H:%M}" for slot in slots]


def test_a_special_date_replaces_its_weekly_hours_and_may_close_it() -> None:
    weekly = [WeeklyHours(0, time(9), time(10))]
    closed, moved = {MONDAY: ()}, {MONDAY: [NOON_TO_ONE]}

    assert starts_at((Availability(LONDON, weekly, closed),)) == []
    assert starts_at((Availability(LONDON, weekly, moved),)) == ["23 12:00", "23 12:30"]
    assert starts_at((Availability(LONDON, weekly, {date(2026, 11, 30): ()}),)) == ["23 09:00", "23 09:30"]


def test_hours_of_a_place_come_on_top_by_its_own_clocks_and_its_special_dates_outweigh_all() -> None:
    own = Availability(LONDON, [WeeklyHours(0, time(9), time(10))])
    there = Availability(NEW_YORK, [WeeklyHours(0, time(9), time(10))])
    special = Availability(NEW_YORK, there.weekly, {MONDAY: [NINE_TO_TEN]})

    assert available_at(own, Availability(NEW_YORK, [])) == (own,)
    assert starts_at(available_at(own, there)) == ["23 09:00", "23 09:30", "23 14:00", "23 14:30"]
    assert starts_at(available_at(own, special)) == ["23 14:00", "23 14:30"]
    closed = Availability(LONDON, own.weekly, {MONDAY: ()})
    assert starts_at(available_at(closed, there)) == []
    assert starts_at(available_at(closed, special)) == ["23 14:00", "23 14:30"]


def test_a_cap_counts_dates_and_weeks_from_monday_by_the_therapists_clocks() -> None:
    daily = (Availability(LONDON, [WeeklyHours(day, time(9), time(9, 30)) for day in range(7)]),)
    sunday_before, friday = date(2026, 11, 22), date(2026, 11, 27)

    def days(cap: Cap) -> list[str]:
        return [start[:2] for start in starts_at(daily, cap, days=8)]

    assert days(Cap(LONDON, 1, None, {friday: 1})) == ["23", "24", "25", "26", "28", "29", "30"]
    assert days(Cap(LONDON, None, 2, {friday: 1, sunday_before: 5})) == [
        "23",
        "24",
        "25",
        "26",
        "27",
        "28",
        "29",
        "30",
    ]
    assert days(Cap(LONDON, None, 2, {friday: 2})) == ["30"]
    late = (Availability(LONDON, [WeeklyHours(0, time(23), time())]),)
    tokyo = ZoneInfo("Asia/Tokyo")  # there it is Tuesday already
    assert starts_at(late, Cap(tokyo, 1, None, {date(2026, 11, 24): 1})) == []
    with pytest.raises(SlotTaken):
        slot_at(
            at("23 09:00"), availability=daily, occupied=(), away=(), kind=TALK, now=NOW, cap=Cap(LONDON, 1, None, {MONDAY: 1}),
        )  # fmt: skip


def test_the_host_is_bound_by_nothing_but_what_is_occupied() -> None:
    night = at("23 03:07")

    assert host_slot(night, occupied=(), kind=TALK) == Slot(night, night + timedelta(minutes=20))
    with pytest.raises(SlotTaken):
        host_slot(
            night, occupied=[during("23 03:30", "23 04:00")], kind=TALK
        )  # its own buffer of ten minutes
    assert host_slot(night, occupied=[during("23 03:37", "23 04:00")], kind=TALK).start == night


@pytest.mark.parametrize(
    ("other", "collides"),
    [
        (WeeklyHours(0, time(10, 59), time(12)), True),
        (WeeklyHours(0, time(11), time(12)), False),
        (WeeklyHours(0, time(8), time()), True),
        (WeeklyHours(1, time(9), time(11)), False),
        (WeeklyHours(0, time(9), time(11), valid_from=date(2026, 12, 8)), True),
        (WeeklyHours(0, time(9), time(11), valid_from=date(2026, 12, 22)), False),
        # From Tuesday to Sunday there is no Monday that both could have.
        (WeeklyHours(0, time(9), time(11), date(2026, 12, 15), date(2026, 12, 20)), False),
        (WeeklyHours(0, time(9), time(11), date.max, date.max), False),
    ],
)  # fmt: skip
def test_hours_collide_only_where_some_date_has_time_in_both(other: WeeklyHours, collides: bool) -> None:
    mine = WeeklyHours(0, time(9), time(11), valid_until=date(2026, 12, 21))

    assert mine.collides(other) is other.collides(mine) is collides
