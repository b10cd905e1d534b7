"""What the practice says of itself: forms of the local help lines, of public words, pages and profiles."""

from datetime import date
from typing import Any

from babel.numbers import get_currency_name, get_currency_symbol
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, ValidationError

from portal.extensions import present_locale
from portal.practice.rules import CURRENCIES, HelpLines, is_number, is_site
from portal.slugs import SLUG
from portal.web.addresses import is_one_address
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


class ProfileForm(Form):
    """A therapist's public page. `portrait`: a new picture, if one was chosen."""

    display_name = StringField(
        _l("Name"), [DataRequired(_l("Please give the name that couples read.")), Text(80)], [stripped]
    )
    title_line = StringField(
        _l("What you are"),
        [DataRequired(_l("Please say it in a few words.")), Text(120)],
        [stripped],
        description=_l("As it stands below the name: “Couples therapist”."),
    )
    slug = StringField(
        _l("Address"),
        [Text(80)],
        [stripped],
        description=_l("The last part of your page’s address. Empty: made from the name."),
    )
    approach = TextAreaField(
        _l("How you work"),
        [Text(4000, lines=True)],
        [unix_lines],
        description=_l("A few short paragraphs. What happens in a first talk, and what you will not do."),
    )
    languages = StringField(
        _l("Languages"), [Text(200)], [stripped], description=_l("Between commas: English, Portuguese.")
    )
    fees = TextAreaField(
        _l("Fees"),
        [Text(600, lines=True)],
        [unix_lines],
        description=_l("Couples look for this first. Say also what a first talk costs: nothing."),
    )
    portrait = FileField(_l("Portrait"), description=_l("JPEG, PNG or WebP, at most 10 MB."))
    drops_portrait = BooleanField(_l("Take the present portrait away"))
    is_listed = BooleanField(_l("Visitors find me and can book me"))

    def validate_slug(self, field: Any) -> None:
        """Raise ValidationError unless the address is plain."""
        if field.data and SLUG.fullmatch(field.data) is None:
            raise ValidationError(
                _l("Please use lower-case letters, digits and single hyphens: jane-parker.")
            )


def _currencies() -> list[SelectChoice]:
    locale = present_locale()
    named = sorted((get_currency_name(code, locale=locale), code) for code in CURRENCIES)
    return [SelectChoice("", _("None: each in their own"))] + [
        SelectChoice(code, f"{name} ({get_currency_symbol(code, locale)})") for name, code in named
    ]


class WordsForm(Form):
    """What the practice says of itself on all public pages."""

    name = StringField(
        _l("Name of the practice"), [DataRequired(_l("Please give it a name.")), Text(80)], [stripped]
    )
    tagline = StringField(
        _l("In one line"),
        [Text(120)],
        [stripped],
        description=_l("What and where: “Couples therapy in Bristol and online”."),
    )
    about = TextAreaField(
        _l("About"),
        [Text(600, lines=True)],
        [unix_lines],
        description=_l("Two or three sentences on the first page."),
    )
    contact_line = StringField(
        _l("How to reach the practice"),
        [Text(200)],
        [stripped],
        description=_l("An address or a phone number that everybody may see."),
    )
    security_contact = StringField(
        _l("Whom to tell of a security hole"),
        [Text(200)],
        [stripped],
        description=_l(
            "An e-mail address, or a page beginning with https://. It goes into security.txt; empty: there is none."
        ),
    )
    currency = SelectField(
        _l("Currency of sums in exercises"),
        choices=_currencies,
        default="",
        description=_l("Answers that were given before are read in it too, so choose it once."),
    )

    def validate_security_contact(self, field: Any) -> None:
        """Raise ValidationError unless programs can read it."""
        if field.data and not (is_one_address(field.data) or is_site(field.data)):
            raise ValidationError(
                _l("Please give one e-mail address, or a whole address that begins with https://.")
            )


class PageForm(Form):
    """The text of one public page, in Markdown."""

    body = TextAreaField(
        _l("Text"),
        [DataRequired(_l("Please write it, or go back to our own text.")), Text(40_000, lines=True)],
        [unix_lines],
    )
