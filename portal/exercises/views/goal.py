"""What could become a goal after an exercise: each says alone whether to keep it, unseen until both would."""

import hashlib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.couples.models import Couple
from portal.couples.queries import CLOSED, get_couple
from portal.errors import NotFound
from portal.exercises.definition import Exercise
from portal.exercises.goal_forms import EndingForm
from portal.exercises.goals import (
    Goals,
    end_goal,
    get_goal,
    goals_between,
    goals_of,
    keep,
    leave_alone,
    offered_to,
    take_up_goal,
)
from portal.exercises.lines import lines_between
from portal.exercises.models import ShownLine
from portal.exercises.queries import People, find_people
from portal.exercises.questions import Known, Side
from portal.exercises.suggestions import Suggestion, suggestions_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import Sheet, exercise_of, own_sheet
from portal.exercises.wording import said
from portal.homework.models import Assignment
from portal.homework.queries import FROZEN
from portal.homework.rules import Scope, Standing
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render

Forms = Mapping[UUID, EndingForm]  # by goal
NO_FORMS: Forms = MappingProxyType({})


def is_last_open(exercise: Exercise, assignment: Assignment) -> bool:
    """Tell whether the last part of what both were given is open: revealed, or reached where nothing of it is revealed."""
    if assignment.for_person_id is not None or assignment.standing is Standing.WITHDRAWN:
        return False
    last, opened = exercise.stages[-1], {one.stage for one in assignment.openings}
    if any(prompt.share is Scope.REVEAL for prompt in exercise.of_stage(last)):
        return last in opened
    return last == 1 or last - 1 in opened


def suggested(sheet: Sheet) -> list[Suggestion]:
    """List what could become a goal, from what both can read; nothing before the last part is open."""
    if sheet.people is None or not is_last_open(sheet.exercise, sheet.response.assignment):
        return []
    return suggestions_of(sheet.exercise, sheet.known, said)


@blueprint.get("/reflections/<uuid:response_id>/goal")
@requires(Permission.HOMEWORK_TASK_WORK)
def goal(response_id: UUID) -> ResponseReturnValue:
    """Show what could become a goal, with what one has said of it oneself."""
    return _page(own_sheet(response_id, is_whole=True))


@blueprint.post("/reflections/<uuid:response_id>/goal")
@requires(Permission.HOMEWORK_TASK_WORK)
def wish(response_id: UUID) -> ResponseReturnValue:
    """Keep a suggestion as one has read it, or leave it alone."""
    sheet = own_sheet(response_id, is_whole=True)
    if not _decide(sheet.response.assignment, suggested(sheet)):
        return _page(sheet, HTTPStatus.CONFLICT)
    return redirect_to(url_for("exercises.goal", response_id=response_id))


@blueprint.get("/between-us")
@requires(Permission.HOMEWORK_TASK_WORK)
def between_us() -> ResponseReturnValue:
    """Show what stands between the two outside their tasks: goals that both keep, and lines that one chose to show."""
    return _between_page()


