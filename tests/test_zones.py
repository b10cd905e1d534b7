"""Local times and instants: every zone, both clock changes, hostile names."""
# ruff: noqa: DTZ001, DTZ901  # local times without a zone are the subject

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import _zoneinfo  # type: ignore[attr-defined]  # the C version hides its table of changes

import pytest

from portal.zones import (
    ZONE_IDS,
    LocalTimeMissing,
    LocalTimeTwice,
    TimeOutOfRange,
    UnknownZone,
    ZoneError,
    both_instants,
    city,
    common_zones,
    offset_label,
    offset_spans,
    parse_zone,
    to_instant,
    to_local,
)

LONDON, NEW_YORK = parse_zone("Europe/London"), parse_zone("America/New_York")
HOSTILE = [
    "",
    "Europe",
    "Z" * 300,
    "Europe/London" * 400,
    "posixrules",
    "localtime",
    "Factory",
    "../../etc/passwd",
    "/etc/localtime",
    "Europe/../Europe/London",
    "Europe/London\0",
    "UTC\n",
    " UTC",
    "Etc/GMT+25",
    "europe/london",
    "EUROPE/LONDON",
    "+01:00",
    "\ud800",
    "zone.tab",
    "tzdata.zi",
    "posix/Europe/London",
    "right/Europe/London",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_is_no_zone_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UnknownZone) as refusal:
        parse_zone(text)

    assert not text or text not in str(refusal.value)


def test_every_listed_zone_can_be_used_and_keeps_its_name() -> None:
    assert {parse_zone(zone_id).key for zone_id in ZONE_IDS} == ZONE_IDS
    assert len(ZONE_IDS) > 590


def test_a_skipped_time_is_refused() -> None:
    with pytest.raises(LocalTimeMissing):
        to_instant(datetime(2026, 3, 8, 2, 30), NEW_YORK)
    with pytest.raises(LocalTimeMissing):
        to_instant(datetime(2026, 3, 29, 1), LONDON, fold=1)


def test_a_doubled_time_asks_which_one_and_takes_either() -> None:
    night = datetime(2026, 10, 25, 1, 30)
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    with pytest.raises(LocalTimeTwice):
        to_instant(night, LONDON)
    assert both_instants(night, LONDON) == (first, second)
    assert to_instant(night, LONDON, fold=0) == first
    assert to_instant(night, LONDON, fold=1) == second


def test_the_half_hour_of_lord_howe_is_skipped_and_doubled() -> None:
    lord_howe = parse_zone("Australia/Lord_Howe")

    assert both_instants(datetime(2026, 10, 4, 2, 15), lord_howe) == ()
    assert both_instants(datetime(2026, 10, 4, 2, 30), lord_howe) == (
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    )
    assert len(both_instants(datetime(2026, 4, 5, 1, 45), lord_howe)) == 2
    assert len(both_instants(datetime(2026, 4, 5, 1, 15), lord_howe)) == 1


def test_the_day_that_samoa_skipped_has_no_time_at_all() -> None:
    apia = parse_zone("Pacific/Apia")

    assert not any(both_instants(datetime(2011, 12, 30, hour), apia) for hour in range(24))


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_an_ordinary_time_needs_no_fold_and_ignores_one(fold: int | None) -> None:
    assert to_instant(datetime(2026, 7, 1, 9), LONDON, fold=fold) == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_every_time_around_every_clock_change_round_trips_in_every_zone() -> None:
    start, end = datetime(2025, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
    steps = [timedelta(minutes=minutes) for minutes in range(-150, 151, 30)]
    changes = 0
    for zone in map(parse_zone, ZONE_IDS):
        for span in offset_spans(zone, start, end)[1:]:
            changes += 1
            just_before, at = (
                to_local(span.start - step, zone) for step in (timedelta(seconds=1), timedelta())
            )
            assert just_before.utcoffset() != at.utcoffset()
            for instant in (span.start + step for step in steps):
                local = to_local(instant, zone)
                naive = local.replace(tzinfo=None, fold=0)
                assert instant in both_instants(naive, zone)
                assert to_instant(naive, zone, fold=local.fold) == instant
    assert changes > 500


@pytest.mark.parametrize("second", range(8))
def test_a_change_is_found_to_the_second(second: int) -> None:
    spans = offset_spans(
        LONDON, datetime(2026, 1, 1, 3, 7, second, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )

    assert [span.start for span in spans[1:]] == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]
    assert [span.end for span in spans[:-1]] == [span.start for span in spans[1:]]
    assert [span.offset for span in spans] == [timedelta(), timedelta(hours=1), timedelta()]


@pytest.mark.parametrize("second", [0, 1])
def test_a_span_ends_where_it_is_told_to_even_at_a_change(second: int) -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)

    spans = offset_spans(LONDON, change - timedelta(days=3), change + timedelta(seconds=second))

    assert len(spans) == 1 + second
    assert spans[-1].end == change + timedelta(seconds=second)


