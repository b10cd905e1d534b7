"""What a visitor types, and how the form talks about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation, ValidationError

from portal.booking.rules import ConsultationRequest, PartnerKnows, is_blank
from portal.web.addresses import deliverable
from portal.web.forms import Address, Form, StringField, Text, TextAreaField, stripped, unix_lines
from portal.zones import UnknownZone, parse_zone

KNOWS = [
    SelectChoice(PartnerKnows.YES.value, _l("Yes")),
    SelectChoice(PartnerKnows.NO.value, _l("Not yet")),
    SelectChoice(PartnerKnows.UNSAID.value, _l("I would rather not say")),
]


class Given:
    """A validator that asks for something to read: white space and invisible signs are no name."""

    field_flags: dict[str, bool] = {"required": True}  # noqa: RUF012 - WTForms reads it from the class

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation with the field's own sentence; nothing else need be said about an empty answer."""
        if not field.data or (isinstance(field.data, str) and is_blank(field.data)):
            raise StopValidation(self.sentence)


class KnownZone:
    """A validator for the id of a time zone; only membership decides."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        try:
            parse_zone(field.data or "")
        except UnknownZone:
            raise ValidationError(
                _l("We do not know this time zone. Please choose one from the list.")
            ) from None


class RequestConsultationForm(Form):
    """The form of one booking. `website` is not for people: whoever fills it in is a program."""

    first_name = StringField(
        _l("Your first name"),
        filters=[stripped],
        validators=[Given(_l("Please tell us what to call you.")), Text(80)],
    )
    email = EmailField(
        _l("E-mail"),
        description=_l("For the confirmation and changes to this time. Nothing else."),
        filters=[stripped],
        validators=[Given(_l("Please enter the address that the confirmation goes to.")), Address()],
    )
    partner_name = StringField(_l("Your partner’s first name"), filters=[stripped], validators=[Text(80)])
    partner_knows = RadioField(
        _l("Does your partner know about this?"), choices=KNOWS, default=PartnerKnows.UNSAID.value
    )
    words = TextAreaField(
        _l("A line or two is plenty"), filters=[unix_lines], validators=[Text(600, lines=True)]
    )
    agreed = BooleanField(validators=[Given(_l("Please agree, so that these details may be kept."))])
    zone = HiddenField(_l("Your time zone"), validators=[KnownZone()])
    form_key = HiddenField()
    website = StringField(_l("Please leave this empty"))

    def to_request(
        self, *, form_id: UUID, therapist_id: UUID, starts_at: datetime, post_id: UUID | None
    ) -> ConsultationRequest:
        """Give what was typed to the service, with what the link said."""
        return ConsultationRequest(
            form_id=form_id,
            therapist_id=therapist_id,
            starts_at=starts_at,
            zone=self.zone.data,
            first_name=self.first_name.data,
            email=deliverable(self.email.data),
            partner_name=self.partner_name.data,
            partner_knows=PartnerKnows(self.partner_knows.data),
            words=self.words.data,
            post_id=post_id,
        )
