"""What a therapist says about one answer, and to whom."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from portal.homework.commenting import MOST_CHARACTERS
from portal.homework.rules import Reach
from portal.web.forms import Form, Text, TextAreaField, unix_lines


class CommentForm(Form):
    """Who may read it comes first: it is chosen before a word is typed."""

    reach = RadioField(_l("Who may read it"), default=Reach.AUTHOR.value, validate_choice=False)
    words = TextAreaField(
        _l("What you want to say"),
        filters=[unix_lines],
        validators=[
            InputRequired(_l("Please write what you want to say.")),
            Text(MOST_CHARACTERS, lines=True),
        ],
    )

    def offer(self, reaches: Collection[Reach], author: str, other: str, *, is_joint: bool) -> None:
        """Put in who can be chosen, with the two first names. Of what both wrote nobody is chosen beforehand."""
        both = _l("%(author)s and %(other)s, while this answer is open to both", author=author, other=other)
        if is_joint:
            both = _l("%(author)s and %(other)s", author=author, other=other)
        words = {
            Reach.AUTHOR: _l("%(author)s alone", author=author),
            Reach.BOTH: both,
            Reach.THERAPIST: _l("You alone"),
        }
        self.reach.choices = [SelectChoice(one.value, words[one]) for one in Reach if one in reaches]

    def check(self) -> bool:
        """Tell whether it can be meant; marks each slip with a sentence."""
        self.validate()
        if self.reach.data not in {choice.value for choice in self.reach.choices}:
            self.add_error("reach", _l("Please choose who may read it."))
        if not (self.words.data or "").strip() and not self.words.errors:
            self.add_error("words", _l("Please write what you want to say."))
        return not self.errors

    def to_reach(self) -> Reach:
        """Give who was chosen."""
        return Reach(self.reach.data)
