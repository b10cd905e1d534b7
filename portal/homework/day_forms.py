"""What a partner decides about a day that has gone by."""

from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf

from portal.homework.overdue import MOVES
from portal.homework.rules import Course
from portal.web.forms import Form

COURSES = (Course.KEPT, Course.CHANGE, Course.DROPPED)


class MoveForm(Form):
    """By how many days from today it is moved."""

    days = RadioField(
        choices=[SelectChoice(str(days), str(days)) for days in MOVES],
        validators=[AnyOf([str(days) for days in MOVES])],
    )

    def to_days(self) -> int:
        """Give the number of days."""
        return int(self.days.data)


class CourseForm(Form):
    """What is to become of a task."""

    course = RadioField(
        choices=[SelectChoice(course.value, course.value) for course in COURSES],
        validators=[AnyOf([course.value for course in COURSES])],
    )

    def to_course(self) -> Course:
        """Give what was chosen."""
        return Course(self.course.data)
