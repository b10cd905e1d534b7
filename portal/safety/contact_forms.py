"""The forms of the safe-contact card, and of how often the individual questions come."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from babel.dates import format_time
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import FormField, IntegerField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from portal.diary.opening_forms import BACKWARDS, EndClock, Several, weekday_name
from portal.people.models import Person, SafeContact
from portal.people.rules import (
    MOST_LETTERS,
    MOST_LINE_LETTERS,
    MOST_RANGES,
    Card,
    Channel,
    SafeRange,
    Voicemail,
    ends_after_start,
)
from portal.practice.forms import Number
from portal.safety.rules import FEWEST_WEEKS, MOST_WEEKS
from portal.web.forms import Clock, Day, Form, StringField, Text, TextAreaField, stripped, unix_lines

FURTHEST = timedelta(days=731)
ALWAYS, SOMETIMES = "always", "sometimes"
CHOSEN = InputRequired(_l("Please choose one."))
BY_PHONE = frozenset({Channel.TEXT.value, Channel.CALL.value})
CHANNELS = {
    Channel.EMAIL: _l("By e-mail"),
    Channel.TEXT: _l("By text message"),
    Channel.CALL: _l("By a call from my therapist only"),
    Channel.PORTAL_ONLY: _l("Not at all: I look here myself"),
}


class RangeForm(PlainForm):  # type: ignore[misc]  # WTForms is untyped
    """Some weekdays, and a time of each of them."""

    days = Several(_l("Days"), choices=[], validate_choice=False)
    starts = Clock(_l("From"), [Optional()])
    ends = EndClock(_l("To"), [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for days and times together, and for a period that lasts. Marks each slip with a sentence."""
        super().validate(extra_validators)
        clocks = [field for field in (self.starts, self.ends) if not field.errors]
        if not set(self.days.data or ()) <= set("0123456"):
            self.days.errors = [_l("This can no longer be chosen. Please choose again.")]
        elif self.days.data:
            for field in (field for field in clocks if field.data is None):
                field.errors = [_l("Please give the time.")]
        elif any(field.data is not None for field in clocks):
            self.days.errors = [_l("Please tick at least one day, or clear the times.")]
        starts, ends = self.starts.data, self.ends.data
        if None not in {starts, ends} and not ends_after_start(starts, ends):
            self.ends.errors = [BACKWARDS]
        return not self.errors

    def to_range(self) -> SafeRange | None:
        """Give the range; None for an empty one."""
        if not self.days.data:
            return None
        days = tuple(sorted({int(day) for day in self.days.data}))
        return SafeRange(days, self.starts.data, self.ends.data)


