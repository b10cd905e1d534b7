"""What a visitor types, and how the form talks about it; what the practice decides about that form."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, IntegerField, RadioField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, StopValidation, ValidationError

from portal.booking.contact import NoPhone, normalised_phone
from portal.booking.holds import WantedTime
from portal.booking.models import IntakeQuestion
from portal.booking.rules import ConsultationRequest, FormRules, IntakeReply, PartnerKnows, is_blank
from portal.marks import Mark
from portal.web.addresses import deliverable
from portal.web.forms import Address, Form, StringField, Text, TextAreaField, stripped, unix_lines
from portal.zones import UnknownZone, parse_zone

KNOWS = [
    SelectChoice(PartnerKnows.YES.value, _l("Yes")),
    SelectChoice(PartnerKnows.NO.value, _l("Not yet")),
    SelectChoice(PartnerKnows.UNSAID.value, _l("I would rather not say")),
]
YES_OR_NO = [SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No"))]
BY_MAIL, BY_TEXT = "email", "text"
WAYS = [
    SelectChoice(BY_MAIL, _l("By e-mail")),
    SelectChoice(BY_TEXT, _l("By text message to the phone above")),
]
LONGEST_REPLY = 300
FEWEST_DAYS, MOST_DAYS = (
    7,
    730,
)  # our choice: time to answer at all, and what can still be called "for a while"


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


class YesOrNo:
    """A validator for a question that has to be answered."""

    field_flags: dict[str, bool] = {"required": True}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if field.data not in {choice.value for choice in YES_OR_NO}:
            raise ValidationError(_l("Please choose yes or no."))


class Phone:
    """A validator for a number that can be dialled; an empty one is fine."""

    field_flags: dict[str, int] = {"maxlength": 40}  # noqa: RUF012 - WTForms reads it from the class

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        try:
            normalised_phone(field.data or "")
        except NoPhone:
            raise ValidationError(
                _l("Please write one number with digits, like 020 7946 0018 or +44 20 7946 0018.")
            ) from None


class VisitorForm(Form):
    """A form of somebody without an account: `form_key` lets it count once however often it is sent.

    `website` is not for people: whoever fills it in is a program.
    """

    form_key = HiddenField()
    website = StringField(_l("Please leave this empty"))


def first_name_field() -> StringField:
    """Ask a visitor for a name."""
    return StringField(
        _l("Your first name"),
        filters=[stripped],
        validators=[Given(_l("Please tell us what to call you.")), Text(80)],
    )


def partner_knows_field() -> RadioField:
    """Ask what decides whether the partner may be named anywhere."""
    return RadioField(
        _l("Does your partner know about this?"), choices=KNOWS, default=PartnerKnows.UNSAID.value
    )


def agreed_field() -> BooleanField:
    """Ask whether what was typed may be kept."""
    return BooleanField(validators=[Given(_l("Please agree, so that these details may be kept."))])


class RemindedForm(Form):
    """A form with a phone, and, where the portal has a gateway for text messages, the question how to remind.

    A text needs the country's code: the gateway cannot know where the number was typed.
    """

    reminded_by = RadioField(_l("How shall we remind you?"), choices=WAYS, default=BY_MAIL)

    def __init__(self, *, has_text_gateway: bool = False, **options: Any) -> None:
        super().__init__(**options)
        if not has_text_gateway:
            del self.reminded_by

    @property
    def reminds_by_text(self) -> bool:
        """Tell whether the reminder is wanted on the phone."""
        return self.reminded_by is not None and self.reminded_by.data == BY_TEXT

    def validate_phone(self, field: Any) -> None:
        """Raise ValidationError where a text is wanted and the number is none that it can be sent to."""
        if not self.reminds_by_text or field.errors:
            return
        if not field.data:
            raise ValidationError(_l("Please give the number that the text message goes to."))
        if not normalised_phone(field.data).startswith("+"):
            raise ValidationError(
                _l("For text messages, please write the number with its country code, like +44 20 7946 0018.")
            )


class RequestConsultationForm(RemindedForm, VisitorForm):
    """The form of one booking.

    `asked_about`: the address that was asked about already, because it looks mistyped; it is taken as it stands.
    """

    first_name = first_name_field()
    email = EmailField(
        _l("E-mail"),
        description=_l("For the confirmation and changes to this time. Nothing else."),
        filters=[stripped],
        validators=[Given(_l("Please enter the address that the confirmation goes to.")), Address()],
    )
    phone = TelField(
        _l("Phone"),
        description=_l("Only so that we can call you if a mail does not reach you."),
        filters=[stripped],
        validators=[Phone()],
    )
    partner_name = StringField(_l("Your partner’s first name"), filters=[stripped], validators=[Text(80)])
    partner_knows = partner_knows_field()
    words = TextAreaField(
        _l("A line or two is plenty"), filters=[unix_lines], validators=[Text(600, lines=True)]
    )
    agreed = agreed_field()
    zone = HiddenField(_l("Your time zone"), validators=[KnownZone()])
    asked_about = HiddenField()
    questions: Sequence[IntakeQuestion] = ()

    @property
    def replies(self) -> list[Any]:
        """Give the fields of the practice's own questions, in order."""
        return [self[reply_name(question)] for question in self.questions]

    def to_request(self, *, form_id: UUID, time: WantedTime, mark: Mark | None) -> ConsultationRequest:
        """Give what was typed to the service, with what the link said."""
        return ConsultationRequest(
            form_id=form_id,
            therapist_id=time.therapist_id,
            starts_at=time.starts_at,
            type_id=time.type_id,
            place_id=time.place_id,
            zone=self.zone.data,
            first_name=self.first_name.data,
            email=deliverable(self.email.data),
            phone=normalised_phone(self.phone.data),
            reminds_by_text=self.reminds_by_text,
            partner_name=self.partner_name.data,
            partner_knows=PartnerKnows(self.partner_knows.data),
            words=self.words.data,
            replies=tuple(
                IntakeReply(question.id, question.words, self[reply_name(question)].data)
                for question in self.questions
            ),
            mark=mark,
        )


