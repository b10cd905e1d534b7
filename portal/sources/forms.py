"""The form of a new short link."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional, ValidationError

from portal.blog.models import Post
from portal.sources.rules import is_code, new_code
from portal.web.forms import Form, StringField, Text, stripped


class Code:
    """A validator for the words after /go/."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        if not is_code(field.data):
            raise ValidationError(
                _l("Please use 3 to 40 small letters, digits and hyphens, like letter-spring.")
            )


def _code(text: str | None) -> str:
    return stripped(text).lower()


class LinkForm(Form):
    """What a link is for, where it leads, and which words stand in it."""

    name = StringField(
        _l("What is it for"),
        [DataRequired(_l("Please name it, so that you recognise it on the report.")), Text(60)],
        [stripped],
        description=_l("Only you see this: “Spring newsletter”, “Card in the waiting room”."),
    )
    post = SelectField(_l("Where does it lead"))
    code = StringField(
        _l("Words of your own"),
        [Optional(), Code()],
        [_code],
        description=_l("They stand at the end of the address. Left empty, it gets six letters."),
    )

    def offer(self, posts: list[Post]) -> None:
        """Let the link lead to the booking page or to one of the posts."""
        to_times = SelectChoice("", _l("To the free times"))
        self.post.choices = [to_times, *(SelectChoice(str(post.id), post.title) for post in posts)]

    @property
    def chosen_code(self) -> str:
        """Give the words that were typed, or six letters."""
        return self.code.data or new_code()

    @property
    def post_id(self) -> UUID | None:
        """Give the chosen post."""
        return UUID(self.post.data) if self.post.data else None
