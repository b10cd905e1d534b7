"""The form of the local help lines."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import DataRequired, ValidationError

from portal.practice.rules import HelpLines, is_number, is_site
from portal.web.forms import Form, StringField, Text, TextAreaField, stripped, unix_lines


class Number:
    """A validator for a phone number, short or long, as people write it."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if not is_number(field.data):
            raise ValidationError(
                _l("Please write the number with digits and spaces, like 112 or +44 20 7946 0018.")
            )


class Site:
    """A validator for the address of a web page that is safe to open."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if not is_site(field.data):
            raise ValidationError(_l("Please give the whole address. It should begin with https://."))


class Ticked:
    """A validator that asks for a tick."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if not field.data:
            raise ValidationError(_l("Please call or look up each number, then tick this."))


def _needed(label: Any, most: int, *checks: Any, hint: Any = "") -> StringField:
    needed = DataRequired(_l("Please fill this in. People may need it in a bad hour."))
    return StringField(label, [needed, Text(most), *checks], [stripped], description=hint)


class HelpForm(Form):
    """The sentence that always stands, and the numbers that stand beside it while they are current."""

    notice = TextAreaField(
        _l("The sentence that stands everywhere"),
        [DataRequired(_l("Please write one sentence.")), Text(300, lines=True)],
        [unix_lines],
        description=_l("It also stands alone when the numbers below are older than a year."),
    )
    region = _needed(
        _l("Country or region"), 60, hint=_l("As it stands before the numbers: “United Kingdom”.")
    )
    emergency_number = _needed(_l("Emergency number"), 30, Number())
    crisis_name = _needed(_l("Crisis line: name"), 80)
    crisis_number = _needed(_l("Crisis line: number"), 30, Number())
    abuse_name = _needed(_l("Domestic abuse line: name"), 80)
    abuse_number = _needed(_l("Domestic abuse line: number"), 30, Number())
    abuse_web = _needed(_l("Domestic abuse line: web page"), 200, Site())
    response_time = _needed(
        _l("How soon messages are usually read"), 80, hint=_l("As words: “within one working day”.")
    )
    is_checked = BooleanField(_l("I have checked all these numbers today"), validators=[Ticked()])

    def to_lines(self, today: date) -> HelpLines:
        """Give the numbers, checked today."""
        return HelpLines(
            region=self.region.data,
            emergency_number=self.emergency_number.data,
            crisis_name=self.crisis_name.data,
            crisis_number=self.crisis_number.data,
            abuse_name=self.abuse_name.data,
            abuse_number=self.abuse_number.data,
            abuse_web=self.abuse_web.data,
            response_time=self.response_time.data,
            verified_on=today,
        )