def test_no_two_changes_of_a_zone_hide_between_two_daily_probes() -> None:
    closest = []
    for zone_id in ZONE_IDS:
        table = _zoneinfo.ZoneInfo.no_cache(zone_id)
        offsets = [kind.utcoff for kind in table._ttinfos]
        moved = [
            at for at, old, new in zip(table._trans_utc[1:], offsets, offsets[1:], strict=False) if old != new
        ]
        closest += [later - earlier for earlier, later in pairwise(moved)]

    assert timedelta(seconds=min(closest)) > timedelta(days=2)


def test_the_first_and_the_last_years_raise_nothing_of_their_own() -> None:
    edges = [datetime.min, datetime.max, datetime(1, 1, 2), datetime(9999, 12, 30), datetime(2026, 2, 28)]
    for zone in map(parse_zone, ZONE_IDS):
        for local in edges:
            try:
                instant = to_instant(local, zone, fold=0)
                assert to_local(instant, zone).replace(tzinfo=None) == local
                offset_label(instant, zone)
            except ZoneError:
                assert local != datetime(2026, 2, 28)
    with pytest.raises(TimeOutOfRange):
        to_local(datetime.max.replace(tzinfo=UTC), parse_zone("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("zone_id", "label"),
    [
        ("Europe/London", "GMT"),
        ("UTC", "GMT"),
        ("Europe/Berlin", "GMT+1"),
        ("America/New_York", "GMT−5"),
        ("America/St_Johns", "GMT−3:30"),
        ("Asia/Kathmandu", "GMT+5:45"),
        ("Pacific/Kiritimati", "GMT+14"),
    ],
)
def test_the_offset_stands_beside_a_time(zone_id: str, label: str) -> None:
    assert offset_label(datetime(2026, 11, 21, 16, 5, tzinfo=UTC), parse_zone(zone_id)) == label


def test_the_offset_tells_the_doubled_hours_apart_and_old_local_times_to_the_second() -> None:
    assert offset_label(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), LONDON) == "GMT+1"
    assert offset_label(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), LONDON) == "GMT"
    assert offset_label(datetime(1840, 1, 1, tzinfo=UTC), LONDON) == "GMT−0:01:15"


@pytest.mark.parametrize(
    ("zone_id", "name"),
    [
        ("Europe/London", "London"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ("America/Port-au-Prince", "Port-au-Prince"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "GMT−5"),
        ("Etc/GMT-14", "GMT+14"),
    ],
)
def test_a_zone_is_named_as_people_name_it(zone_id: str, name: str) -> None:
    assert city(zone_id) == name


def test_the_picker_names_the_city_the_offset_and_the_time_there() -> None:
    labels = dict(common_zones(datetime(2026, 11, 21, 16, 5, 59, tzinfo=UTC)))

    assert labels["Europe/London"] == "London (GMT, now 16:05)"
    assert labels["Europe/Berlin"] == "Berlin (GMT+1, now 17:05)"
    assert labels["Australia/Lord_Howe"] == "Lord Howe (GMT+11, now 03:05)"


def test_the_picker_is_sorted_by_city_and_has_each_zone_once() -> None:
    zones = common_zones(datetime(2026, 11, 21, tzinfo=UTC), also=("Europe/London",))

    cities = [city(zone_id) for zone_id, _ in zones]
    assert cities == sorted(cities)
    assert len({zone_id for zone_id, _ in zones}) == len(zones) > 400
    assert not {"GB", "Etc/GMT+5", "Asia/Calcutta"} & {zone_id for zone_id, _ in zones}


def test_the_picker_holds_the_readers_own_zone_and_a_translated_label() -> None:
    zones = common_zones(
        datetime(2026, 11, 21, 16, tzinfo=UTC), also=("Asia/Calcutta",), pattern="{city}, jetzt {time}"
    )

    assert ("Asia/Calcutta", "Calcutta, jetzt 21:30") in zones
