"""The forms in which therapists say when, where and for what they can be met."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext as _nl
from wtforms import IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    NumberRange,
    Optional,
    StopValidation,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget

from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow, PlaceKind, PlaceRow, WeeklyHoursRow
from portal.diary.opening import PlaceWords
from portal.diary.rules import Period, WeeklyHours, ends_after_start
from portal.practice.models import Therapist
from portal.web.forms import (
    Clock,
    Day,
    Form,
    StringField,
    Text,
    TextAreaField,
    read_instant,
    stripped,
    unix_lines,
)
from portal.zones import UnknownZone, both_instants, parse_zone

EVERYWHERE = ""
DAY = timedelta(days=1)
FURTHEST = timedelta(days=3660)  # ten years: further ahead is a slip of the keyboard
LENGTHS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
SPANS = (0, 30, 60, 120, 240, 720, 1440, 2880, 4320, 10080, 20160)
REMINDERS = (60, 120, 240, 1440, 2880, 4320, 10080)
A_DAY = 1440
UNITS = (
    (10080, "%(num)d week", "%(num)d weeks"),
    (A_DAY, "%(num)d day", "%(num)d days"),
    (60, "%(num)d hour", "%(num)d hours"),
)
BACKWARDS = _l("This ends before it begins. For midnight, give 00:00 as the end.")
NO_LONGER_THERE = _l("This can no longer be chosen. Please choose again.")


class Several(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Several of several, as boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class EndClock(Clock):
    """A time of day at which something ends. 24:00, as people write midnight, is 00:00."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read midnight in both its guises."""
        super().process_formdata(["00:00" if text.strip() == "24:00" else text for text in valuelist])


class NearDay:
    """A validator for a day within ten years, so that a mistyped year is noticed."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if field.data is not None and abs(field.data - utc_now().date()) > FURTHEST:
            raise ValidationError(_l("This day is more than ten years away. Please check the year."))


class ZoneField(SelectField):  # type: ignore[misc]  # WTForms is untyped
    """A time zone from the picker; whatever tzdata knows is accepted."""

    def pre_validate(self, form: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        try:
            parse_zone(self.data or "")
        except UnknownZone:
            raise ValidationError(_l("We do not know this time zone. Please choose one.")) from None


def weekday_name(weekday: int) -> str:
    """Say the name of a weekday; 0 is Monday."""
    return str(get_locale().days["stand-alone"]["wide"][weekday])


def _place_field() -> SelectField:
    return SelectField(
        _l("Where"),
        default=EVERYWHERE,
        description=_l("Hours of one place are read by the clocks of that place."),
        validate_choice=False,
    )


class _PlacedForm(Form):
    """A form in which one of the therapist's places can be named."""

    place = _place_field()

    def offer_places(self, places: Sequence[PlaceRow]) -> None:
        """Put in what can be chosen."""
        self.place.choices = [
            SelectChoice(EVERYWHERE, _l("Everywhere, by my own clock")),
            *(SelectChoice(str(place.id), place.name) for place in places if place.is_active),
        ]

    def validate_place(self, field: Any) -> None:
        """Refuse what is not offered."""
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(NO_LONGER_THERE)

    @property
    def place_id(self) -> UUID | None:
        """Give the place; None: everywhere."""
        return UUID(self.place.data) if self.place.data else None


class HoursForm(_PlacedForm):
    """One period, on some weekdays."""

    weekdays = Several(
        _l("Days"), validators=[DataRequired(_l("Please tick at least one day."))],
        choices=[], validate_choice=False,
    )  # fmt: skip
    starts = Clock(_l("From"), [InputRequired(_l("Please give the time."))])
    ends = EndClock(_l("To"), [InputRequired(_l("Please give the time."))])
    valid_from = Day(_l("First day"), [Optional(), NearDay()])
    valid_until = Day(_l("Last day"), [Optional(), NearDay()])

    def offer(self, places: Sequence[PlaceRow]) -> None:
        """Put in what can be chosen."""
        self.offer_places(places)
        self.weekdays.choices = [SelectChoice(str(number), weekday_name(number)) for number in range(7)]

    def show(self, row: WeeklyHoursRow) -> None:
        """Put in what is stored."""
        self.process(
            weekdays=[str(row.weekday)], starts=row.starts, ends=row.ends, valid_from=row.valid_from,
            valid_until=row.valid_until, place=str(row.place_id or EVERYWHERE),
        )  # fmt: skip

    def validate_weekdays(self, field: Any) -> None:
        """Refuse what is no day of the week."""
        if not set(field.data or ()) <= set("0123456"):
            raise ValidationError(NO_LONGER_THERE)

    def validate_ends(self, field: Any) -> None:
        """Ask for a period that lasts."""
        if None not in {self.starts.data, field.data} and not ends_after_start(self.starts.data, field.data):
            raise ValidationError(BACKWARDS)

    def validate_valid_until(self, field: Any) -> None:
        """Ask for dates in their order."""
        if self.valid_from.data and field.data and field.data < self.valid_from.data:
            raise ValidationError(_l("The last day comes before the first one."))

    def to_periods(self) -> list[WeeklyHours]:
        """Give the period of each ticked day."""
        return [
            WeeklyHours(
                int(weekday), self.starts.data, self.ends.data, self.valid_from.data, self.valid_until.data
            )
            for weekday in sorted(set(self.weekdays.data))
        ]


