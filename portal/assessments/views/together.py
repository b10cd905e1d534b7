"""The page that both partners see, once it has opened; the same for both."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.assessments.catalogue import questionnaire_of
from portal.assessments.definition import Questionnaire
from portal.assessments.differing import PROMPT, said_in, say_differ
from portal.assessments.spoken import spoken_to_both
from portal.assessments.together import shares_in, together_view
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import shares_before
from portal.clock import utc_now
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.homework.commenting import remarks_for
from portal.homework.forms import opened_at
from portal.homework.models import Assignment
from portal.homework.queries import get_own_response, joint_answers, opened_answers
from portal.homework.rules import Standing, Step
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/questions/<uuid:response_id>/together")
@requires(Permission.HOMEWORK_TASK_WORK)
def opened(response_id: UUID) -> ResponseReturnValue:
    """Show where the two stand; before it has opened, one sentence that says nothing of anybody."""
    viewer, session = current_member(), current_session()
    response = get_own_response(session, viewer, response_id)
    assignment = response.assignment
    if assignment.for_person_id is not None or assignment.standing is Standing.WITHDRAWN:
        raise NotFound(str(response_id))
    test, couple = _test_of(assignment), get_couple(session, viewer, assignment.couple_id)
    opening = next((one for one in assignment.openings if one.stage == response.stage), None)
    if opening is None:
        return render("assessments/together_shut.html")
    shares = shares_in(test, opened_answers(session, viewer, assignment.id))
    said = said_in(joint_answers(session, viewer, assignment.id))
    remarks = remarks_for(session, viewer, assignment.id)
    return render(
        "assessments/together.html",
        together=together_view(test, couple.partners, shares, said, before=shares_before(test, assignment)),
        names={one.person_id: one.person.first_name for one in couple.partners},
        spoken=spoken_to_both(test, remarks, couple.partners, shares),
        test=test,
        response=response,
        opened_at=opening.created_at,
        zone=get_self(session, viewer).zone,
        may_hide=response.step is Step.SHARED,
        may_say=assignment.standing is Standing.OPEN,
    )


@blueprint.post("/questions/<uuid:response_id>/together")
@requires(Permission.HOMEWORK_TASK_WORK)
def differ(response_id: UUID) -> ResponseReturnValue:
    """Say that the two agree to differ on one domain, or no longer; both see it at once."""
    viewer, domain_id = current_member(), request.form.get("domain", "")
    is_agreed, seen = request.form.get("agree") == "yes", opened_at(request.form, PROMPT + domain_id)
    with transaction() as session:
        say_differ(
            session, viewer, response_id, domain_id, is_agreed=is_agreed, seen_revision=seen, now=utc_now()
        )
    return redirect_to(url_for("assessments.opened", response_id=response_id, _anchor=f"domain-{domain_id}"))


def _test_of(assignment: Assignment) -> Questionnaire:
    try:
        return questionnaire_of(assignment)
    except LookupError:
        raise NotFound(str(assignment.id)) from None
