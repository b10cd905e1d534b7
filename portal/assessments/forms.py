"""Forms of the Readiness Test: an item of it, and what of a finished sitting is shared."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields import HiddenField, SelectChoice, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.assessments.definition import Domain, Preference, Questionnaire, Statement
from portal.assessments.readiness import score_shareable
from portal.assessments.saying import absence_words, answer_words
from portal.assessments.sitting import read_typed
from portal.homework.item_forms import ItemField
from portal.psychometrics.items import Answers, number_of
from portal.web.forms import Form

NOT_THERE = _l("Please choose among what is shown here.")
Question = Statement | Preference


class StatementField(ItemField):
    """One item: its places first, then the reasons for no answer."""

    def __init__(self, test: Questionnaire, item: Question, **kwargs: Any) -> None:
        numbers = range(item.lowest, item.highest + 1)
        places = [(str(value), answer_words(test, item, value)) for value in numbers]
        super().__init__(item, _(item.text), places, absence_words(item).items(), read_typed, **kwargs)

    @property
    def is_preference(self) -> bool:
        """Tell whether the places lie between two poles."""
        return isinstance(self.item, Preference)

    @property
    def is_protected(self) -> bool:
        """Tell whether nothing for the partner is ever made of it."""
        return isinstance(self.item, Statement) and self.item.is_protected


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
