"""The form of the individual questions: one page, nothing kept until it is sent."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, StopValidation

from portal.safety.questions import QUESTIONS
from portal.safety.rules import MOST_LETTERS, MOST_LINE_LETTERS, Answers, Contact, Reply, Way
from portal.web.forms import Form, StringField, Text, TextAreaField, stripped, unix_lines

REPLIES = [
    SelectChoice(Reply.YES.value, _l("Yes")),
    SelectChoice(Reply.NO.value, _l("No")),
    SelectChoice(Reply.UNSAID.value, _l("Prefer not to say")),
]
WAYS = [
    SelectChoice(Way.CALL.value, _l("A call")),
    SelectChoice(Way.TEXT.value, _l("A text message")),
    SelectChoice(Way.EMAIL.value, _l("An e-mail")),
    SelectChoice(Way.MEETING.value, _l("Only when we meet, alone")),
]


class Answered:
    """A validator that asks for a reply, but of nobody who says to be in danger now."""

    def __call__(self, form: Any, field: Any) -> None:
        """Stop with a sentence that helps, or silently."""
        if field.data in {reply.value for reply in Reply}:
            return
        field.errors = []
        if form.danger.data:
            field.data = None
            raise StopValidation
        raise StopValidation(_l("Please choose one. “Prefer not to say” is an answer too."))


def _ask(place: int) -> RadioField:
    return RadioField(QUESTIONS[place].text, choices=REPLIES, validators=[Answered()])


class IndividualForm(Form):
    """The eight questions in their order, how to be reached safely, and "I am in danger now"."""

    danger = BooleanField(_l("I am in danger now"))
    s1, s2, s3, s4, s5, s6, s7, s8 = (_ask(place) for place in range(len(QUESTIONS)))
    way = RadioField(_l("The safest way to reach you"), choices=WAYS, validators=[Optional()])
    hours = StringField(_l("Safe days and hours"), [Text(MOST_LINE_LETTERS)], [stripped])
    safe_word = StringField(
        _l("A word that tells us it is you"),
        [Text(MOST_LINE_LETTERS)],
        [stripped],
        description=_l(
            "If somebody else answers, or you cannot talk, the word is missing and we speak of something else."
        ),
    )
    words = TextAreaField(
        _l("Anything else about reaching you"), [Text(MOST_LETTERS, lines=True)], [unix_lines]
    )

    @property
    def questions(self) -> list[Any]:
        """List the fields of the eight questions, in their order."""
        return [self[question.id] for question in QUESTIONS]

    def to_answers(self) -> Answers:
        """Give what was answered."""
        replies = {
            question.id: Reply(self[question.id].data)
            for question in QUESTIONS
            if self[question.id].data is not None
        }
        way = Way(self.way.data) if self.way.data else Way.UNSAID
        contact = Contact(way, self.hours.data, self.safe_word.data, self.words.data)
        return Answers(replies, contact, self.danger.data)
