"""Input of the couple's pages."""

from typing import Literal

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from portal.couples.models import CoupleStatus, SecretsPolicy
from portal.couples.rules import NewPartner
from portal.web.addresses import deliverable
from portal.web.forms import Address, Form, Text, stripped


class CloseCoupleForm(Form):
    """How the work with a couple ends."""

    how = RadioField(
        _l("How it ends"),
        choices=[
            SelectChoice(CoupleStatus.ARCHIVED.value, _l("The work is finished")),
            SelectChoice(CoupleStatus.SEPARATED.value, _l("They have separated")),
        ],
        validators=[InputRequired(_l("Please choose how it ends."))],
    )

    def to_status(self) -> Literal[CoupleStatus.ARCHIVED, CoupleStatus.SEPARATED]:
        """Give what was chosen."""
        is_parting = self.how.data == CoupleStatus.SEPARATED.value
        return CoupleStatus.SEPARATED if is_parting else CoupleStatus.ARCHIVED


class NewCoupleForm(Form):
    """The two persons of a new couple."""

    first_first_name = StringField(
        _l("First name"), [InputRequired(_l("Please enter a first name.")), Text(80)], [stripped]
    )
    first_last_name = StringField(_l("Last name"), [Optional(), Text(80)], [stripped])
    first_email = EmailField(_l("E-mail"), [Optional(), Address()], [stripped])
    second_first_name = StringField(
        _l("First name"), [InputRequired(_l("Please enter a first name.")), Text(80)], [stripped]
    )
    second_last_name = StringField(_l("Last name"), [Optional(), Text(80)], [stripped])
    second_email = EmailField(
        _l("E-mail"),
        [Optional(), Address()],
        [stripped],
        description=_l(
            "Leave this empty to hand the invitation over yourself. Both may use the same address."
        ),
    )
    secrets_policy = RadioField(
        _l("What one of them tells you alone"),
        choices=[
            SelectChoice(SecretsPolicy.LIMITED.value, _l("Stays with you, unless the person agrees")),
            SelectChoice(SecretsPolicy.NO_SECRETS.value, _l("May be brought into the session")),
        ],
        default=SecretsPolicy.LIMITED.value,
    )

    def to_first(self) -> NewPartner:
        """Give the person who is already known."""
        return NewPartner(
            self.first_first_name.data, self.first_last_name.data, _deliverable(self.first_email.data)
        )

    def to_second(self) -> NewPartner:
        """Give the other person."""
        return NewPartner(
            self.second_first_name.data, self.second_last_name.data, _deliverable(self.second_email.data)
        )

    def to_policy(self) -> SecretsPolicy:
        """Give the chosen secrets policy."""
        return SecretsPolicy(self.secrets_policy.data)


def _deliverable(address: str) -> str:
    return deliverable(address) if address else ""
