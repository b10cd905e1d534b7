"""What a therapist types for the couple: the summary, as lines of plain text."""

from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import FormField, HiddenField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.meetings.chosen import Offered, with_homework
from portal.meetings.forms import Lines, lines_of, number_of
from portal.meetings.rules import (
    CHOSEN_LETTERS,
    LINE_LETTERS,
    MOST_AGREEMENTS,
    MOST_CHOSEN,
    MOST_LINES,
    MOST_NEXT,
    Agreement,
    SummaryContent,
    Whom,
)
from portal.meetings.summaries import Opened
from portal.web.forms import (
    Clock,
    Day,
    Form,
    StringField,
    Text,
    TextAreaField,
    read_instant,
    stripped,
    unix_lines,
)

NO_LONGER_THERE = _l(
    "Something you ticked can no longer be quoted: it was hidden, withdrawn or changed. It is left out now; please look again."
)


class SeenForm(Form):
    """A button that means exactly what its page showed: `seen` names the version and its revision."""

    seen = HiddenField()

    def show(self, seen: Opened) -> None:
        """Remember what the page shows."""
        self.seen.data = f"{seen.version}.{seen.revision}"

    @property
    def opened(self) -> Opened:
        """Tell what was on the page; a version that never matches for anything malformed."""
        version, _dot, revision = (self.seen.data or "").partition(".")
        return Opened(number_of(version), number_of(revision))


class AgreementForm(PlainForm):  # type: ignore[misc]  # WTForms is untyped
    """One thing agreed."""

    what = StringField(_l("What"), filters=[stripped], validators=[Text(LINE_LETTERS)])
    who = SelectField(_l("Who"), default=Whom.BOTH.value)
    by_on = Day(_l("By when"), validators=[Optional()])

    def validate_what(self, field: Any) -> None:
        """Ask what is meant where only a day was given."""
        if not field.data and self.by_on.data:
            raise ValidationError(_l("Please say what was agreed, or clear the day."))

    def to_agreement(self) -> Agreement | None:
        """Give the agreement; None for an empty row."""
        return Agreement(self.what.data, Whom(self.who.data), self.by_on.data) if self.what.data else None


