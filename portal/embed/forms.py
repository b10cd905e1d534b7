"""The form of a site that may show the booking."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired, ValidationError

from portal.embed.rules import NotAnOrigin, parse_origin
from portal.web.forms import Form, StringField, Text, stripped


class Site:
    """A validator for the address of a site."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        try:
            parse_origin(field.data)
        except NotAnOrigin:
            raise ValidationError(
                _l(
                    "Please give the address of the site alone, like https://www.example.org – no page after it."
                )
            ) from None


class SiteForm(Form):
    """One more site."""

    origin = StringField(
        _l("Address of the site"),
        [DataRequired(_l("Please give the address of the site.")), Text(300), Site()],
        [stripped],
        description=_l("As your browser shows it, up to the first slash: https://www.example.org"),
    )

    @property
    def parsed(self) -> str:
        """Give the origin as browsers name it."""
        return parse_origin(self.origin.data)
