"""What a therapist types about a meeting, and how the forms talk about it."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from portal.couples.models import Partner
from portal.meetings.models import Place, Presence
from portal.meetings.rules import LINE_LETTERS, LONGEST_MINUTES, NOTE_LETTERS
from portal.meetings.service import NewMeeting
from portal.web.forms import TWICE, Clock, Day, Form, Text, TextAreaField, read_instant, unix_lines

PLACES = [SelectChoice(Place.ROOM.value, _l("In the room")), SelectChoice(Place.ONLINE.value, _l("Online"))]
PRESENCES = [
    SelectChoice(Presence.CAME.value, _l("Came")),
    SelectChoice(Presence.LATE.value, _l("Came late")),
    SelectChoice(Presence.ABSENT.value, _l("Did not come")),
]
BOTH = "both"


class Written:
    """A validator that asks for words; white space is none."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence
        self.field_flags = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with the field's own sentence."""
        if not (field.data or "").strip():
            raise ValidationError(self.sentence)


class Lines:
    """A validator for a few short lines: at most `most`, each at most `LINE_LETTERS` long."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        lines = lines_of(field.data)
        if len(lines) > self.most:
            sentence = _l("These are more than %(most)d lines. Please join or drop some.", most=self.most)
            raise ValidationError(sentence)
        if any(len(line) > LINE_LETTERS for line in lines):
            sentence = _l(
                "One line is longer than %(most)d characters. Please shorten or split it.", most=LINE_LETTERS
            )
            raise ValidationError(sentence)
        Text(most=self.most * (LINE_LETTERS + 1), lines=True)(form, field)


def lines_of(text: str | None) -> tuple[str, ...]:
    """Split what was typed into its lines, without empty ones."""
    return tuple(line.strip() for line in unix_lines(text).split("\n") if line.strip())


class RecordMeetingForm(Form):
    """When a meeting was, where, and who came. Times are those of the practice's clocks."""

    held_on = Day(_l("Day"), validators=[InputRequired(_l("Please give the day."))])
    starts = Clock(_l("Began at"), validators=[InputRequired(_l("Please give the time."))])
    which = RadioField(
        _l("Which of the two"),
        choices=[
            SelectChoice("0", _l("The first, before the clocks went back")),
            SelectChoice("1", _l("The second, afterwards")),
        ],
        validators=[Optional()],
    )
    length_minutes = IntegerField(
        _l("Length in minutes"),
        default=50,
        validators=[
            NumberRange(5, LONGEST_MINUTES, _l("Please give the minutes as a number from 5 to 480."))
        ],
    )
    place = RadioField(_l("Place"), choices=PLACES, default=Place.ROOM.value)
    company = RadioField(_l("Whom you met"), default=BOTH)
    presence_a = RadioField(choices=PRESENCES, default=Presence.CAME.value)
    presence_b = RadioField(choices=PRESENCES, default=Presence.CAME.value)

    def name_partners(self, partners: list[Partner]) -> None:
        """Put the two names where the form speaks of them."""
        alone = [
            SelectChoice(one.side.value, _l("%(name)s alone", name=one.person.first_name)) for one in partners
        ]
        self.company.choices = [SelectChoice(BOTH, _l("Both together")), *alone]
        for one in partners:
            self[f"presence_{one.side.value}"].label.text = one.person.first_name

    def to_meeting(self, partners: list[Partner], zone: str) -> NewMeeting | None:
        """Give what was typed; None, with the field marked, if clocks in `zone` never or twice show that time."""
        fold = int(self.which.data) if self.which.data in {"0", "1"} else None
        local = datetime.combine(self.held_on.data, self.starts.data)
        starts_at = read_instant(self, "starts", local, zone, fold)
        if starts_at is None:
            return None
        presences: dict[UUID, Presence] = {
            one.person_id: Presence(self[f"presence_{one.side.value}"].data) for one in partners
        }
        alone = {one.side.value: one.person_id for one in partners}.get(self.company.data)
        length = timedelta(minutes=self.length_minutes.data)
        return NewMeeting(starts_at, length, zone, Place(self.place.data), presences, alone)

    @property
    def is_asking_which(self) -> bool:
        """Tell whether the time that was typed exists twice, so that the page must ask."""
        return self.which.data is not None or TWICE in self.starts.errors


class RevisionForm(Form):
    """A button that means exactly what its page showed: `revision` is the shown one, 0 for none yet."""

    revision = HiddenField()

    @property
    def seen_revision(self) -> int:
        """Tell which revision was on the page; -1, which never matches, for anything that is not a number."""
        return number_of(self.revision.data)


class NoteForm(RevisionForm):
    """The text of a note or a process note."""

    text = TextAreaField(
        _l("Your note"),
        filters=[unix_lines],
        validators=[Written(_l("There is nothing to save yet.")), Text(NOTE_LETTERS, lines=True)],
    )


def number_of(text: str | None) -> int:
    """Read a hidden number; -1, which never matches, for anything else."""
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else -1