class Quotable(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Boxes for what may be quoted; what is not offered is refused without repeating it."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any, *, most: int, too_many: Any, **kwargs: Any) -> None:
        self.most, self.too_many = most, too_many
        super().__init__(label, choices=[], invalid_choice_message=NO_LONGER_THERE, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Let only a few be ticked."""
        if not validation_stopped and len(self.data or ()) > self.most:
            raise ValidationError(self.too_many)


class SummaryForm(SeenForm):
    """What the couple will receive, as lines of plain text."""

    focus = TextAreaField(
        _l("Today in one sentence"), filters=[stripped], validators=[Lines(1)],
        description=_l("What the session was about, as both would say it."),
    )  # fmt: skip
    going_well = TextAreaField(
        _l("Going well"), filters=[unix_lines], validators=[Lines(MOST_LINES)],
        description=_l("Up to three lines. About 18 words each read best on paper."),
    )  # fmt: skip
    working_on = TextAreaField(
        _l("Working on"),
        filters=[unix_lines],
        validators=[Lines(MOST_LINES)],
        description=_l("Up to three lines."),
    )
    remember_a = TextAreaField(filters=[stripped], validators=[Lines(1)])
    remember_b = TextAreaField(filters=[stripped], validators=[Lines(1)])
    agreement_1 = FormField(AgreementForm)
    agreement_2 = FormField(AgreementForm)
    agreement_3 = FormField(AgreementForm)
    agreement_4 = FormField(AgreementForm)
    agreement_5 = FormField(AgreementForm)
    next_time = TextAreaField(
        _l("What you take along"), filters=[unix_lines], validators=[Lines(MOST_NEXT)],
        description=_l("An exercise, a check-in, a question: up to five lines."),
    )  # fmt: skip
    chosen = Quotable(
        _l("From their homework"), most=MOST_CHOSEN,
        too_many=_l("Up to four lines fit. Please take the tick off the others."),
    )  # fmt: skip
    chosen_map = Quotable(_l("The map"), most=1, too_many=_l("One map fits. Please choose which."))
    next_on = Day(_l("Next session, day"), validators=[Optional()])
    next_at = Clock(_l("Next session, time"), validators=[Optional()])

    @property
    def agreements(self) -> list[Any]:
        """Give the five rows in order."""
        return [self[f"agreement_{number}"] for number in range(1, MOST_AGREEMENTS + 1)]

    def name_partners(self, names: dict[str, str]) -> None:
        """Put the names, by side, where the form speaks of them; one name for a meeting with one partner alone."""
        choices = [SelectChoice(side, name) for side, name in names.items()]
        if len(names) > 1:
            choices = [SelectChoice(Whom.BOTH.value, _l("Both")), *choices]
        for row in self.agreements:
            row.form.who.choices = choices
            if row.form.who.data not in {choice.value for choice in choices} and not row.form.what.data:
                row.form.who.data = choices[0].value
        for side, name in names.items():
            self[f"remember_{side}"].label.text = name

    def offer(self, offered: Offered) -> None:
        """Say what may be ticked. A line that is too long for the paper is not among it."""
        self.offered = offered
        fitting = [line for line in offered.lines if len(line.words) <= CHOSEN_LETTERS]
        self.line_of = {str(line.source_id): line for line in fitting}
        self.map_of = {str(one.assignment_id): one for one in offered.maps}
        self.chosen.choices = [SelectChoice(key, line.words) for key, line in self.line_of.items()]
        self.chosen_map.choices = [SelectChoice(key, key) for key in self.map_of]

    def to_content(self, zone: str, not_before: datetime) -> SummaryContent | None:
        """Give what was typed and ticked; None, with the field marked, if the next session cannot be at that time."""
        has_problem, next_meeting_at = False, None
        if self.next_on.data or self.next_at.data:
            next_meeting_at = self._next_meeting(zone, not_before)
            has_problem = next_meeting_at is None
        if has_problem:
            return None
        rows = [row.form.to_agreement() for row in self.agreements]
        typed = SummaryContent(
            focus=" ".join(lines_of(self.focus.data)),
            going_well=lines_of(self.going_well.data),
            working_on=lines_of(self.working_on.data),
            remember_a=" ".join(lines_of(self.remember_a.data)),
            remember_b=" ".join(lines_of(self.remember_b.data)),
            agreements=tuple(row for row in rows if row),
            next_time=lines_of(self.next_time.data),
            next_meeting_at=next_meeting_at,
        )
        shown_map = next((self.map_of[key] for key in self.chosen_map.data), None)
        return with_homework(
            typed, [self.line_of[key] for key in self.line_of if key in self.chosen.data], shown_map
        )

    def _next_meeting(self, zone: str, not_before: datetime) -> datetime | None:
        if not (self.next_on.data and self.next_at.data):
            self.add_error("next_at", _l("Please give both the day and the time, or neither."))
            return None
        at = read_instant(self, "next_at", datetime.combine(self.next_on.data, self.next_at.data), zone, None)
        if at is not None and at <= not_before:
            self.add_error("next_on", _l("This is before the session that the summary is about."))
            return None
        return at


def values_of(content: SummaryContent, local_next: datetime | None) -> dict[str, Any]:
    """Give stored content as the values of the form. `local_next`: the next session on the practice's clocks."""
    rows: dict[str, dict[str, str | date | None]] = {
        f"agreement_{number}": {"what": one.what, "who": one.who.value, "by_on": one.by_on}
        for number, one in enumerate(content.agreements, start=1)
    }
    next_on: date | None = local_next.date() if local_next else None
    next_at: time | None = local_next.time() if local_next else None
    return {
        "focus": content.focus,
        "going_well": "\n".join(content.going_well),
        "working_on": "\n".join(content.working_on),
        "remember_a": content.remember_a,
        "remember_b": content.remember_b,
        "next_time": "\n".join(content.next_time),
        "next_on": next_on,
        "next_at": next_at,
        "chosen": [str(one.source_id) for one in content.chosen],
        "chosen_map": [str(content.chosen_map.assignment_id)] if content.chosen_map else [],
        **rows,
    }
