"""What a therapist chooses when giving a couple something to do."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from portal.couples.models import Partner
from portal.homework.registry import Task
from portal.web.forms import Day, Form

BOTH = "both"
PAIR = "pair"
AS_TASK_SAYS, IN_SESSION = "task", "session"
FURTHEST = timedelta(days=366)


class AssignForm(Form):
    """Which task, for whom, and perhaps a day to have it by. One press elsewhere sends `task` alone: then for both."""

    task = RadioField(_l("What to give them"), validate_choice=False)
    for_whom = RadioField(_l("For whom"), default=BOTH, validate_choice=False)
    opens = RadioField(
        _l("When it opens to both"),
        choices=[
            SelectChoice(AS_TASK_SAYS, _l("As it says itself")),
            SelectChoice(IN_SESSION, _l("In our session")),
        ],
        default=AS_TASK_SAYS,
        validate_choice=False,
    )
    due_on = Day(
        _l("A day to have it by"),
        validators=[Optional()],
        description=_l(
            "A wish, not a deadline. When it has gone by they are asked calmly, once they come back."
        ),
    )

    def offer(self, library: Sequence[Task], partners: Sequence[Partner]) -> None:
        """Put in what can be chosen, with the two first names."""
        self._library = {key_of(task): task for task in library}
        self._partners = {one.side.value: one for one in partners if one.left_at is None}
        self.task.choices = [SelectChoice(key, task.title) for key, task in self._library.items()]
        together = [SelectChoice(BOTH, _l("As a couple")), SelectChoice(PAIR, _l("Both, each alone"))]
        both = together if len(self._partners) > 1 else []
        alone = [
            SelectChoice(side, _l("Only %(name)s", name=one.person.first_name))
            for side, one in self._partners.items()
        ]
        self.for_whom.choices = both + alone
        if not both and self.for_whom.data == BOTH:
            self.for_whom.data = next(iter(self._partners), BOTH)

    @property
    def meanings(self) -> dict[str, object]:
        """Say in plain words what each choice of persons means."""
        alone = _l("One task for one person; the other sees nothing of it. Only its author and you read it.")
        return {
            BOTH: _l(
                "One task for the two. Each writes alone; what both share opens to both, and some of it they may write together."
            ),
            PAIR: _l(
                "Two separate tasks. Nothing is shared, opened or written together; each and you read that person’s own."
            ),
            **dict.fromkeys(self._partners, alone),
        }

    def check(self, today: date) -> bool:
        """Tell whether the choices can be meant; `today` by the therapist's own clock. Marks each slip with a sentence."""
        self.validate()
        if self.task.data not in self._library:
            self.add_error("task", _l("Please choose what to give them."))
        if self.for_whom.data not in {choice.value for choice in self.for_whom.choices}:
            self.add_error("for_whom", _l("Please choose for whom."))
        task = self._library.get(self.task.data)
        if task is not None and task.is_for_one and self.for_whom.data == BOTH:
            self.add_error(
                "for_whom",
                _l("This is for one person alone, of which the other never learns. Choose for whom."),
            )
        if self.opens.data not in {AS_TASK_SAYS, IN_SESSION}:
            self.add_error("opens", _l("Please choose when it opens."))
        day = self.due_on.data
        if day is not None and day < today:
            self.add_error("due_on", _l("This day has gone by. Please choose a later one, or none."))
        if day is not None and day > today + FURTHEST:
            self.add_error("due_on", _l("This day is more than a year away. Please check the year."))
        return not self.errors

    def to_task(self) -> Task:
        """Give what was chosen."""
        return self._library[self.task.data]

    @property
    def is_for_each(self) -> bool:
        """Tell whether both get it, each alone."""
        return bool(self.for_whom.data == PAIR)

    @property
    def is_in_session(self) -> bool:
        """Tell whether the therapist opens it, whatever the task says."""
        return bool(self.opens.data == IN_SESSION)

    def to_person_id(self) -> UUID | None:
        """Give the one person whom it is for, None for both."""
        return None if self.for_whom.data == BOTH else self._partners[self.for_whom.data].person_id


def key_of(task: Task) -> str:
    """Name a task in a form: its kind and id. The version is the one of today."""
    return f"{task.kind}:{task.id}"
