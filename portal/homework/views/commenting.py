"""The therapist says something about one answer."""

import json
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.errors import Conflict, NotFound
from portal.homework.comment_forms import CommentForm
from portal.homework.commenting import (
    MOST_COMMENTS,
    AuthorOnly,
    TooManyComments,
    comment_on,
    commented_answers,
    get_desk_answer,
    reach_of,
    take_comment_back,
)
from portal.homework.desk import desk_state
from portal.homework.models import Answer, Assignment
from portal.homework.registry import question_of, words_of
from portal.homework.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

WHY_NOT: dict[type[Conflict], object] = {
    AuthorOnly: _l(
        "This answer is not one to share any more, so only its author can read what you say about it."
    ),
    TooManyComments: _l(
        "There are %(most)d comments on this answer. Perhaps it is one for your session.", most=MOST_COMMENTS
    ),
}


@blueprint.route("/couples/tasks/<uuid:assignment_id>/answers/<uuid:answer_id>", methods=["GET", "POST"])
@requires(Permission.HOMEWORK_TASK_COMMENT, keeps_typed=True)
def comment(assignment_id: UUID, answer_id: UUID) -> ResponseReturnValue:
    """Show an answer with what was said about it, and say more."""
    form = CommentForm()
    if not form.is_submitted():
        return _page(assignment_id, answer_id, form)
    viewer, session = current_member(), current_session()
    answer = get_desk_answer(session, viewer, assignment_id, answer_id)
    _offer(form, desk_state(session, viewer, assignment_id).assignment, answer)
    if not form.check():
        return _page(assignment_id, answer_id, form, 422)
    try:
        with transaction() as session:
            comment_on(
                session,
                viewer,
                assignment_id,
                answer_id,
                words=form.words.data,
                reach=form.to_reach(),
                now=utc_now(),
            )
    except (AuthorOnly, TooManyComments) as refusal:
        form.add_error("words", WHY_NOT[type(refusal)])
        return _page(assignment_id, answer_id, form, 409)
    return redirect_to(url_for("homework.comment", assignment_id=assignment_id, answer_id=answer_id))


@blueprint.post(
    "/couples/tasks/<uuid:assignment_id>/answers/<uuid:answer_id>/comments/<uuid:comment_id>/take-back"
)
@requires(Permission.HOMEWORK_TASK_COMMENT)
def take_back_comment(assignment_id: UUID, answer_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    """Delete what was said."""
    with transaction() as session:
        take_comment_back(session, current_member(), assignment_id, comment_id)
    return redirect_to(url_for("homework.comment", assignment_id=assignment_id, answer_id=answer_id))


def _offer(form: CommentForm, assignment: Assignment, answer: Answer) -> None:
    names = {one.person_id: one.person.first_name for one in assignment.couple.partners}
    other = next((name for person_id, name in names.items() if person_id != answer.person_id), "")
    form.offer(reach_of(answer, assignment), names[answer.person_id], other)


def _page(assignment_id: UUID, answer_id: UUID, form: CommentForm, status: int = 200) -> ResponseReturnValue:
    session, viewer = current_session(), current_member()
    state = desk_state(session, viewer, assignment_id)
    answers, comments = commented_answers(session, viewer, assignment_id)
    answer = next((one for one in answers if one.id == answer_id), None)
    if answer is None:
        raise NotFound(str(answer_id))
    audited_read(viewer, Action.TASK_READ, state.assignment)
    assignment = state.assignment
    _offer(form, assignment, answer)
    task = (assignment.kind, assignment.task_id, assignment.task_version, answer.prompt_id)
    author = next(one for one in assignment.couple.partners if one.person_id == answer.person_id)
    return render(
        "homework/comment.html",
        status=status,
        state=state,
        author=author,
        question=question_of(*task) or "",
        words=words_of(*task, json.loads(answer.value)) if answer.value else None,
        answer=answer,
        comments=comments.get(answer_id, []),
        form=form,
        zone=get_self(session, viewer).zone,
    )
