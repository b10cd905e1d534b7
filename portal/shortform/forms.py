"""The forms of the short test: the statements, beginning for two, a spoken code, showing the page for both."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.fields import HiddenField
from wtforms.validators import DataRequired

from portal.assessments.forms import StatementField
from portal.assessments.short_form import ShortForm, Theme, TooFewAnswers, short_form
from portal.psychometrics.items import Answer, number_of
from portal.shortform.rules import MOST_TYPED
from portal.web.forms import Form, StringField, Text, stripped


class DoorForm(Form):
    """What every form for visitors carries: when it was shown, and a field that only programs fill in."""

    form_key = HiddenField()
    website = StringField(_l("Please leave this empty"))


class StatementsForm(DoorForm):
    """The sixteen statements on one page."""

    def parts(self) -> list[tuple[Theme, list[StatementField]]]:
        """List the themes with their fields, in the order of the page."""
        return [(theme, [self[one.id] for one in theme.statements]) for theme in short_form().themes]

    def to_answers(self) -> dict[str, Answer]:
        """Give what was chosen, by item id."""
        fields = (field for field in self if isinstance(field, StatementField))
        return {field.name: field.answer for field in fields if field.answer is not None}

    def ask_for_more(self, refusal: TooFewAnswers) -> None:
        """Say how much may be left out, and mark what was."""
        form, answers = short_form(), self.to_answers()
        self.form_errors.append(
            _(
                "Please answer at least %(fewest)d of the %(all)d, and leave out no more than one in each part.",
                fewest=form.fewest_answers, all=len(form.statements),
            )
        )  # fmt: skip
        for theme in form.themes:
            if refusal.theme_ids and theme.id not in refusal.theme_ids:
                continue
            for one in theme.statements:
                if number_of(answers, one) is None:
                    self.add_error(one.id, _("Left out so far."))


def statements_form(*, is_blank: bool = False) -> StatementsForm:
    """Make the form of the statements: as it was sent, or with nothing chosen."""
    form = short_form()
    fields = {one.id: StatementField(form.test, one) for one in form.statements}
    kind: type[StatementsForm] = type("StatementsForm", (StatementsForm,), fields)
    return kind(formdata=None) if is_blank else kind()


class CodeForm(Form):
    """A code that somebody was told, or the own way back."""

    code = StringField(
        _l("Your code"),
        [DataRequired(_l("Please enter the digits.")), Text(MOST_TYPED)],
        [stripped],
        description=_l("Nine digits from your partner, or the twelve of your own way back."),
    )


class ShareForm(Form):
    """Agreeing to the page for both."""

    may_go_along = BooleanField(
        _l("If my partner books a first talk here, the page for both of us may go along."),
    )


class OfferForm(Form):
    """Whether visitors may take the short test."""

    is_offered = BooleanField(_l("Visitors can take the short test"))


__all__ = ["CodeForm", "DoorForm", "OfferForm", "ShareForm", "ShortForm", "StatementsForm", "statements_form"]