class SpecialForm(_PlacedForm):
    """What holds on one date instead of the week."""

    on_date = Day(_l("Date"), [InputRequired(_l("Please give the date.")), NearDay()])
    is_closed = RadioField(
        _l("On this date"),
        choices=[
            SelectChoice("", _l("Only these hours")),
            SelectChoice("y", _l("No hours at all")),
        ],
        default="",
    )
    starts = Clock(_l("From"), [Optional()])
    ends = EndClock(_l("To"), [Optional()])

    def check(self, today: date) -> bool:
        """Tell whether it can be meant. Marks each slip with a sentence."""
        self.validate()
        if self.on_date.data is not None and self.on_date.data < today:
            self.add_error("on_date", _l("This day has gone by."))
        if self.is_closed.data == "" and not self.starts.errors and not self.ends.errors:
            self._check_period()
        return not self.errors

    def _check_period(self) -> None:
        for name in ("starts", "ends"):
            if self[name].data is None:
                self.add_error(name, _l("Please give the time."))
        if None not in {self.starts.data, self.ends.data} and not ends_after_start(
            self.starts.data, self.ends.data
        ):
            self.add_error("ends", BACKWARDS)

    def to_period(self) -> Period | None:
        """Give the hours; None: closed."""
        return None if self.is_closed.data else Period(self.starts.data, self.ends.data)


class PlaceForm(Form):
    """Where people meet."""

    kind = RadioField(
        _l("What it is"),
        choices=[
            SelectChoice(PlaceKind.ROOM.value, _l("A room")),
            SelectChoice(PlaceKind.ONLINE.value, _l("Online")),
        ],
        default=PlaceKind.ROOM.value,
    )
    name = StringField(
        _l("Name"),
        [DataRequired(_l("Please give a name.")), Text(80)],
        [stripped],
        description=_l("As visitors choose it: “Clifton practice”, “Online”."),
    )
    address = TextAreaField(
        _l("Address"),
        [Text(300, lines=True)],
        [unix_lines],
        description=_l("Of a room: street, house and town."),
    )
    zone = ZoneField(
        _l("Clock of the room"),
        description=_l("Times of a room are always shown by its own clock, to everybody."),
        validate_choice=False,
    )
    directions = TextAreaField(
        _l("How to find or join it"),
        [Text(1000, lines=True)],
        [unix_lines],
        description=_l("Shown on the page of a booking only: never in a mail or a calendar."),
    )

    def offer(self, zones: Sequence[tuple[str, str]]) -> None:
        """Put in the zones of the picker."""
        self.zone.choices = [SelectChoice(zone_id, label) for zone_id, label in zones]

    def validate_address(self, field: Any) -> None:
        """Ask where a room is."""
        if self.kind.data == PlaceKind.ROOM.value and not field.data:
            raise ValidationError(_l("Please say where the room is."))

    def to_words(self) -> PlaceWords:
        """Give what is said of the place."""
        kind = PlaceKind(self.kind.data)
        is_room = kind is PlaceKind.ROOM
        return PlaceWords(
            kind=kind,
            name=self.name.data,
            address=self.address.data if is_room else "",
            zone=self.zone.data if is_room else None,
            directions=self.directions.data,
        )


