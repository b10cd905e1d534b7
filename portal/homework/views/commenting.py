"""The therapist says something about one answer."""

import json
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.errors import Conflict
from portal.homework.comment_forms import CommentForm
from portal.homework.commenting import (
    MOST_COMMENTS,
    NotForThem,
    Subject,
    TooManyComments,
    comment_on,
    comments_on,
    find_subject,
    take_comment_back,
)
from portal.homework.desk import desk_state
from portal.homework.models import Assignment
from portal.homework.registry import desk_words_of, question_of
from portal.homework.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

WHY_NOT: dict[type[Conflict], object] = {
    NotForThem: _l(
        "This answer is not one that both share any more, so only its author can read what you say about it."
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
    assignment = desk_state(session, viewer, assignment_id).assignment
    _offer(form, assignment, find_subject(session, viewer, assignment, answer_id))
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
    except (NotForThem, TooManyComments) as refusal:
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


def _offer(form: CommentForm, assignment: Assignment, subject: Subject) -> None:
    """Name the author first; of what both wrote, the two in their own order."""
    partners = sorted(assignment.couple.partners, key=lambda one: one.person_id != subject.author_id)
    first, second = (one.person.first_name for one in partners)
    form.offer(subject.reaches, first, second, is_joint=subject.author_id is None)


def _page(assignment_id: UUID, answer_id: UUID, form: CommentForm, status: int = 200) -> ResponseReturnValue:
    session, viewer = current_session(), current_member()
    state = desk_state(session, viewer, assignment_id)
    assignment = state.assignment
    subject = find_subject(session, viewer, assignment, answer_id)
    comments = comments_on(session, subject)
    audited_read(viewer, Action.TASK_READ, assignment)
    _offer(form, assignment, subject)
    answer = subject.answer
    task = (assignment.kind, assignment.task_id, assignment.task_version, answer.prompt_id)
    partners = assignment.couple.partners
    return render(
        "homework/comment.html",
        status=status,
        state=state,
        partners=partners,
        author=next((one for one in partners if one.person_id == subject.author_id), None),
        question=question_of(*task) or "",
        words=desk_words_of(*task, json.loads(answer.value)) if answer.value else None,
        answer=answer,
        comments=comments,
        form=form,
        zone=get_self(session, viewer).zone,
    )