def details_form(questions: Sequence[IntakeQuestion], **options: Any) -> RequestConsultationForm:
    """Make the form of one booking with the questions that the practice asks at present."""
    asked = tuple((reply_name(one), one.words, one.is_required) for one in questions)
    form: RequestConsultationForm = _asking(asked)(**options)
    form.questions = questions
    return form


@lru_cache(maxsize=8)
def _asking(asked: tuple[tuple[str, str, bool], ...]) -> type[RequestConsultationForm]:
    """Make the class of a form with these questions: name of the field, words, has to be answered."""
    fields = {name: _reply(words, is_required=is_required) for name, words, is_required in asked}
    return type("AskingForm", (RequestConsultationForm,), fields)


def reply_name(question: IntakeQuestion) -> str:
    """Name the field of a question; another wording is another question, so that no answer stands below the wrong one."""
    return f"reply_{question.id.hex}"


def _reply(words: str, *, is_required: bool) -> StringField:
    needed = [Given(_l("Please answer this question."))] if is_required else []
    return StringField(words, filters=[stripped], validators=[*needed, Text(LONGEST_REPLY)])


class FirstQuestionsForm(Form):
    """What is asked before anything else, so that nobody fills in a form in vain. Nothing of it is stored."""

    of_age = RadioField(
        _l("Are both of you 18 or older?"), choices=YES_OR_NO, validate_choice=False, validators=[YesOrNo()]
    )
    in_region = RadioField(choices=YES_OR_NO, validate_choice=False, validators=[YesOrNo()])

    def __init__(self, *, asks_of_age: bool, region_question: str, **options: Any) -> None:
        super().__init__(**options)
        self.in_region.label.text = region_question
        if not asks_of_age:
            del self.of_age
        if not region_question:
            del self.in_region

    @property
    def says_no(self) -> bool:
        """Tell whether one of the answers means that the practice cannot help here."""
        return any(field.data == "no" for field in self if isinstance(field, RadioField))


class CodeForm(Form):
    """Six digits from a mail, however they were copied."""

    code = StringField(
        _l("The six digits"),
        filters=[lambda text: "".join((text or "").split())],
        validators=[Given(_l("Please enter the six digits from the mail.")), Text(12)],
    )


class QuestionForm(Form):
    """One question of the practice."""

    words = StringField(
        _l("Question"), filters=[stripped], validators=[Given(_l("Please write the question.")), Text(160)]
    )
    is_required = BooleanField(_l("It has to be answered"))


class FormRulesForm(Form):
    """What the practice decides about its booking form."""

    asks_of_age = BooleanField(_l("Ask whether both are of age"))
    region_question = StringField(
        _l("Question about where they live"),
        description=_l("To be answered with yes or no; a no ends the booking. Empty: it is not asked."),
        filters=[stripped],
        validators=[Text(160)],
    )
    demands_mail_code = BooleanField(_l("Let visitors enter a code from their mail before a booking counts"))
    lead_retention_days = IntegerField(
        _l("Days until leads are erased who do not go on"),
        validators=[
            InputRequired(_l("Please give a number of days.")),
            NumberRange(FEWEST_DAYS, MOST_DAYS, _l("Please give between 7 and 730 days.")),
        ],
    )

    def to_rules(self) -> FormRules:
        """Give what was decided to the service."""
        return FormRules(
            asks_of_age=self.asks_of_age.data,
            region_question=self.region_question.data,
            demands_mail_code=self.demands_mail_code.data,
            lead_retention_days=self.lead_retention_days.data,
        )