def span_words(minutes: int) -> Any:
    """Say a length of time in its largest unit: "30 minutes", "2 hours", "1 week"."""
    for unit, one, several in UNITS:
        if minutes and minutes % unit == 0:
            return _nl(one, several, minutes // unit)
    return _nl("%(num)d minute", "%(num)d minutes", minutes)


class Span(SelectField):  # type: ignore[misc]  # WTForms is untyped
    """A length of time in minutes, from a short list; one that was stored otherwise stays choosable.

    none: the words for 0, or for no value at all.
    """

    def __init__(
        self, label: Any, lengths: Sequence[int], *, none: Any = None, is_null: bool = False, **kwargs: Any
    ) -> None:
        self.lengths, self.none, self.is_null = lengths, none, is_null
        super().__init__(
            label, coerce=int, choices=self._lengths(), invalid_choice_message=NO_LONGER_THERE, **kwargs
        )

    def process_data(self, value: Any) -> None:
        """Take a stored length, whatever it is."""
        if value not in {None, 0, *self.lengths}:
            self.choices = self._lengths(also=int(value))
        super().process_data(value or 0)

    @property
    def minutes(self) -> int | None:
        """Give what was chosen."""
        return None if self.is_null and not self.data else int(self.data)

    def _lengths(self, also: int = 0) -> list[Any]:
        lengths = sorted({*self.lengths, *([also] if also else []), *([0] if self.none is not None else [])})
        return [
            SelectChoice(one, self.none if not one and self.none is not None else span_words(one))
            for one in lengths
        ]


def _number(label: Any, least: int, most: int, *, default: int | None = None, hint: Any = "") -> IntegerField:
    sentence = _l("Please give a whole number from %(least)d to %(most)d.", least=least, most=most)
    return Whole(
        label,
        [InputRequired(sentence) if default is not None else Optional(), NumberRange(least, most, sentence)],
        default=default,
        description=hint,
        sentence=sentence,
    )


class Whole(IntegerField):  # type: ignore[misc]  # WTForms is untyped
    """A whole number, with a sentence that helps."""

    def __init__(self, *args: Any, sentence: Any, **kwargs: Any) -> None:
        self.sentence = sentence
        super().__init__(*args, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read plain digits only: Python itself also reads 1_000 and digits of other scripts."""
        text = valuelist[0].strip() if valuelist else ""
        if text and not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - longer is out of any range
            self.data = None
            raise ValueError(self.sentence)
        self.data = int(text) if text else None

    def pre_validate(self, form: Any) -> None:
        """Say it once."""
        if self.process_errors:
            raise StopValidation


class TypeForm(Form):
    """What visitors can book."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Please give a name.")), Text(80)],
        [stripped],
        description=_l("As visitors read it: “First talk”."),
    )
    description = TextAreaField(
        _l("What it is about"),
        [Text(600, lines=True)],
        [unix_lines],
        description=_l("Two or three sentences for visitors."),
    )
    places = Several(_l("Where"), validate_choice=False, choices=[])
    is_instant = RadioField(
        _l("When somebody books"),
        choices=[
            SelectChoice("", _l("I answer each request")),
            SelectChoice("y", _l("It is agreed at once")),
        ],
        default="",
    )
    length_minutes = _number(_l("Length in minutes"), 5, 480, default=20)
    buffer_before_minutes = _number(_l("Kept free before, in minutes"), 0, 240, default=0)
    buffer_after_minutes = _number(_l("Kept free afterwards, in minutes"), 0, 240, default=10)
    step_minutes = Span(
        _l("A start every"), LENGTHS, default=30, description=_l("Counted from the beginning of your hours.")
    )
    minimum_notice_minutes = Span(
        _l("Latest booking before the start"), SPANS[1:], none=_l("Any time before"), default=A_DAY
    )
    horizon_days = _number(_l("How many days ahead"), 1, 366, default=28)
    daily_cap = _number(_l("At most on one day"), 1, 50, hint=_l("Empty: as many as there are times."))
    weekly_cap = _number(
        _l("At most in one week"),
        1,
        200,
        hint=_l("From Monday to Sunday. Empty: as many as there are times."),
    )
    move_until_minutes = Span(
        _l("Visitors may move it until"),
        SPANS[1:],
        none=_l("It begins"),
        default=A_DAY,
        description=_l("Before the start. Later they can send you a message instead."),
    )
    cancel_until_minutes = Span(
        _l("Visitors may cancel it until"),
        SPANS[1:],
        none=_l("It begins"),
        default=A_DAY,
        description=_l("Before the start. Later they can send you a message instead."),
    )
    reminder_minutes = Span(
        _l("Reminder before the start"), REMINDERS, none=_l("No reminder"), is_null=True, default=A_DAY
    )
    second_reminder_minutes = Span(
        _l("Second reminder"), REMINDERS, none=_l("No second reminder"), is_null=True
    )

    def offer(self, places: Sequence[PlaceRow]) -> None:
        """Put in what can be chosen."""
        self.places.choices = [SelectChoice(str(place.id), place.name) for place in places if place.is_active]

    def show(self, row: ConsultationTypeRow, places: Sequence[PlaceRow]) -> None:
        """Put in what is stored."""
        self.process(obj=row, places=[str(place.id) for place in places])
        self.is_instant.data = "y" if row.is_instant else ""

    def validate_places(self, field: Any) -> None:
        """Refuse what is not offered."""
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(NO_LONGER_THERE)

    def validate_weekly_cap(self, field: Any) -> None:
        """Ask for a week that holds a day."""
        if field.data and self.daily_cap.data and field.data < self.daily_cap.data:
            raise ValidationError(_l("A week cannot hold fewer than one of its days."))

    def validate_second_reminder_minutes(self, field: Any) -> None:
        """Ask for a second one that comes later than the first."""
        first = self.reminder_minutes.minutes
        if field.minutes is not None and (first is None or field.minutes >= first):
            raise ValidationError(_l("The second reminder comes nearer to the start than the first."))

    def to_values(self) -> dict[str, Any]:
        """Give what is stored, by the names of the columns."""
        whole = ("length_minutes", "buffer_before_minutes", "buffer_after_minutes", "horizon_days")
        spans = (
            "step_minutes", "minimum_notice_minutes", "move_until_minutes", "cancel_until_minutes", "reminder_minutes",
            "second_reminder_minutes",
        )  # fmt: skip
        return {
            "name": self.name.data,
            "description": self.description.data,
            "is_instant": self.is_instant.data == "y",
            **{name: self[name].data for name in (*whole, "daily_cap", "weekly_cap")},
            **{name: self[name].minutes for name in spans},
        }

    @property
    def place_ids(self) -> list[UUID]:
        """Give the places that were ticked."""
        return [UUID(text) for text in dict.fromkeys(self.places.data or ())]


