"""What is open to both partners: side by side, what they have in common first."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.exercises.answers import decoded
from portal.exercises.queries import own_stages
from portal.exercises.questions import Known
from portal.exercises.showing import joint_of, sections_of
from portal.exercises.together import commons_of, guesses_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import opened_to_both, own_sheet, versions_of
from portal.homework.queries import joint_answers
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
    session, viewer, sheet = current_session(), current_member(), own_sheet(response_id)
    assignment = sheet.response.assignment
    is_between_us = sheet.people is not None and assignment.standing is not Standing.WITHDRAWN
    if sheet.people is None or not is_between_us or not assignment.openings:
        return redirect_to(url_for("exercises.start", response_id=response_id))
    values = opened_to_both(sheet.people, assignment.id)
    written = {
        name: decoded(rows[-1].value)
        for name, rows in versions_of(joint_answers(session, viewer, assignment.id)).items()
    }
    exercise = sheet.exercise
    reached = {1, *(one.stage + 1 for one in assignment.openings)}
    known = Known(joint=written, opened=values)
    return render(
        "exercises/opened.html",
        sheet=sheet,
        commons=commons_of(exercise, values),
        guesses=guesses_of(exercise, values),
        sections=sections_of(exercise, exercise.prompts, values),
        together=joint_of(exercise, exercise.prompts, known),
        writable={
            stage: part_id
            for stage, part_id in own_stages(session, viewer, assignment.id).items()
            if stage in reached and any(prompt.is_joint for prompt in exercise.of_stage(stage))
        },
        own_lines=[side for side, _name in values if side == sheet.part.side.value],
    )
