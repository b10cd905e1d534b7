"""Turn what a clock on a wall shows into instants and back, for every time zone a person may name.

Everything inside the portal is UTC; a local time exists only at its edge. Here gaps are refused and doubled hours told
apart, and nothing but the errors below is raised for any date from year 1 to 9999.
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

PICKER_LABEL = "{city} ({offset}, now {time})"
MINUS = "\N{MINUS SIGN}"  # unlike a hyphen it lets no line break fall between the sign and the number

# Names of a machine's setting or of "not set yet": no place has them, and their meaning differs between machines.
_NO_PLACES = {"Factory", "localtime", "posixrules"}
ZONE_IDS = frozenset(available_timezones() - _NO_PLACES)

# Two changes of one zone are never closer than 95 hours (Freetown, September 1939), so daily probes miss none.
_PROBE = timedelta(days=1)


class ZoneError(ValueError):
    """A zone or a local time that cannot be used as it stands."""


class UnknownZone(ZoneError):
    """The text is not the id of a time zone."""


class LocalTimeMissing(ZoneError):
    """No clock in this zone ever shows this time: it lies in the hour that is skipped."""


class LocalTimeTwice(ZoneError):
    """Clocks in this zone show this time twice; `both_instants` tells the two apart."""


class TimeOutOfRange(ZoneError):
    """The time, moved to UTC or to the zone, leaves the years 1 to 9999."""


class OffsetSpan(NamedTuple):
    """A stretch of UTC time, end excluded, through which a zone keeps one offset."""

    start: datetime
    end: datetime
    offset: timedelta


@cache
def parse_zone(text: str) -> ZoneInfo:
    """Accept a zone id from a form, a link or a stored row.

    Raises UnknownZone. Only the membership test decides: `ZoneInfo` itself answers hostile names with IsADirectoryError,
    OSError or a file that is no place.
    """
    if text not in ZONE_IDS:
        raise UnknownZone("not the id of a time zone")
    return ZoneInfo(text)


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Show an aware instant as the zone's clocks do. Raises TimeOutOfRange."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise TimeOutOfRange("outside the years 1 to 9999") from None


def both_instants(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Give the instants (UTC, in order) at which clocks in the zone show this naive time: none, one or two.

    Raises TimeOutOfRange.
    """
    found = set()
    for fold in (0, 1):
        try:
            instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        except OverflowError:
            raise TimeOutOfRange("outside the years 1 to 9999") from None
        if to_local(instant, zone).replace(tzinfo=None) == local:
            found.add(instant)
    return tuple(sorted(found))


def to_instant(local: datetime, zone: ZoneInfo, *, fold: int | None = None) -> datetime:
    """Give the UTC instant of a naive local time that a person typed or chose.

    fold: 0 takes the first of a doubled hour, 1 the second, None asks back.
    Raises LocalTimeMissing, LocalTimeTwice (only if fold is None), TimeOutOfRange.
    """
    instants = both_instants(local, zone)
    if not instants:
        raise LocalTimeMissing("skipped when the clocks go forward")
    if len(instants) > 1 and fold is None:
        raise LocalTimeTwice("shown twice when the clocks go back")
    return instants[-1] if fold else instants[0]


def offset_spans(zone: ZoneInfo, start: datetime, end: datetime) -> list[OffsetSpan]:
    """Cut the UTC time from start to end where the zone's clocks are changed. Cost: one probe a day.

    Raises TimeOutOfRange.
    """
    spans, since, probe = [], start, start
    offset = _offset(start, zone)
    while probe < end:
        following = min(probe + _PROBE, end)
        if _offset(following, zone) != offset and (turn := _turn(zone, probe, following)) < end:
            spans.append(OffsetSpan(since, turn, offset))
            since, offset = turn, _offset(turn, zone)
        probe = following
    return [*spans, OffsetSpan(since, end, offset)]


def offset_label(instant: datetime, zone: ZoneInfo) -> str:
    """Print the offset beside a time: "GMT", "GMT+1", "GMT−3:30".

    Abbreviations are not used because they do not tell: IST is Dublin, Kolkata and Jerusalem, CST Chicago and Shanghai.
    Raises TimeOutOfRange.
    """
    seconds = round(_offset(instant, zone).total_seconds())
    if not seconds:
        return "GMT"
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    tail = f":{minutes:02}:{rest:02}" if rest else f":{minutes:02}" if minutes else ""
    return f"GMT{'+' if seconds > 0 else MINUS}{hours}{tail}"


def city(zone_id: str) -> str:
    """Name a zone as people do: "London" for Europe/London, "St Johns" for America/St_Johns."""
    name = zone_id.rpartition("/")[2].replace("_", " ")
    # POSIX counts these westwards: Etc/GMT+5 is five hours behind (tzdata, file "etcetera").
    return name.translate({ord("+"): MINUS, ord("-"): "+"}) if zone_id.startswith("Etc/") else name


def common_zones(
    at: datetime, *, also: tuple[str, ...] = (), pattern: str = PICKER_LABEL
) -> list[tuple[str, str]]:
    """List the zones for a picker as (id, label), sorted by city: one per region of a country, about 420.

    at: now. also: ids that must be there, as the reader's own (browsers still send names like Asia/Calcutta).
    pattern: the label, translated, with {city}, {offset} and {time}. Cost: 3 ms, once a minute and process.
    """
    minute = at.replace(second=0, microsecond=0)
    return list(_labels(minute, tuple(sorted({*also} - _place_ids())), pattern))


@lru_cache(maxsize=8)
def _labels(at: datetime, also: tuple[str, ...], pattern: str) -> tuple[tuple[str, str], ...]:
    labels = []
    for zone_id in {*also, *_place_ids()}:
        zone = parse_zone(zone_id)
        time = f"{to_local(at, zone):%H:%M}"
        labels.append((zone_id, pattern.format(city=city(zone_id), offset=offset_label(at, zone), time=time)))
    return tuple(sorted(labels, key=lambda label: (city(label[0]), label[0])))


@cache
def _place_ids() -> frozenset[str]:
    """Read tzdata's own list of zones that people live by; the full list has every old spelling too."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset(row[2] for row in rows) & ZONE_IDS


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return to_local(instant, zone).utcoffset() or timedelta()


def _turn(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the first whole second after `before` with another offset than there."""
    offset = _offset(before, zone)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