class TimeOffForm(Form):
    """From when until when nothing is offered, and what readers are told."""

    first_day = Day(_l("First day away"), [InputRequired(_l("Please give the day.")), NearDay()])
    first_time = Clock(_l("From"), [Optional()], description=_l("Empty: from the beginning of the day."))
    last_day = Day(_l("Last day away"), [InputRequired(_l("Please give the day.")), NearDay()])
    last_time = EndClock(_l("Until"), [Optional()], description=_l("Empty: to the end of the day."))
    return_on = Day(
        _l("Back on"),
        [Optional(), NearDay()],
        description=_l("Visitors read: “is away and back on Monday 7 December”."),
    )
    cover = SelectField(_l("Cover by a colleague"), default="", validate_choice=False)
    cover_line = StringField(
        _l("Whom to turn to meanwhile"),
        [Text(200)],
        [stripped],
        description=_l("One line in your words, for visitors and clients."),
    )

    def offer(self, colleagues: Sequence[Therapist]) -> None:
        """Put in who can be named."""
        self.cover.choices = [
            SelectChoice("", _l("Nobody of this practice")),
            *(SelectChoice(str(one.person_id), one.display_name) for one in colleagues),
        ]

    def validate_cover(self, field: Any) -> None:
        """Refuse who is not offered."""
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(NO_LONGER_THERE)

    def validate_return_on(self, field: Any) -> None:
        """Ask for a return that comes afterwards."""
        if field.data and self.last_day.data and field.data < self.last_day.data:
            raise ValidationError(_l("This is before the last day away."))

    def to_instants(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Give begin and end; None, with the slip marked. Where clocks show an edge twice, the longer time off counts."""
        starts_at = self._edge("first_day", "first_time", zone, is_end=False)
        ends_at = self._edge("last_day", "last_time", zone, is_end=True)
        if starts_at is None or ends_at is None:
            return None
        if ends_at <= starts_at:
            self.add_error("last_day", _l("This ends before it begins."))
            return None
        return starts_at, ends_at

    def _edge(self, day_name: str, time_name: str, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
        day, clock = self[day_name].data, self[time_name].data
        if clock is None or (is_end and clock == time()):
            midnight = datetime.combine(day + DAY if is_end else day, time())
            # A midnight that clocks skip is the instant of the change.
            shown = both_instants(midnight, zone) or (midnight.replace(tzinfo=zone).astimezone(UTC),)
            return shown[-1 if is_end else 0]
        return read_instant(self, time_name, datetime.combine(day, clock), zone.key, fold=1 if is_end else 0)

    @property
    def cover_id(self) -> UUID | None:
        """Give the colleague, if one was named."""
        return UUID(self.cover.data) if self.cover.data else None
