"""The therapist's page of a test, and the same test as the couple sees it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments import drawing
from portal.assessments.catalogue import questionnaire_of
from portal.assessments.definition import Questionnaire
from portal.assessments.desk import DeskView, desk_view, with_before
from portal.assessments.differing import said_in
from portal.assessments.spoken import said_to_both, spoken_to_both
from portal.assessments.together import shares_in, together_view
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import shares_before
from portal.assessments.wording import TEXTS, words_for_agreement
from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.errors import NotFound
from portal.homework.commenting import commented_answers
from portal.homework.desk import AssignmentState, desk_state
from portal.homework.models import Answer, Assignment, Comment
from portal.homework.queries import desk_answers, find_earlier, joint_answers
from portal.homework.rules import Step
from portal.people.queries import get_self
from portal.psychometrics.items import round_half_up
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render

STAGE = 1  # a test has one


class Way(NamedTuple):
    """One of the two ways to look at a test."""

    label: str
    href: str
    is_current: bool


@blueprint.get("/couples/tasks/<uuid:assignment_id>/test")
@requires(Permission.HOMEWORK_TASK_READ)
def desk(assignment_id: UUID) -> ResponseReturnValue:
    """Show both persons' finished answers, their scores and how they compare."""
    viewer, session = current_member(), current_session()
    acts, test = _assignment(assignment_id)
    assignment = acts.assignment
    audited_read(viewer, Action.TASK_READ, assignment)
    earlier = find_earlier(session, viewer, assignment)
    answers, comments = commented_answers(session, viewer, assignment_id)
    view = _view_of(test, acts, assignment, answers)
    if earlier is not None:
        then = desk_answers(session, viewer, earlier.id)
        view = with_before(test, view, _view_of(test, acts, earlier, then))
    agreement = view.comparison.agreement.icc if view.comparison else None
    words = words_for_agreement(agreement.value, agreement.reason) if agreement else None
    pairs = view.comparison.preferences if view.comparison else ()
    return render(
        "assessments/desk.html",
        desk=view,
        answer_ids={(one.person_id, one.prompt_id): one.id for one in answers},
        comments=comments,
        wishes_drawn=drawing.wishes_of(test, pairs, _names(acts)) if pairs else (),
        icc_words=_(TEXTS[words]) if words else "",
        band_word=drawing.band_word,
        zone_word=drawing.zone_word,
        difference_word=drawing.difference_word,
        similarity_word=drawing.similarity_word,
        whole_number=round_half_up,
        **_frame(acts, test, "desk"),
    )


@blueprint.get("/couples/tasks/<uuid:assignment_id>/test/together")
@requires(Permission.HOMEWORK_TASK_READ)
def desk_together(assignment_id: UUID) -> ResponseReturnValue:
    """Show the joint page as the couple sees it, or would if it were opened now."""
    viewer, session = current_member(), current_session()
    acts, test = _assignment(assignment_id)
    if acts.for_name:
        raise NotFound(str(assignment_id))
    audited_read(viewer, Action.TASK_READ, acts.assignment)
    answers, comments = commented_answers(session, viewer, assignment_id)
    shares = shares_in(test, _rows_shared(acts, answers))
    said = said_in(joint_answers(session, viewer, assignment_id))
    return render(
        "assessments/desk_together.html",
        together=together_view(
            test,
            acts.couple.partners,
            shares,
            said,
            before=shares_before(test, acts.assignment),
        ),
        names={one.person_id: one.person.first_name for one in acts.couple.partners},
        spoken=spoken_to_both(
            test, said_to_both(_said(answers, comments), shares), acts.couple.partners, shares
        ),
        opened_at=next((one.opened_at for one in acts.stages if one.opened_at), None),
        **_frame(acts, test, "desk_together"),
    )


def _said(answers: list[Answer], comments: Mapping[UUID, list[Comment]]) -> list[tuple[UUID, str, Comment]]:
    return [(one.person_id, one.prompt_id, said) for one in answers for said in comments.get(one.id, ())]


def _view_of(
    test: Questionnaire, acts: AssignmentState, assignment: Assignment, answers: list[Answer]
) -> DeskView:
    parts = [one for one in assignment.responses if one.stage == STAGE]
    return desk_view(test, acts.couple.partners, parts, answers)


def _assignment(assignment_id: UUID) -> tuple[AssignmentState, Questionnaire]:
    acts = desk_state(current_session(), current_member(), assignment_id)
    try:
        return acts, questionnaire_of(acts.assignment)
    except LookupError:
        raise NotFound(str(assignment_id)) from None


def _rows_shared(acts: AssignmentState, rows: list[Answer]) -> list[Answer]:
    """Leave out what was taken back or hidden: rows of an earlier share stay until the next one."""
    sharing = {one.person_id for one in acts.assignment.responses if one.step is Step.SHARED}
    return [row for row in rows if row.person_id in sharing]


def _names(acts: AssignmentState) -> dict[str, str]:
    return {one.side.value: one.person.first_name for one in acts.couple.partners}


def _frame(acts: AssignmentState, test: Questionnaire, current: str) -> dict[str, Any]:
    """Collect what both ways of looking have around them."""
    labels = {"desk": _("Your view"), "desk_together": _("As the couple sees it")}
    ways = [
        Way(label, url_for(f"assessments.{name}", assignment_id=acts.assignment.id), name == current)
        for name, label in labels.items()
    ]
    return {
        "acts": acts,
        "couple": acts.couple,
        "test": test,
        "zone": get_self(current_session(), current_member()).zone,
        "ways": [] if acts.for_name else ways,
    }
