"""The style page: every part in every state, for the people who build the portal. Shown in development only."""

from flask import current_app
from flask.typing import ResponseReturnValue
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from portal.errors import NotFound
from portal.home.views import blueprint
from portal.security.gate import public
from portal.web.forms import Address, Form, Text
from portal.web.htmx import render


class EveryFieldForm(Form):
    """One field of each kind, so that each can be looked at with and without an error."""

    name = StringField(
        "First name",
        [InputRequired("Please enter a first name."), Text(80)],
        description="As you like to be called.",
    )
    email = EmailField("E-mail", [InputRequired("Please enter an address."), Address()])
    phone = StringField("Phone", [Optional(), Text(40)])
    words = TextAreaField("In a few words", [Optional(), Text(800, lines=True)])
    zone = SelectField(
        "Times are shown in",
        choices=[SelectChoice("Europe/London", "London"), SelectChoice("Asia/Tokyo", "Tokyo")],
    )
    knows = RadioField(
        "Does your partner know?", choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "Not yet")]
    )
    day = DateField("Day", [Optional()])
    at = TimeField("From", [Optional()])
    password = PasswordField("Password", [InputRequired("Please choose a password.")])
    agrees = BooleanField("I agree.", [InputRequired("It needs your yes.")])


@blueprint.get("/style")
@public("the builders' own page; it does not exist outside development")
def style() -> ResponseReturnValue:
    """Show every part, with the errors of a form that was sent with a mistyped address."""
    if not current_app.extensions["settings"].is_development:
        raise NotFound("style")
    form = EveryFieldForm(formdata=None, email="ana example.org", knows="yes")
    form.validate()
    return render("style/page.html", form=form)
