"""How a goal ended, and why, if somebody likes to say so."""

from uuid import UUID

from flask_babel import lazy_gettext as _l

from portal.exercises.models import GoalEnding
from portal.web.forms import Form, StringField, Text, TextAreaField, unix_lines

MOST_CHARACTERS = 500


class EndingForm(Form):
    """One goal's own form; how it ended is said by the button. Several stand on one page, each with ids of its own."""

    ending = StringField()
    reason = TextAreaField(
        _l("Why, in your words"),
        filters=[unix_lines],
        validators=[Text(MOST_CHARACTERS, lines=True)],
    )

    @classmethod
    def of(cls, goal_id: UUID, *, is_sent: bool = False) -> "EndingForm":
        """Make the form of a goal: as it was sent, or empty."""
        form = cls() if is_sent else cls(formdata=None)
        form.reason.id = f"reason-{goal_id}"
        return form

    def check(self) -> bool:
        """Tell whether it can be meant; marks each slip with a sentence."""
        self.validate()
        if self.ending.data not in set(GoalEnding):
            self.add_error("ending", _l("Please choose how the goal ended."))
        return not self.errors and not self.form_errors

    def to_ending(self) -> GoalEnding:
        """Give how it ended."""
        return GoalEnding(self.ending.data)
