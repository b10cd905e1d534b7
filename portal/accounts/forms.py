"""Forms of signing in, codes, passwords and invitations: shape and wording only.

Fields for passwords never give back what was typed; everything else is kept.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from portal.accounts.guessable import LEAST, MOST, PasswordProblem
from portal.web.forms import Form, StringField, Text, stripped

IDENTITY_LETTERS = 320  # an address may have this many (RFC 3696, erratum 1690)
CODE_LETTERS = 32
LABEL_LETTERS = 60
ANSWER_LETTERS = 20_000  # a device's answer has about two thousand; some makers add certificates
PROBLEMS = {
    PasswordProblem.TOO_SHORT: _l("Please use at least 12 characters. Four or five words that do not belong together are good."),
    PasswordProblem.TOO_LONG: _l("Please use at most 128 characters."),
    PasswordProblem.GUESSABLE: _l(
        "This is among the passwords that are tried first. Four or five words that do not belong together are better."
    ),
    PasswordProblem.PERSONAL: _l("This is mostly your own name or address, which others would try first. Please choose another."),
}  # fmt: skip
CODE_HINT = _l("The six digits from your app, or one of your backup codes.")
CODE_REFUSED = _l(
    "This code is not right, or it was used before. Each code works once; please wait for the next one."
)
PASSKEY_REFUSED = _l(
    "This passkey could not be used, or it took too long. Please try once more, or use your password."
)
WAIT = _l("There were many tries. Please wait a quarter of an hour, then try again.")


class Password:
    """A validator that keeps very long input from ever being hashed; it tells nothing else about a password."""

    field_flags = {"maxlength": MOST}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if len(field.data or "") > MOST:
            raise ValidationError(PROBLEMS[PasswordProblem.TOO_LONG])


class NewPassword(Password):
    """A validator for the length of a password that somebody chooses; the rest is asked when it is hashed."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        super().__call__(form, field)
        if len(field.data or "") < LEAST:
            raise ValidationError(PROBLEMS[PasswordProblem.TOO_SHORT])


class UserName:
    """A validator for a user name: 3 to 40 letters and digits, with . - _ between; no @, so it is no address."""

    field_flags = {"maxlength": 40}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        name: str = field.data or ""
        least, most = 3, 40
        if "@" in name:
            raise ValidationError(_l("An address cannot be a user name. Please leave out the @."))
        if (
            not least <= len(name) <= most
            or not name.replace(".", "").replace("-", "").replace("_", "").isalnum()
        ):
            raise ValidationError(
                _l("Please use 3 to 40 letters and digits; dots and dashes may stand between them.")
            )


NEW_PASSWORD_HINT = _l(
    "At least 12 characters. Four or five words that do not belong together are good. You may paste it."
)


def _password(label: Any, missing: Any) -> PasswordField:
    return PasswordField(label, validators=[InputRequired(missing), Password()])


def _new_password(label: Any) -> PasswordField:
    required = InputRequired(_l("Please choose a password."))
    return PasswordField(label, description=NEW_PASSWORD_HINT, validators=[required, NewPassword()])


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed to sign in."""

    identity: str
    password: str


class SignInForm(Form):
    """User name or address, and the password."""

    identity = StringField(
        _l("User name or e-mail address"),
        filters=[stripped],
        validators=[
            InputRequired(_l("Please enter your user name or your e-mail address.")),
            Text(IDENTITY_LETTERS),
        ],
    )
    password = _password(_l("Password"), _l("Please enter your password."))
    next = HiddenField()

    def to_attempt(self) -> Attempt:
        """Give what the service needs."""
        return Attempt(self.identity.data, self.password.data)


class SecondFactorForm(Form):
    """The code from the app, or a backup code."""

    code = StringField(
        _l("Code"),
        description=CODE_HINT,
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code.")), Text(CODE_LETTERS)],
    )
    next = HiddenField()


class SetUpForm(Form):
    """The first code of a newly set up app."""

    code = StringField(
        _l("Code from the app"),
        description=_l("Six digits. A new code appears every 30 seconds."),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code that the app shows.")), Text(CODE_LETTERS)],
    )


class PasskeyForm(Form):
    """What a device answered, and the challenge that it was asked; a script fills it in."""

    state = HiddenField(validators=[InputRequired(PASSKEY_REFUSED), Text(ANSWER_LETTERS)])
    answer = HiddenField(validators=[InputRequired(PASSKEY_REFUSED), Text(ANSWER_LETTERS)])
    next = HiddenField()


class LabelForm(Form):
    """What somebody calls one of their passkeys."""

    label = StringField(
        _l("Name"),
        filters=[stripped],
        validators=[InputRequired(_l("Please give it a name.")), Text(LABEL_LETTERS)],
    )


class NewPasskeyForm(LabelForm):
    """A new passkey: its name, and what the device answered."""

    state = HiddenField(validators=[Text(ANSWER_LETTERS)])
    answer = HiddenField(validators=[Text(ANSWER_LETTERS)])


class ProofForm(Form):
    """The password once more."""

    password = _password(_l("Password"), _l("Please enter your password."))
    next = HiddenField()


class FullProofForm(ProofForm):
    """The password once more, and a code."""

    code = StringField(
        _l("Code"),
        description=CODE_HINT,
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code.")), Text(CODE_LETTERS)],
    )


class ResetForm(Form):
    """Who wants a new password."""

    identity = StringField(
        _l("User name or e-mail address"),
        filters=[stripped],
        validators=[
            InputRequired(_l("Please enter your user name or your e-mail address.")),
            Text(IDENTITY_LETTERS),
        ],
    )


class ChoosePasswordForm(Form):
    """A new password after a mailed link."""

    password = _new_password(_l("New password"))


class ChoosePasswordForNameForm(ChoosePasswordForm):
    """The same where several people read one inbox."""

    user_name = StringField(
        _l("Your user name"),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter your user name.")), Text(IDENTITY_LETTERS)],
    )


class ResetCodeForm(ChoosePasswordForm, ResetForm):
    """A new password with a code from the therapist."""

    code = StringField(
        _l("Code"),
        description=_l("Eight digits, from your therapist. They hold for 15 minutes."),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code.")), Text(CODE_LETTERS)],
    )


class InvitationCodeForm(Form):
    """The code that was passed on another way than the link."""

    code = StringField(
        _l("Code"),
        description=_l("Eight digits. You got them in person, by phone or in another message."),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code.")), Text(CODE_LETTERS)],
    )


class NewAccountForm(Form):
    """User name and password of an own login."""

    user_name = StringField(
        _l("User name"),
        description=_l("3 to 40 letters and digits. It need not be your name; only you use it, to sign in."),
        filters=[stripped],
        validators=[InputRequired(_l("Please choose a user name.")), UserName()],
    )
    password = _new_password(_l("Password"))


class UnlockForm(Form):
    """The code that the therapist handed over."""

    code = StringField(
        _l("Code"),
        description=_l("Eight digits, from your therapist. They hold for 15 minutes."),
        filters=[stripped],
        validators=[InputRequired(_l("Please enter the code.")), Text(CODE_LETTERS)],
    )


class ChangePasswordForm(Form):
    """The present password and the next one."""

    present = _password(_l("Present password"), _l("Please enter your present password."))
    password = _new_password(_l("New password"))
