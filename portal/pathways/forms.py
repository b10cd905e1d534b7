"""What a therapist chooses about templates, and when starting a couple on one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, IntegerField, RadioField, SelectField
from wtforms import Form as Rows
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.couples.models import Partner
from portal.homework.assigning_forms import key_of
from portal.homework.registry import Task
from portal.pathways.rules import MOST_DAYS, MOST_STEPS, USUAL_HOUR, Delivery, Rule
from portal.pathways.shipped import Plan, PlannedStep
from portal.web.forms import Form, StringField, Text, TextAreaField, stripped, unix_lines

BOTH, PAIR = "both", "pair"
SPARE_ROWS = 2
MOST_DUE_DAYS = 60
WEEKDAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip
DELIVERIES = {
    Delivery.AT_ONCE: _l("together with the one before"),
    Delivery.AFTER_PREVIOUS: _l("when the one before is finished"),
    Delivery.AFTER_DAYS: _l("some days after the one before was given"),
    Delivery.WEEKDAY: _l("on the next such day of the week"),
}


def _days(label: str, most: int) -> IntegerField:
    range_words = _l("From 1 to %(most)d days.", most=most)
    return IntegerField(label, validators=[Optional(), NumberRange(1, most, range_words)])


class StepRow(Rows):  # type: ignore[misc]  # WTForms is untyped
    """One row of the form of a template. A row without a task is no step."""

    task = SelectField(_l("Task"), validate_choice=False)
    delivery = SelectField(
        _l("When it comes"),
        choices=[SelectChoice(one.value, words) for one, words in DELIVERIES.items()],
        default=Delivery.AFTER_PREVIOUS.value,
    )
    days = _days(_l("Days"), MOST_DAYS)
    weekday = SelectField(
        _l("Day of the week"), choices=[SelectChoice(str(day), words) for day, words in enumerate(WEEKDAYS)], default="0"
    )  # fmt: skip
    hour = SelectField(
        _l("At"), choices=[SelectChoice(str(hour), f"{hour:02}:00") for hour in range(24)], default=str(USUAL_HOUR)
    )  # fmt: skip
    due_days = _days(_l("Days to have it by"), MOST_DUE_DAYS)
    is_in_session = BooleanField(_l("Opens in our session"))
    place = IntegerField(_l("Place"), validators=[Optional(), NumberRange(1, 99, _l("From 1 to 99."))])


class TemplateForm(Form):
    """Title, purpose, and the steps in their order."""

    title = StringField(
        _l("Title"), filters=[stripped], validators=[InputRequired(_l("Please give it a title.")), Text(120)]
    )
    purpose = TextAreaField(_l("What it is for"), filters=[unix_lines], validators=[Text(500, lines=True)])
    steps = FieldList(FormField(StepRow), min_entries=1, max_entries=MOST_STEPS)

    def offer(self, library: Sequence[Task]) -> None:
        """Put in what can be a step, and rows to spare."""
        self._library = {key_of(task): task for task in library}
        if not self.is_submitted():
            for _spare in range(min(SPARE_ROWS, MOST_STEPS - len(self.steps))):
                self.steps.append_entry()
        for place, row in enumerate(self.steps, start=1):
            chosen = row.form.task.data
            gone = (
                [SelectChoice(chosen, _l("No longer in the library"))]
                if chosen and chosen not in self._library
                else []
            )
            row.form.task.choices = [
                SelectChoice("", _l("No step")),
                *(SelectChoice(key, task.title) for key, task in self._library.items()),
                *gone,
            ]
            if row.form.place.data is None and not row.form.place.errors and not self.is_submitted():
                row.form.place.data = place

    def show(self, plan: Plan) -> None:
        """Fill in what a plan says."""
        self.title.data, self.purpose.data = plan.title, plan.purpose
        while len(self.steps):
            self.steps.pop_entry()
        for place, step in enumerate(plan.steps, start=1):
            rule = step.rule
            self.steps.append_entry(
                {
                    "task": f"{step.kind}:{step.task_id}", "delivery": rule.delivery.value, "days": rule.days,
                    "weekday": str(rule.weekday or 0), "hour": str(USUAL_HOUR if rule.hour is None else rule.hour),
                    "due_days": step.due_days, "is_in_session": step.is_in_session, "place": place,
                }
            )  # fmt: skip

    def check(self) -> bool:
        """Tell whether it can be meant; marks each slip with a sentence."""
        self.validate()
        for row in self._used():
            if row.task.data not in self._library:
                row.task.errors = [*row.task.errors, _l("Please choose what the library has.")]
            elif row.delivery.data == Delivery.AFTER_DAYS.value and not row.days.data and not row.days.errors:
                row.days.errors = [_l("Please say after how many days.")]
        if not self._used() and not self.title.errors:
            self.add_error("title", _l("Please choose at least one task below."))
        return not any(self.errors.values()) and not any(
            field.errors for row in self._used() for field in row
        )

    def to_steps(self) -> list[PlannedStep]:
        """Give the steps in the order of their places."""
        rows = sorted(enumerate(self._used()), key=lambda one: (one[1].place.data or MOST_STEPS, one[0]))
        return [self._to_step(row) for _number, row in rows]

    def _to_step(self, row: StepRow) -> PlannedStep:
        task, delivery = self._library[row.task.data], Delivery(row.delivery.data)
        has_hour = delivery in {Delivery.AFTER_DAYS, Delivery.WEEKDAY}
        rule = Rule(
            delivery,
            days=row.days.data if delivery is Delivery.AFTER_DAYS else None,
            weekday=int(row.weekday.data) if delivery is Delivery.WEEKDAY else None,
            hour=int(row.hour.data) if has_hour else None,
        )
        return PlannedStep(task.kind.value, task.id, rule, bool(row.is_in_session.data), row.due_days.data)

    def _used(self) -> list[StepRow]:
        return [row.form for row in self.steps if row.form.task.data]


class StartForm(Form):
    """Which pathway, for whom, and by whose clock."""

    plan = RadioField(_l("Which pathway"), validate_choice=False)
    for_whom = RadioField(_l("For whom"), default=BOTH, validate_choice=False)
    zone = RadioField(_l("By whose clock"), validate_choice=False)

    def offer(
        self, plans: Iterable[Plan], partners: Sequence[Partner], zones: Sequence[tuple[str, str]]
    ) -> None:
        """Put in what can be chosen, with the two first names. `zones`: each with its words, the therapist's own first."""
        self._plans = {plan.key: plan for plan in plans}
        self._partners = {one.side.value: one for one in partners if one.left_at is None}
        self.plan.choices = [SelectChoice(plan.key, plan.title) for plan in self._plans.values()]
        together = [SelectChoice(BOTH, _l("As a couple")), SelectChoice(PAIR, _l("Both, each alone"))]
        self.for_whom.choices = [
            *(together if len(self._partners) > 1 else []),
            *(
                SelectChoice(side, _l("Only %(name)s", name=one.person.first_name))
                for side, one in self._partners.items()
            ),
        ]
        self.zone.choices = [SelectChoice(zone, words) for zone, words in zones]
        if self.zone.data is None and zones:
            self.zone.data = zones[0][0]

    @property
    def purposes(self) -> dict[str, str]:
        """Say what each pathway is for."""
        return {plan.key: plan.purpose for plan in self._plans.values()}

    @property
    def meanings(self) -> dict[str, object]:
        """Say in plain words what each choice of persons means."""
        alone = _l("One person’s own; the other sees nothing of it.")
        return {
            BOTH: _l("One pathway for the two: each task goes to both, and what both share opens to both."),
            PAIR: _l("Two separate pathways. Nothing is shared, opened or written together."),
            **dict.fromkeys(self._partners, alone),
        }

    def check(self) -> bool:
        """Tell whether the choices can be meant; marks each slip with a sentence."""
        self.validate()
        if self.plan.data not in self._plans:
            self.add_error("plan", _l("Please choose a pathway."))
        for name, words in (
            ("for_whom", _l("Please choose for whom.")),
            ("zone", _l("Please choose by whose clock.")),
        ):
            if self[name].data not in {choice.value for choice in self[name].choices}:
                self.add_error(name, words)
        return not self.errors

    def to_plan(self) -> Plan:
        """Give what was chosen."""
        return self._plans[self.plan.data]

    def to_person_ids(self) -> list[UUID | None]:
        """Give whom each pathway is for: one for both (None), one for each of the two, or one for one person."""
        if self.for_whom.data == BOTH:
            return [None]
        if self.for_whom.data == PAIR:
            return [one.person_id for one in self._partners.values()]
        return [self._partners[self.for_whom.data].person_id]
