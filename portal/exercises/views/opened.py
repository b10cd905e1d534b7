"""What is open to both partners: side by side, what they have in common first."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.exercises.queries import own_stages
from portal.exercises.showing import joint_of, ratings_of, sections_of
from portal.exercises.together import are_opposed, commons_of, guesses_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import Sheet, own_sheet
from portal.exercises.views.goal import is_last_open
from portal.homework.commenting import remarks_for, remarks_on_joint
from portal.homework.rules import Standing
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import redirect_to, render


@blueprint.get("/reflections/<uuid:response_id>/opened")
@requires(Permission.HOMEWORK_TASK_WORK)
def opened(response_id: UUID) -> ResponseReturnValue:
    """Show what both shared; withheld, hidden and skipped answers are all the same: not there."""
    session, viewer, sheet = current_session(), current_member(), own_sheet(response_id, is_whole=True)
    assignment = sheet.response.assignment
    is_between_us = sheet.people is not None and assignment.standing is not Standing.WITHDRAWN
    if sheet.people is None or not is_between_us or not (assignment.openings or _is_together(sheet)):
        return redirect_to(url_for("exercises.start", response_id=response_id))
    values = sheet.opened
    exercise = sheet.exercise
    sides = {partner.person_id: partner.side.value for partner in sheet.people.couple.partners}
    remarks = remarks_for(session, viewer, assignment.id)
    has_joint = any(prompt.is_joint for prompt in exercise.prompts)
    own = own_stages(session, viewer, assignment.id) if has_joint else {}
    reached = {1, *(one.stage + 1 for one in assignment.openings)}
    return render(
        "exercises/opened.html",
        sheet=sheet,
        commons=commons_of(exercise, values),
        guesses=guesses_of(exercise, values),
        sections=sections_of(exercise, exercise.prompts, values, sheet.known),
        ratings=ratings_of(exercise, exercise.prompts, values, sheet.known),
        is_opposed=are_opposed(exercise, values),
        has_goal=exercise.creates_goal is not None and is_last_open(exercise, assignment),
        names=sheet.people.names,
        together=joint_of(exercise, exercise.prompts, sheet.known),
        remarks_on_joint=remarks_on_joint(session, viewer, assignment.id) if has_joint else {},
        remarks={f"{sides[author]} {prompt_id}": one for (author, prompt_id), one in remarks.items()},
        writable={
            stage: part_id
            for stage, part_id in own.items()
            if stage in reached and any(prompt.is_joint for prompt in exercise.of_stage(stage))
        },
    )


def _is_together(sheet: Sheet) -> bool:
    """Tell whether both write together from the beginning, so that there is something to read before anything opens."""
    return not sheet.is_for_one and any(prompt.is_joint for prompt in sheet.exercise.of_stage(1))
