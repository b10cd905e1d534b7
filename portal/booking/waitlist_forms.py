"""What somebody types who would like to be told of a time."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.booking.forms import (
    Given,
    KnownZone,
    VisitorForm,
    agreed_field,
    first_name_field,
    partner_knows_field,
)
from portal.booking.rules import PartnerKnows
from portal.booking.waitlist import WaitlistRequest
from portal.booking.wishes import AFTERNOON_PART, EVENING_PART, MORNING_PART, Wishes
from portal.marks import Mark
from portal.web.addresses import deliverable
from portal.web.forms import Address, stripped

WEEKDAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip
PARTS = {
    MORNING_PART: _l("Morning, before 12:00"),
    AFTERNOON_PART: _l("Afternoon, 12:00 to 17:00"),
    EVENING_PART: _l("Evening, from 17:00"),
}
NOT_THERE = _l("Please choose from what is listed.")


class OneAtLeast:
    """A validator that asks for at least one tick."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation with the field's own sentence."""
        if not field.data:
            raise StopValidation(self.sentence)


class Bits(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Several of several, as boxes; each value is a power of two, together they are a number."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    @property
    def number(self) -> int:
        """Give what is ticked as one number."""
        return sum({int(value) for value in self.data or []})


class WaitlistForm(VisitorForm):
    """The form of one place on the list."""

    type_id = RadioField(_l("What for"), validate_choice=True)
    place_id = RadioField(_l("Where"), validate_choice=True)
    weekdays = Bits(
        _l("On which days are you free?"),
        choices=[SelectChoice(str(1 << day), name) for day, name in enumerate(WEEKDAYS)],
        validators=[OneAtLeast(_l("Please tick at least one day."))],
        invalid_choice_message=NOT_THERE,
    )
    parts = Bits(
        _l("At what time of day?"),
        choices=[SelectChoice(str(part), words) for part, words in PARTS.items()],
        validators=[OneAtLeast(_l("Please tick at least one time of day."))],
        invalid_choice_message=NOT_THERE,
    )
    first_name = first_name_field()
    email = EmailField(
        _l("E-mail"),
        description=_l("We write when a time is free that suits you. Nothing else."),
        filters=[stripped],
        validators=[Given(_l("Please enter the address that we write to.")), Address()],
    )
    partner_knows = partner_knows_field()
    agreed = agreed_field()
    zone = HiddenField(_l("Your time zone"), validators=[KnownZone()])

    def offer_choices(self, types: list[tuple[str, str]], places: list[tuple[str, str]]) -> None:
        """Say what can be waited for; a question with one answer is not asked. Places may be empty."""
        self.type_id.choices = [SelectChoice(value, label) for value, label in types]
        self.place_id.choices = [
            SelectChoice("", _l("Anywhere")),
            *(SelectChoice(value, label) for value, label in places),
        ]
        if len(types) < 2:  # noqa: PLR2004 - one answer is no question
            del self.type_id
        if len(places) < 2:  # noqa: PLR2004 - one answer is no question
            del self.place_id

    def to_request(
        self, *, form_id: UUID, therapist_id: UUID, type_id: UUID, mark: Mark | None
    ) -> WaitlistRequest:
        """Give what was typed to the service. `type_id`: the one meant where the form does not ask."""
        asked_type = self.type_id.data if "type_id" in self else ""
        place = self.place_id.data if "place_id" in self else ""
        return WaitlistRequest(
            form_id=form_id,
            therapist_id=therapist_id,
            type_id=UUID(asked_type) if asked_type else type_id,
            place_id=UUID(place) if place else None,
            first_name=self.first_name.data,
            email=deliverable(self.email.data),
            wishes=Wishes(self.weekdays.number, self.parts.number, self.zone.data),
            partner_knows=PartnerKnows(self.partner_knows.data),
            mark=mark,
        )
