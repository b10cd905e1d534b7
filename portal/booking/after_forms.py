"""What is typed after a booking stands: by the booker, the second person, and the therapist."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, RadioField, SelectField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, StopValidation

from portal.booking.contact import normalised_phone
from portal.booking.forms import Given, KnownZone, Phone, RemindedForm, first_name_field
from portal.booking.joining import SecondPerson
from portal.booking.rules import Attendance, DeclineReason
from portal.web.addresses import deliverable
from portal.web.forms import Address, Day, Form, StringField, Text, TextAreaField, stripped, unix_lines

MOST_DIGITS = 8
REASONS = {
    DeclineReason.TIME: _l("This time does not suit; another may"),
    DeclineReason.FULL: _l("No room for anybody new at present"),
    DeclineReason.FIT: _l("Somebody else would suit them better"),
    DeclineReason.REGION: _l("Outside the region of my licence"),
    DeclineReason.KNOWN: _l("We have spoken before"),
    DeclineReason.OTHER: _l("Without a reason"),
}
CAME = [
    SelectChoice(Attendance.CAME.value, _l("Came")),
    SelectChoice(Attendance.MISSED.value, _l("Missed")),
    SelectChoice(Attendance.UNKNOWN.value, _l("Not noted")),
]


class SeenForm(Form):
    """A button on a page that may be out of date: `seen` is the version that was looked at."""

    seen = HiddenField()

    def version(self) -> int | None:
        """Give the version that the page showed; None where nothing readable came, which matches the present one."""
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


class MessageForm(Form):
    """A few words to the other side."""

    words = TextAreaField(
        _l("Your message"),
        filters=[unix_lines],
        validators=[Given(_l("Please write something first.")), Text(1000, lines=True)],
    )


class NewAddressForm(Form):
    """Another address in place of one that sends mails back."""

    email = EmailField(
        _l("Another e-mail address"),
        filters=[stripped],
        validators=[Given(_l("Please enter an address.")), Address()],
    )

    def address(self) -> str:
        """Give the address as mail servers take it."""
        return deliverable(self.email.data)


class JoinForm(RemindedForm):
    """What the second person gives; address and phone only if mails or texts are wanted."""

    first_name = first_name_field()
    zone = SelectField(_l("Your time zone"), validators=[KnownZone()], validate_choice=False)
    email = EmailField(
        _l("Your own e-mail"),
        description=_l("Only if you want the confirmation and reminders too. Nobody else sees it."),
        filters=[stripped],
        validators=[Optional(), Address()],
    )
    phone = TelField(
        _l("Your own phone"),
        description=_l("Only if you want the reminder as a text message. Nobody else sees it."),
        filters=[stripped],
        validators=[Phone()],
    )
    agreed = BooleanField(validators=[Given(_l("Please agree, so that these details may be kept."))])

    def __init__(self, *, has_text_gateway: bool = False, **options: Any) -> None:
        super().__init__(has_text_gateway=has_text_gateway, **options)
        if not has_text_gateway:
            del self.phone

    def to_second(self) -> SecondPerson:
        """Give what was typed to the service."""
        email = deliverable(self.email.data) if self.email.data else ""
        return SecondPerson(
            first_name=self.first_name.data, zone=self.zone.data, email=email,
            phone=normalised_phone(self.phone.data) if self.phone is not None else "", reminds_by_text=self.reminds_by_text,
        )  # fmt: skip


class DeclineForm(SeenForm):
    """A no, with a reason that the visitor's page says kindly."""

    reason = RadioField(
        _l("What their page says"),
        choices=[SelectChoice(reason.value, words) for reason, words in REASONS.items()],
        default=DeclineReason.TIME.value,
    )
    words = TextAreaField(
        _l("A few words of your own"), filters=[unix_lines], validators=[Text(600, lines=True)]
    )

    def to_reason(self) -> DeclineReason:
        """Give the reason as the service knows it."""
        return DeclineReason(self.reason.data)


class ApologyForm(SeenForm):
    """Taking back what was agreed."""

    words = TextAreaField(
        _l("A few words of your own"), filters=[unix_lines], validators=[Text(600, lines=True)]
    )


class ClockTime:
    """A validator for a time of day as 14:30."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation with a sentence that helps."""
        try:
            time.fromisoformat(field.data or "")
        except ValueError:
            raise StopValidation(_l("Please give the time as in 14:30.")) from None


class HostMoveForm(SeenForm):
    """Another day and time, by the therapist's own clock."""

    on = Day(_l("Day"), validators=[InputRequired(_l("Please give the day as in 2026-11-17."))])
    at = StringField(_l("Begins at"), filters=[stripped], validators=[ClockTime()])

    def to_instant(self, zone: ZoneInfo) -> datetime:
        """Give the instant that is meant; of a doubled hour the first. Raises OverflowError at the ends of the calendar."""
        at = time.fromisoformat(self.at.data).replace(second=0, microsecond=0, tzinfo=None)
        return datetime.combine(self.on.data, at, zone).astimezone(UTC)


class AttendanceForm(Form):
    """Who came."""

    booker = RadioField(_l("Who booked"), choices=CAME)
    partner = RadioField(_l("The other person"), choices=CAME)
