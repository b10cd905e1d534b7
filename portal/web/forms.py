"""The base of all forms: the only module that knows Flask-WTF. Shape and wording of input; rules decide the rest."""

from datetime import datetime
from typing import Any, ClassVar

from flask import g, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, StringField, TextAreaField, TimeField
from wtforms.validators import ValidationError

from portal.web.addresses import MOST_LETTERS, is_one_address
from portal.web.letters import is_forbidden
from portal.zones import LocalTimeMissing, LocalTimeTwice, TimeOutOfRange, parse_zone, to_instant

STALE = _l("This page had been open for a long time. What you typed is still here; please send it once more.")
SKIPPED = _l("Clocks go forward that night and never show this time. Please choose another one.")
TWICE = _l("Clocks go back that night and show this time twice. Please choose which one.")
FAR_OFF = _l("This day is out of reach. Please check the year.")


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """A form of the portal. The token is checked by the gate; here a stale page becomes a sentence, not a loss."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF is untyped
        """No cookie-bound token: `portal.security.gate` has its own. And no JSON, of whatever depth: forms only."""

        csrf = False

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Read what the browser sent as a form; anything else counts as nothing sent."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check every field, and that the page was not too old."""
        is_valid = bool(super().validate(extra_validators))
        if getattr(g, "form_is_stale", False):
            self.form_errors.append(STALE)
            return False
        return is_valid

    def add_error(self, name: str, sentence: Any) -> None:
        """Mark a field with a sentence that a rule or the database caused."""
        field = self[name]
        field.errors = [*field.errors, sentence]


class Text:
    """A validator for one line of text: at most `most` characters, no control characters, no lone surrogates."""

    def __init__(self, most: int, *, lines: bool = False) -> None:
        self.most = most
        self.lines = lines
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        text: str = field.data or ""
        if len(text) > self.most:
            raise ValidationError(
                _l("This is longer than %(most)d characters. Please shorten it.", most=self.most)
            )
        if any(is_forbidden(letter, lines=self.lines) for letter in text):
            raise ValidationError(_l("This contains characters that cannot be stored. Please type it again."))


class Day(DateField):  # type: ignore[misc]  # WTForms is untyped
    """A calendar day, with a sentence that helps."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the browser's own form of a day."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Please give the day as in 2026-11-17.")) from None


class Clock(TimeField):  # type: ignore[misc]  # WTForms is untyped
    """A time of day, with a sentence that helps."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the browser's own form of a time."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Please give the time as in 18:00.")) from None


def read_instant(form: Form, name: str, local: datetime, zone: str, fold: int | None) -> datetime | None:
    """Give the instant of a typed time; None, with the field marked, if clocks in `zone` never or twice show it."""
    try:
        return to_instant(local, parse_zone(zone), fold=fold)
    except LocalTimeMissing:
        form.add_error(name, SKIPPED)
    except LocalTimeTwice:
        form.add_error(name, TWICE)
    except TimeOutOfRange:
        form.add_error(name, FAR_OFF)
    return None


class Address:
    """A validator for one e-mail address."""

    field_flags: ClassVar[dict[str, int]] = {"maxlength": MOST_LETTERS}

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        text: str = field.data or ""
        if "@" not in text:
            raise ValidationError(_l("This address has no @. It should look like ana@example.org."))
        if not is_one_address(text):
            raise ValidationError(_l("Please enter one e-mail address. It should look like ana@example.org."))


def stripped(text: str | None) -> str:
    """Take the white space off both ends; a filter for single lines."""
    return (text or "").strip()


def unix_lines(text: str | None) -> str:
    """Give browsers' CRLF line ends as the LF that is stored; a filter for longer texts."""
    return (text or "").replace("\r\n", "\n").strip()


__all__ = [
    "FAR_OFF",
    "SKIPPED",
    "TWICE",
    "Address",
    "Clock",
    "Day",
    "Field",
    "Form",
    "StringField",
    "Text",
    "TextAreaField",
    "read_instant",
    "stripped",
    "unix_lines",
]
