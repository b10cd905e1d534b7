"""What a visitor writes by the contact form."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, RadioField
from wtforms.fields.choices import SelectChoice

from portal.booking.forms import Given, VisitorForm
from portal.front.rules import Letter
from portal.practice.models import Therapist
from portal.web.addresses import deliverable
from portal.web.forms import Address, StringField, Text, TextAreaField, stripped, unix_lines


class LetterForm(VisitorForm):
    """A letter."""

    to = RadioField(_l("To"), validators=[Given(_l("Please choose whom you write to."))])
    first_name = StringField(
        _l("Your name"),
        filters=[stripped],
        validators=[Given(_l("Please tell us what to call you.")), Text(80)],
        description=_l("A first name is enough."),
    )
    email = EmailField(
        _l("E-mail"),
        filters=[stripped],
        validators=[Given(_l("Please enter the address that the answer goes to.")), Address()],
        description=_l("For the answer, and nothing else."),
    )
    words = TextAreaField(
        _l("Your question"),
        filters=[unix_lines],
        validators=[Given(_l("Please write your question.")), Text(3000, lines=True)],
    )
    agreed = BooleanField(
        _l("You may keep this letter and my address, to answer me"),
        validators=[Given(_l("Please agree, so that your letter may be kept."))],
    )

    def offer(self, therapists: Sequence[Therapist]) -> None:
        """Offer the therapists who can be written to; who is alone need not be chosen."""
        choices: Any = [SelectChoice(str(one.person_id), one.display_name) for one in therapists]
        self.to.choices = choices
        if len(therapists) == 1:
            self.to.data = str(therapists[0].person_id)

    def to_letter(self, form_id: UUID) -> Letter:
        """Give what was typed to the service."""
        return Letter(
            form_id=form_id,
            therapist_id=UUID(self.to.data),
            name=self.first_name.data,
            email=deliverable(self.email.data),
            words=self.words.data,
        )
