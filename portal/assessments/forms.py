"""Forms of the Readiness Test: one page of it, and what of a finished sitting is shared."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields import HiddenField, RadioField, SelectChoice, SelectMultipleField
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.assessments.definition import Domain, Preference, Questionnaire, Statement
from portal.assessments.readiness import score_shareable
from portal.assessments.saying import absence_words, answer_words
from portal.assessments.sitting import read_typed
from portal.psychometrics.items import Answer, Answers, AnswersRefused, number_of
from portal.web.forms import Form

NO_ANSWER = _l("Please choose one of the answers shown, or leave this one out.")
NOT_THERE = _l("Please choose among what is shown here.")
Question = Statement | Preference


class ItemField(RadioField):  # type: ignore[misc]  # WTForms is untyped
    """One item: its places first, then the reasons for no answer."""

    def __init__(self, test: Questionnaire, item: Question, **kwargs: Any) -> None:
        self.item = item
        self.answer: Answer | None = None
        places = {
            str(value): answer_words(test, item, value) for value in range(item.lowest, item.highest + 1)
        }
        choices = [
            SelectChoice(value, words) for value, words in [*places.items(), *absence_words(item).items()]
        ]
        super().__init__(_(item.text), [Judged()], choices=choices, validate_choice=False, **kwargs)

    @property
    def is_preference(self) -> bool:
        """Tell whether the places lie between two poles."""
        return isinstance(self.item, Preference)

    @property
    def is_protected(self) -> bool:
        """Tell whether nothing for the partner is ever made of it."""
        return isinstance(self.item, Statement) and self.item.is_protected

    @property
    def places(self) -> list[Any]:
        """List the options that are numbers."""
        return list(self)[: self.item.highest - self.item.lowest + 1]

    @property
    def absences(self) -> list[Any]:
        """List the options that are reasons for no number."""
        return list(self)[self.item.highest - self.item.lowest + 1 :]


class Judged:
    """A validator that lets the rules of the test decide what is an answer; none at all is none."""

    def __call__(self, form: Any, field: Any) -> None:
        """Stop with a sentence that helps."""
        if not field.raw_data:
            return
        try:
            field.answer = read_typed(field.item, field.raw_data[0] if len(field.raw_data) == 1 else "")
        except AnswersRefused:
            field.data = None
            raise StopValidation(NO_ANSWER) from None


class PageForm(Form):
    """One domain: its statements, then its preferences."""

    @property
    def questions(self) -> list[ItemField]:
        """List the items of the page in printed order."""
        return [field for field in self if isinstance(field, ItemField)]

    def to_answers(self) -> dict[str, Answer]:
        """Give what was chosen and is an answer, by item id; what was left out is not there."""
        return {one.name: one.answer for one in self.questions if one.answer is not None}


def page_form(test: Questionnaire, domain: Domain, chosen: Mapping[str, str | int] | None = None) -> PageForm:
    """Make the form of one domain: as it was sent, or showing what was `chosen` before, by item id."""
    fields = {item.id: ItemField(test, item) for item in domain.items}
    kind: type[PageForm] = type("PageForm", (PageForm,), fields)
    return kind() if chosen is None else kind(formdata=None, data=chosen)


class Several(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Several of several, as boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, area: str = "", **kwargs: Any) -> None:
        self.area = area
        super().__init__(label, invalid_choice_message=NOT_THERE, **kwargs)


class ShareForm(Form):
    """What of a finished sitting is shared: domains in words, single answers one by one."""

    seen = HiddenField()
    domains = Several(choices=[])

    @property
    def singles(self) -> Iterator[Several]:
        """Give the fields of single answers, one a domain."""
        return (field for field in self if isinstance(field, Several) and field.name != "domains")

    @property
    def domain_ids(self) -> list[str]:
        """Give the chosen domains."""
        return list(self.domains.data or [])

    @property
    def item_ids(self) -> list[str]:
        """Give the chosen single answers."""
        return [item_id for field in self.singles for item_id in field.data or []]


def share_form(test: Questionnaire, answers: Answers) -> ShareForm:
    """Make the form of a sitting: every domain that has words is ticked, no single answer is."""
    in_words = [one for one in test.domains if score_shareable(test, one, answers).band is not None]
    fields: dict[str, Several] = {
        "domains": Several(
            _l("What you share"), choices=[SelectChoice(one.id, str(_(one.title))) for one in in_words]
        )
    }
    for domain in test.domains:
        choices = list(_singles(test, domain, answers))
        if choices:
            title = str(_(domain.title))
            label = _l("Single answers: %(area)s", area=title)
            fields[f"items_{domain.id}"] = Several(label, area=title, choices=choices)
    kind: type[ShareForm] = type("ShareForm", (ShareForm,), fields)
    return kind(
        data={"domains": [one.id for one in in_words], **{name: [] for name in fields if name != "domains"}}
    )


def _singles(test: Questionnaire, domain: Domain, answers: Answers) -> Iterator[SelectChoice]:
    items: tuple[Question, ...] = (*domain.preferences, *domain.shareable)
    for item in items:
        value = number_of(answers, item)
        if value is not None:
            yield SelectChoice(item.id, f"{_(item.text)} {_('You chose:')} {answer_words(test, item, value)}")
