"""The page on which the practice decides what its booking form asks, and sees the form as visitors will."""

from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.booking.forms import FormRulesForm, QuestionForm, details_form
from portal.booking.intake import (
    MOST_QUESTIONS,
    add_question,
    ask_earlier,
    change_form_rules,
    change_question,
    get_question,
    list_questions,
    retire_question,
)
from portal.booking.models import IntakeQuestion
from portal.booking.rules import TooManyQuestions
from portal.booking.views.area import blueprint
from portal.clock import utc_now
from portal.practice.queries import get_practice
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/practice/booking-form")
@requires(Permission.BOOKING_FORM_EDIT)
def form_settings() -> ResponseReturnValue:
    """Show what the booking form asks, with a preview."""
    return _page()


@blueprint.post("/practice/booking-form")
@requires(Permission.BOOKING_FORM_EDIT, keeps_typed=True)
def save_form_rules() -> ResponseReturnValue:
    """Decide what is asked before a booking, about the code, and how long leads are kept."""
    form = FormRulesForm()
    if not form.validate():
        return _page(rules=form, status=422)
    with transaction() as session:
        change_form_rules(session, current_member(), form.to_rules())
    return _back()


@blueprint.post("/practice/booking-form/questions")
@requires(Permission.BOOKING_FORM_EDIT, keeps_typed=True)
def save_new_question() -> ResponseReturnValue:
    """Ask one more question."""
    form = QuestionForm()
    if not form.validate():
        return _page(new=form, status=422)
    try:
        with transaction() as session:
            add_question(session, current_member(), words=form.words.data, is_required=form.is_required.data)
    except TooManyQuestions:
        form.form_errors.append(_("Three questions are asked already. Please retire one first."))
        return _page(new=form, status=409)
    return _back()


@blueprint.post("/practice/booking-form/questions/<uuid:question_id>")
@requires(Permission.BOOKING_FORM_EDIT, keeps_typed=True)
def save_question(question_id: UUID) -> ResponseReturnValue:
    """Change a question's words, move it up, or ask it no more."""
    form = QuestionForm()
    act = request.form.get("act", "save")
    get_question(current_session(), question_id)
    if act == "save" and not form.validate():
        return _page(changed=(question_id, form), status=422)
    with transaction() as session:
        viewer, question = current_member(), get_question(session, question_id)
        if act == "earlier":
            ask_earlier(session, viewer, question)
        elif act == "retire":
            retire_question(session, viewer, question, now=utc_now())
        else:
            change_question(
                session, viewer, question, words=form.words.data, is_required=form.is_required.data, now=utc_now()
            )  # fmt: skip
    return _back()


def _back() -> Response:
    return redirect_to(url_for("booking.form_settings"))


def _page(
    *,
    rules: FormRulesForm | None = None,
    new: QuestionForm | None = None,
    changed: tuple[UUID, QuestionForm] | None = None,
    status: int = 200,
) -> Response:
    practice, questions = get_practice(current_session()), list_questions(current_session())
    return render(
        "booking/form_settings.html",
        status=status,
        rules=rules or FormRulesForm(formdata=None, obj=practice),
        new=new or QuestionForm(formdata=None),
        questions=[(one, _form_of(one, changed)) for one in questions],
        most=MOST_QUESTIONS,
        preview=details_form(questions, formdata=None, prefix="preview-"),
        decided=practice,
        wrong=rules or new or (changed[1] if changed else None),
    )


def _form_of(question: IntakeQuestion, changed: tuple[UUID, QuestionForm] | None) -> QuestionForm:
    if changed is not None and changed[0] == question.id:
        return changed[1]
    return QuestionForm(formdata=None, words=question.words, is_required=question.is_required)