class ContactForm(Form):
    """How one person wants to be reached."""

    channel = RadioField(
        _l("How may we reach you?"),
        validators=[CHOSEN],
        validate_choice=False,
        default=Channel.EMAIL.value,
    )
    phone = StringField(
        _l("Phone number"),
        [Text(30)],
        [stripped],
        description=_l("For text messages and calls; a phone that nobody else looks at."),
    )
    when = RadioField(
        _l("When?"),
        validators=[CHOSEN],
        choices=[
            SelectChoice(ALWAYS, _l("At any time")),
            SelectChoice(SOMETIMES, _l("Only in the hours below")),
        ],
        default=ALWAYS,
    )
    first = FormField(RangeForm, label=_l("Safe hours"))
    second = FormField(RangeForm, label=_l("More safe hours"))
    third = FormField(RangeForm, label=_l("Still more safe hours"))
    voicemail = RadioField(
        _l("May words be left on your machine?"),
        validators=[CHOSEN],
        choices=[
            SelectChoice(Voicemail.NO.value, _l("No")),
            SelectChoice(Voicemail.YES.value, _l("Yes")),
        ],
        default=Voicemail.NO.value,
    )
    code_word = StringField(
        _l("A word that tells us it is you"),
        [Text(MOST_LINE_LETTERS)],
        [stripped],
        description=_l(
            "If somebody else answers, or you cannot talk, the word is missing and we speak of something else."
        ),
    )
    words = TextAreaField(
        _l("Anything else about reaching you"), [Text(MOST_LETTERS, lines=True)], [unix_lines]
    )
    ask_again_on = Day(
        _l("Ask me again on"),
        [Optional()],
        description=_l("On this day your home page asks once whether all of it is still right."),
    )

    @property
    def ranges(self) -> list[Any]:
        """List the forms of the ranges."""
        return [self.first, self.second, self.third][:MOST_RANGES]

    def offer(self, *, may_text: bool) -> None:
        """Put in what can be chosen. `may_text`: the practice can send text messages, or the person had chosen them."""
        self.channel.choices = [
            SelectChoice(channel.value, label)
            for channel, label in CHANNELS.items()
            if channel is not Channel.TEXT or may_text
        ]
        for one in self.ranges:
            one.form.days.choices = [SelectChoice(str(number), weekday_name(number)) for number in range(7)]

    def show(self, person: Person, row: SafeContact | None) -> None:
        """Put in what is stored, or else what holds without a card."""
        card = row.card if row is not None else Card()
        shown = dict(zip(("first", "second", "third"), _shown(card), strict=False))
        self.process(
            channel=card.channel.value, phone=person.phone, when=SOMETIMES if card.ranges else ALWAYS,
            voicemail=card.voicemail.value or Voicemail.NO.value, code_word=card.code_word, words=card.words,
            ask_again_on=row.ask_again_on if row is not None else None, **shown,
        )  # fmt: skip

    def check(self, today: date) -> bool:
        """Tell whether it can be meant. Marks each slip with a sentence. `today`: the person's own."""
        self.validate()
        if self.channel.raw_data and self.channel.data not in {
            option.value for option in self.channel.choices
        }:
            self.add_error("channel", _l("Please choose one."))
        if self.channel.data in BY_PHONE and not self.phone.data:
            self.add_error("phone", _l("Please give a number, or choose another way."))
        elif self.phone.data and not self.phone.errors:
            self._check_number()
        if self.when.data == SOMETIMES and not any(one.data["days"] for one in self.ranges):
            self.add_error("when", _l("Please tick at least one day below, or choose “At any time”."))
        day = self.ask_again_on.data
        if day is not None and not today < day <= today + FURTHEST:
            self.add_error("ask_again_on", _l("Please choose a day from tomorrow on, within two years."))
        return not self.errors

    def _check_number(self) -> None:
        try:
            Number()(self, self.phone)
        except ValidationError as slip:
            self.add_error("phone", slip.args[0])

    def to_card(self) -> Card:
        """Give the card."""
        ranges = tuple(one.form.to_range() for one in self.ranges) if self.when.data == SOMETIMES else ()
        return Card(
            channel=Channel(self.channel.data),
            ranges=tuple(one for one in ranges if one is not None),
            voicemail=Voicemail(self.voicemail.data),
            code_word=self.code_word.data,
            words=self.words.data,
        )


def _shown(card: Card) -> Iterator[dict[str, Any]]:
    for one in card.ranges:
        yield {"days": [str(day) for day in one.days], "starts": one.starts, "ends": one.ends}


def range_words(one: SafeRange) -> str:
    """Say weekdays and a time of each in one line."""
    days = ", ".join(weekday_name(day) for day in one.days)
    starts, ends = (format_time(clock, "short", locale=get_locale()) for clock in (one.starts, one.ends))
    return f"{days}: {starts} – {ends}"


class RhythmForm(Form):
    """Whether the individual questions come again by themselves, and after how many weeks."""

    comes = RadioField(
        _l("Asking again"),
        choices=[
            SelectChoice("y", _l("By itself, the same for every couple")),
            SelectChoice("", _l("Only when a therapist asks")),
        ],
        default="y",
    )
    weeks = IntegerField(
        _l("After so many weeks"),
        [
            Optional(),
            NumberRange(
                FEWEST_WEEKS, MOST_WEEKS, _l("Please give a number of weeks from %(min)s to %(max)s.")
            ),
        ],
        description=_l("Thirteen weeks are about three months."),
    )

    def check(self) -> bool:
        """Tell whether it can be meant. Marks each slip with a sentence."""
        self.validate()
        if self.comes.data == "y" and self.weeks.data is None and not self.weeks.errors:
            self.add_error("weeks", _l("Please give the number of weeks."))
        return not self.errors

    def to_weeks(self) -> int | None:
        """Give the number of weeks; None: never by itself."""
        return self.weeks.data if self.comes.data == "y" else None
