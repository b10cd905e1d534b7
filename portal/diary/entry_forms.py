"""What a therapist types about an entry of the diary: own time, and another time for what is there."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from portal.diary.agenda import is_in_reach
from portal.diary.days import whole_day
from portal.diary.entries import DiaryEntry
from portal.diary.models import OccupiedKind
from portal.diary.rules import Interval
from portal.web.forms import FAR_OFF, TWICE, Clock, Day, Form, read_instant
from portal.zones import to_local

KINDS = [
    SelectChoice(OccupiedKind.BLOCK.value, _l("Own time")),
    SelectChoice(OccupiedKind.MEETING.value, _l("A session with a couple")),
]
MOST_DIGITS = 9  # more would not fit the column
WHICH = [
    SelectChoice("0", _l("The first, before the clocks go back")),
    SelectChoice("1", _l("The second, afterwards")),
]


def _within_reach(_form: Any, field: Any) -> None:
    if not is_in_reach(field.data):
        raise ValidationError(FAR_OFF)


def _day_field(label: Any) -> Day:
    return Day(label, validators=[InputRequired(_l("Please give the day.")), _within_reach])


class SeenForm(Form):
    """A form about an entry as it was shown: `seen` is its revision then."""

    seen = HiddenField()

    @property
    def seen_revision(self) -> int:
        """Give the revision that was shown; -1, which none has, for anything that is no number."""
        text: str = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else -1


class MoveForm(SeenForm):
    """The new beginning, by the therapist's clocks."""

    on = _day_field(_l("Day"))
    starts = Clock(_l("Begins at"), validators=[InputRequired(_l("Please give the time."))])
    which = RadioField(_l("Which of the two"), choices=WHICH, validators=[Optional()])

    def to_start(self, zone: str) -> datetime | None:
        """Give what was typed; None, with the field marked, if clocks in `zone` never or twice show that time."""
        local = datetime.combine(self.on.data, self.starts.data)
        return read_instant(self, "starts", local, zone, _fold(self.which.data))

    @property
    def is_asking_which(self) -> bool:
        """Tell whether the time that was typed exists twice, so that the page must ask."""
        return self.which.data is not None or TWICE in self.starts.errors


class OwnTimeForm(SeenForm):
    """What, on which day, and from when to when, by the therapist's clocks."""

    kind = RadioField(_l("What it is"), choices=KINDS, default=OccupiedKind.BLOCK.value)
    on = _day_field(_l("Day"))
    is_whole_day = BooleanField(_l("The whole day"))
    starts = Clock(_l("From"), validators=[Optional()])
    which_start = RadioField(
        _l("Which of the two times does it begin at"), choices=WHICH, validators=[Optional()]
    )
    ends = Clock(
        _l("To"), validators=[Optional()], description=_l("00:00 is midnight at the end of the day.")
    )
    which_end = RadioField(
        _l("Which of the two times does it end at"), choices=WHICH, validators=[Optional()]
    )

    def to_interval(self, zone: ZoneInfo) -> Interval | None:
        """Give what was typed; None, with the fields marked, if it is no stretch of that day."""
        if self.is_whole_day.data:
            return self._whole_day(zone)
        for name in ("starts", "ends"):
            if self[name].data is None:
                self.add_error(name, _l("Please give the time, or choose the whole day."))
        if self.errors:
            return None
        starts_at = self._instant("starts", self.starts.data, self.which_start.data, zone)
        ends_at = self._instant("ends", self.ends.data, self.which_end.data, zone)
        if starts_at is None or ends_at is None:
            return None
        if starts_at >= ends_at:
            self.add_error("ends", _l("This is not after the beginning. Please check both times."))
            return None
        return Interval(starts_at, ends_at)

    @property
    def asks_start(self) -> bool:
        """Tell whether the beginning exists twice, so that the page must ask."""
        return self.which_start.data is not None or TWICE in self.starts.errors

    @property
    def asks_end(self) -> bool:
        """Tell whether the end exists twice, so that the page must ask."""
        return self.which_end.data is not None or TWICE in self.ends.errors

    def _whole_day(self, zone: ZoneInfo) -> Interval | None:
        lasts = whole_day(self.on.data, zone)
        if lasts.start < lasts.end:
            return lasts
        self.add_error("on", _l("The clocks of your zone left this day out. Please choose another one."))
        return None

    def _instant(self, name: str, clock: time, which: str | None, zone: ZoneInfo) -> datetime | None:
        if name == "ends" and clock == time():
            return whole_day(self.on.data, zone).end
        return read_instant(self, name, datetime.combine(self.on.data, clock), zone.key, _fold(which))


def values_of(entry: DiaryEntry, zone: ZoneInfo) -> dict[str, Any]:
    """Give what a form about own time shows at first."""
    starts, ends = (to_local(at, zone) for at in entry.interval)
    return {
        "seen": str(entry.row.revision),
        "kind": entry.kind.value,
        "on": starts.date(),
        "is_whole_day": is_whole_day(entry.interval, zone),
        "starts": starts.time(),
        "which_start": _which(entry.starts_at, zone),
        "ends": ends.time(),
        "which_end": _which(entry.ends_at, zone),
    }


def start_values(start: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Give what a form about another time shows for one."""
    local = to_local(start, zone)
    return {"on": local.date(), "starts": local.time(), "which": _which(start, zone)}


def is_whole_day(interval: Interval, zone: ZoneInfo) -> bool:
    """Tell whether a stretch is one whole day of the zone."""
    return interval == whole_day(to_local(interval.start, zone).date(), zone)


def read_clock(text: str) -> time | None:
    """Read a time of day from an address; None for anything else."""
    try:
        return time.fromisoformat(text) if len(text) == len("09:00") else None
    except ValueError:
        return None


def _which(instant: datetime, zone: ZoneInfo) -> str | None:
    """Say which of two equal clock times an instant is; None where there is only one."""
    local = to_local(instant, zone)
    other = local.replace(fold=1 - local.fold)
    return str(local.fold) if other.utcoffset() != local.utcoffset() else None


def _fold(which: str | None) -> int | None:
    return int(which) if which in {"0", "1"} else None
