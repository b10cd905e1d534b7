"""The form of a page of a questionnaire: each item with its places, and the ways to give no answer."""

from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.fields import RadioField, SelectChoice
from wtforms.validators import StopValidation

from portal.psychometrics.items import Answer, AnswersRefused, Item
from portal.web.forms import Form

NO_ANSWER = _l("Please choose one of the answers shown, or leave this one out.")
Read = Callable[[Any, str], Answer]
Choices = Iterable[tuple[str, Any]]


class Judged:
    """A validator that lets the rules of the questionnaire decide what is an answer; none at all is none."""

    def __call__(self, form: Any, field: Any) -> None:
        """Stop with a sentence that helps."""
        if not field.raw_data:
            return
        try:
            field.answer = field.read(field.item, field.raw_data[0] if len(field.raw_data) == 1 else "")
        except AnswersRefused:
            field.data = None
            raise StopValidation(NO_ANSWER) from None


class ItemField(RadioField):  # type: ignore[misc]  # WTForms is untyped
    """One item: its places first, then the ways to give no answer. `read`: what the rules make of what was typed."""

    def __init__(
        self, item: Item, label: Any, places: Choices, absences: Choices, read: Read, **kwargs: Any
    ) -> None:
        self.item, self.read = item, read
        self.answer: Answer | None = None
        shown = [SelectChoice(*one) for one in places]
        self._places = len(shown)
        shown += [SelectChoice(*one) for one in absences]
        super().__init__(label, [Judged()], choices=shown, validate_choice=False, **kwargs)

    @property
    def places(self) -> list[Any]:
        """List the options that are numbers."""
        return list(self)[: self._places]

    @property
    def absences(self) -> list[Any]:
        """List the options that are no number."""
        return list(self)[self._places :]


class PageForm(Form):
    """Some items of a questionnaire."""

    @property
    def questions(self) -> list[ItemField]:
        """List the items of the page in printed order."""
        return [field for field in self if isinstance(field, ItemField)]

    def to_answers(self) -> dict[str, Answer]:
        """Give what was chosen and is an answer, by item id; what was left alone is not there."""
        return {one.item.id: one.answer for one in self.questions if one.answer is not None}