@blueprint.post("/between-us/<uuid:line_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def wish_of_line(line_id: UUID) -> ResponseReturnValue:
    """Keep what a shown line suggests, or leave it alone."""
    found = lines_between(current_session(), current_member())
    line, assignment = next(((one, of) for one, of in found if one.id == line_id), (None, None))
    if line is None or assignment is None:
        raise NotFound(str(line_id))
    people = find_people(current_session(), current_member(), line.couple_id)
    if not _decide(assignment, _suggested_by(line, assignment, people)):
        return _between_page(HTTPStatus.CONFLICT)
    return redirect_to(url_for("exercises.between_us"))


@blueprint.post("/between-us/goals/<uuid:goal_id>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True)
def end_own(goal_id: UUID) -> ResponseReturnValue:
    """End a goal of both, as one of them; by whom is shown to nobody."""
    get_goal(current_session(), current_member(), goal_id)
    form = EndingForm.of(goal_id, is_sent=True)
    if not form.check():
        return _between_page(HTTPStatus.UNPROCESSABLE_ENTITY, {goal_id: form})
    _end(goal_id, form)
    return redirect_to(url_for("exercises.between_us"))


@blueprint.post("/between-us/goals/<uuid:goal_id>/take-up")
@requires(Permission.HOMEWORK_TASK_WORK)
def take_up_own(goal_id: UUID) -> ResponseReturnValue:
    """Let a goal go on, as one of the two; by whom is shown to nobody."""
    with transaction() as session:
        take_up_goal(session, current_member(), goal_id, now=utc_now())
    return redirect_to(url_for("exercises.between_us"))


@blueprint.get("/couples/<uuid:couple_id>/goals")
@requires(Permission.HOMEWORK_TASK_READ)
def of_couple(couple_id: UUID) -> ResponseReturnValue:
    """Show the therapist what both keep as goals, and what became of earlier ones."""
    return _goals_page(get_couple(current_session(), current_member(), couple_id))


@blueprint.post("/couples/<uuid:couple_id>/goals/<uuid:goal_id>")
@requires(Permission.HOMEWORK_TASK_ASSIGN, keeps_typed=True)
def end_theirs(couple_id: UUID, goal_id: UUID) -> ResponseReturnValue:
    """End a goal of a couple, as was said in a session."""
    couple, form = _couple_of(couple_id, goal_id), EndingForm.of(goal_id, is_sent=True)
    if not form.check():
        return _goals_page(couple, HTTPStatus.UNPROCESSABLE_ENTITY, {goal_id: form})
    _end(goal_id, form)
    return redirect_to(url_for("exercises.of_couple", couple_id=couple_id))


@blueprint.post("/couples/<uuid:couple_id>/goals/<uuid:goal_id>/take-up")
@requires(Permission.HOMEWORK_TASK_ASSIGN)
def take_up_theirs(couple_id: UUID, goal_id: UUID) -> ResponseReturnValue:
    """Let a goal of a couple go on, as was said in a session."""
    _couple_of(couple_id, goal_id)
    with transaction() as session:
        take_up_goal(session, current_member(), goal_id, now=utc_now())
    return redirect_to(url_for("exercises.of_couple", couple_id=couple_id))


def seen_mark(suggestion: Suggestion) -> str:
    """Mark the words that somebody has read, so that nobody keeps other ones."""
    return hashlib.sha256(suggestion.words.encode()).hexdigest()[:32]


def _decide(assignment: Assignment, suggestions: Sequence[Suggestion]) -> bool:
    """Do what the form says of one suggestion; tell whether it still reads as it was read."""
    chosen = next((one for one in suggestions if one.slot == request.form.get("slot")), None)
    if chosen is None:
        raise NotFound("slot")
    if not Form().validate() or request.form.get("seen") != seen_mark(chosen):
        return False
    viewer = current_member()
    with transaction() as session:
        if request.form.get("go") == "keep":
            keep(session, viewer, assignment.id, chosen, now=utc_now())
        else:
            leave_alone(session, viewer, assignment.id, chosen.slot)
    return True


def _couple_of(couple_id: UUID, goal_id: UUID) -> Couple:
    """Find the couple of a goal, which the address names too. Raises NotFound."""
    couple = get_couple(current_session(), current_member(), couple_id)
    if get_goal(current_session(), current_member(), goal_id).couple_id != couple_id:
        raise NotFound(str(goal_id))
    return couple


def _end(goal_id: UUID, form: EndingForm) -> None:
    ending, reason = form.to_ending(), form.reason.data or ""
    with transaction() as session:
        end_goal(session, current_member(), goal_id, ending, reason=reason, now=utc_now())


def _forms_of(goals: Goals, sent: Forms) -> Forms:
    """Give each goal that can end its form, as it was sent or empty."""
    return {one.id: sent.get(one.id) or EndingForm.of(one.id) for one in goals.active}


def _goals_page(couple: Couple, status: int = 200, sent: Forms = NO_FORMS) -> Response:
    session, viewer = current_session(), current_member()
    goals = goals_of(session, viewer, couple.id)
    return render(
        "exercises/goals.html",
        status=status,
        couple=couple,
        goals=goals,
        may_end=couple.status not in CLOSED,
        forms=_forms_of(goals, sent),
        sent=next(iter(sent.values()), None),
        zone=get_self(session, viewer).zone,
    )


def _page(sheet: Sheet, status: int = 200) -> Response:
    assignment = sheet.response.assignment
    return render(
        "exercises/goal.html",
        status=status,
        sheet=sheet,
        offers=offered_to(current_session(), current_member(), assignment.id, suggested(sheet)),
        seen_mark=seen_mark,
        may_decide=sheet.people is not None and sheet.people.couple.status not in FROZEN,
        is_changed=status == HTTPStatus.CONFLICT,
        here=url_for("exercises.goal", response_id=sheet.response.id),
    )


def _between_page(status: int = 200, sent: Forms = NO_FORMS) -> Response:
    session, viewer = current_session(), current_member()
    goals = goals_between(session, viewer)
    found = lines_between(session, viewer)
    people = find_people(session, viewer, found[0][0].couple_id) if found else None
    return render(
        "exercises/between_us.html",
        status=status,
        goals=goals,
        forms=_forms_of(goals, sent),
        sent=next(iter(sent.values()), None),
        lines=[
            {
                "line": line,
                "side": _side_of(people, line),
                "offers": offered_to(session, viewer, assignment.id, _suggested_by(line, assignment, people)),
            }
            for line, assignment in found
            if people is not None
        ],
        names=people.names if people else {},
        seen_mark=seen_mark,
        may_decide=people is not None and people.couple.status not in FROZEN,
        is_changed=status == HTTPStatus.CONFLICT,
        zone=get_self(session, viewer).zone,
    )


def _suggested_by(line: ShownLine, assignment: Assignment, people: People | None) -> list[Suggestion]:
    exercise = exercise_of(assignment)
    if people is None or exercise.line_to_show is None:
        return []
    opened = {(_side_of(people, line), exercise.line_to_show.id): line.words}
    return suggestions_of(exercise, Known(opened=opened, names=people.names), said)


def _side_of(people: People | None, line: ShownLine) -> Side:
    partners = people.couple.partners if people else ()
    return next((one.side.value for one in partners if one.person_id == line.author_id), "a")
