"""Dates and times for templates: in words, in the reader's zone, with the zone's name where a meeting is meant."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from flask import Flask
from flask_babel import format_date, format_datetime, format_time
from markupsafe import Markup

from portal.clock import utc_now
from portal.extensions import present_locale
from portal.zones import city, offset_label


def init_filters(app: Flask) -> None:
    """Give templates the filters `when`, `day`, `short_day`, `clock`, `exact_clock`, `local_date`, `zone_label`, `utc_iso` and `options`."""
    app.jinja_env.filters.update(
        when=when,
        day=day,
        short_day=short_day,
        clock=clock,
        exact_clock=exact_clock,
        local_date=local_date,
        zone_label=zone_label,
        utc_iso=utc_iso,
        date_words=date_words,
        city_name=city,
        dateformat=dateformat,
        options=options,
    )


def when(instant: datetime, zone: str) -> str:
    """Say day and time: "Tuesday 24 November, 09:00"."""
    return f"{day(instant, zone)}, {clock(instant, zone)}"


def day(instant: datetime, zone: str) -> str:
    """Say the day: "Tuesday 24 November"; with the year when it is not the present one."""
    this_year = utc_now().astimezone(ZoneInfo(zone)).year
    is_this_year = instant.astimezone(ZoneInfo(zone)).year == this_year
    return str(_local(format_datetime, instant, zone, "EEEE d MMMM" if is_this_year else "EEEE d MMMM y"))


def short_day(instant: datetime, zone: str) -> str:
    """Say the day in short: "Tue 24 Nov"."""
    return str(_local(format_datetime, instant, zone, "EEE d MMM"))


def clock(instant: datetime, zone: str) -> str:
    """Say the time: "09:00"."""
    return str(_local(format_time, instant, zone, "HH:mm"))


def exact_clock(instant: datetime, zone: str) -> str:
    """Say the time: "09:00", with the offset where clocks show it twice: "01:30 (GMT+1)"."""
    local = instant.astimezone(ZoneInfo(zone))
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return clock(instant, zone)
    return f"{clock(instant, zone)} ({offset_label(instant, ZoneInfo(zone))})"


def local_date(instant: datetime, zone: str) -> str:
    """Give the calendar date there as addresses and forms write it: "2026-11-24"."""
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()


def zone_label(instant: datetime, zone: str) -> str:
    """Say which clock is meant: "London, GMT"."""
    return f"{city(zone)}, {offset_label(instant, ZoneInfo(zone))}"


def utc_iso(instant: datetime) -> str:
    """Give the instant as a machine reads it in a `time` element."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_words(value: Any) -> str:
    """Say a calendar date: "Sunday 29 November 2026"."""
    return str(format_date(value, "EEEE d MMMM y"))


def dateformat(value: date, pattern: str) -> str:
    """Say a calendar date by a pattern of CLDR. Remembered, because a page of free times says the same dates often."""
    return _formatted(value, pattern, present_locale())


@lru_cache(maxsize=1024)
def _formatted(value: date, pattern: str, locale: Locale | None) -> str:
    return str(babel_date(value, pattern, locale=locale or "en_GB"))


def options(choices: Sequence[tuple[str, str]], chosen: str) -> Markup:
    """Write the options of a long select (value and label each): four hundred of them take a template too long."""
    return _options(tuple(choices), chosen)


@lru_cache(maxsize=64)
def _options(choices: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    return Markup("").join(_option(value, label, is_chosen=value == chosen) for value, label in choices)


@lru_cache(maxsize=2048)
def _option(value: str, label: str, *, is_chosen: bool) -> Markup:
    mark = Markup(" selected") if is_chosen else ""
    return Markup('<option value="{}"{}>{}</option>').format(value, mark, label)


def _local(formatter: Any, instant: datetime, zone: str, pattern: str) -> Any:
    return formatter(instant.astimezone(ZoneInfo(zone)), pattern, rebase=False)
