"""The forms: an item of a sitting, words that are brought, the practice's own figures, a rhythm."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DecimalField, IntegerField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.couples.models import Partner
from portal.homework.item_forms import ItemField
from portal.measures.imports import ItemWording
from portal.measures.rules import MOST_WEEKS, Rhythm
from portal.measures.service import LicenceSaid
from portal.measures.sitting import LEFT_OUT, read_typed
from portal.psychometrics.instrument import Instrument, KeyItem, Layout
from portal.web.forms import Day, Form, StringField, Text, TextAreaField, stripped, unix_lines

BOTH = "both"
FURTHEST = timedelta(days=366)
GONE_BY = _l("This day has gone by. Please choose today or a later one.")


class MeasureField(ItemField):
    """One item: its places as the form prints them, then leaving it out."""

    item: KeyItem

    def __init__(self, item: KeyItem, words: ItemWording, **kwargs: Any) -> None:
        self.words = words
        count = len(words.places)
        places = [
            (str(place.score), place.words or _place_words(item, words, number, count))
            for number, place in enumerate(words.places, start=1)
        ]
        absences = [(LEFT_OUT.value, _l("Leave this one out"))]
        super().__init__(
            item, words.text or _l("Where between these two?"), places, absences, read_typed, **kwargs
        )

    @property
    def is_poles(self) -> bool:
        """Tell whether the places are circles between two poles."""
        return self.item.layout is Layout.POLES

    @property
    def is_numbered(self) -> bool:
        """Tell whether the places are numbers with words at the ends."""
        return self.item.layout is Layout.NUMBERS


def _place_words(item: KeyItem, words: ItemWording, number: int, count: int) -> Any:
    """Name a place without words of its own, for those who hear the page."""
    if item.layout is Layout.POLES:
        pole = words.left if number <= count / 2 else words.right
        return _l("closer to %(pole)s, %(number)d of %(count)d", pole=pole, number=number, count=count)
    return _l("%(number)d of %(count)d", number=number, count=count)


class BringForm(Form):
    """A file with words, and what the owner confirms about the licence."""

    file = FileField(_l("File"), description=_l("TOML or JSON in UTF-8, at most 128 kB."))
    holder = StringField(_l("Who holds the rights in these words"), [InputRequired(_l("Please name the holder.")), Text(200)], [stripped])  # fmt: skip
    terms = TextAreaField(
        _l("On what terms you may use them"),
        [InputRequired(_l("Please write down the terms, or the licence you hold.")), Text(2000, lines=True)],
        [unix_lines],
        description=_l("As the holder states them, or the number and date of your licence."),
    )
    source = StringField(_l("Where this can be read"), [InputRequired(_l("Please say where.")), Text(300)], [stripped], description=_l("An address, a letter, a contract."))  # fmt: skip
    confirmed = BooleanField(
        _l("I confirm that this practice may use these words in this way."),
        [InputRequired(_l("Without this the words cannot be taken."))],
    )

    def to_licence(self) -> LicenceSaid:
        """Give what was confirmed."""
        return LicenceSaid(self.holder.data, self.terms.data, self.source.data)


class FiguresForm(Form):
    """A standard deviation and a reliability of the practice's own, or of a study that it trusts."""

    deviation = DecimalField(_l("Standard deviation, in points"), [InputRequired(_l("Please give a number.")), NumberRange(min=0.01, max=1000, message=_l("Please give a number above 0."))])  # fmt: skip
    reliability = DecimalField(_l("Reliability"), [InputRequired(_l("Please give a number.")), NumberRange(min=0, max=0.99, message=_l("A reliability lies between 0 and 0.99."))])  # fmt: skip
    citation = StringField(_l("Where they come from"), [InputRequired(_l("Please say where they come from.")), Text(300)], [stripped])  # fmt: skip


class ScheduleForm(Form):
    """Which questionnaire, for whom, how often, from when and until when."""

    key = SelectField(_l("Questionnaire"), validate_choice=False)
    for_whom = RadioField(_l("For whom"), default=BOTH, validate_choice=False)
    every_weeks = IntegerField(
        _l("Every how many weeks"),
        [NumberRange(1, MOST_WEEKS, _l("Please give a number from 1 to 52."))],
        default=4,
    )
    starts_on = Day(_l("From"), [InputRequired(_l("Please choose a day."))])
    until_on = Day(_l("Until"), [Optional()], description=_l("Leave it empty to go on until you end it."))

    def offer(self, on_hand: Sequence[Instrument], partners: Sequence[Partner]) -> None:
        """Put in what can be chosen."""
        self._keys = {key.id: key for key in on_hand}
        self._partners = {one.side.value: one for one in partners if one.left_at is None}
        self.key.choices = [
            SelectChoice(key.id, _l("%(title)s – one person alone", title=key.title) if key.is_individual else key.title)
            for key in on_hand
        ]  # fmt: skip
        both = [SelectChoice(BOTH, _l("Both, each alone"))] if len(self._partners) > 1 else []
        alone = [
            SelectChoice(side, _l("Only %(name)s", name=one.person.first_name))
            for side, one in self._partners.items()
        ]
        self.for_whom.choices = both + alone

    def check(self, today: date) -> bool:
        """Tell whether the choices can be meant; `today` by the therapist's own clock."""
        self.validate()
        key = self._keys.get(self.key.data)
        if key is None:
            self.add_error("key", _l("Please choose a questionnaire."))
        if self.for_whom.data not in {choice.value for choice in self.for_whom.choices}:
            self.add_error("for_whom", _l("Please choose for whom."))
        elif key is not None and key.is_individual and self.for_whom.data == BOTH:
            self.add_error("for_whom", _l("This one is about one person alone, and the other never learns of it. Please choose for whom."))  # fmt: skip
        self._check_days(today)
        return not self.errors

    def _check_days(self, today: date) -> None:
        first, last = self.starts_on.data, self.until_on.data
        if first is not None and first < today:
            self.add_error("starts_on", GONE_BY)
        if first is not None and first > today + FURTHEST:
            self.add_error("starts_on", _l("This day is more than a year away. Please check the year."))
        if first is not None and last is not None and last < first:
            self.add_error("until_on", _l("This is before the first day."))

    def to_rhythm(self) -> Rhythm:
        """Give when it is due."""
        return Rhythm(self.starts_on.data, self.every_weeks.data, self.until_on.data)

    def to_person_id(self) -> UUID | None:
        """Give the one person whom it is for, None for both."""
        return None if self.for_whom.data == BOTH else self._partners[self.for_whom.data].person_id
