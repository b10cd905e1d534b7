"""The therapist's page of an exercise: both persons' finished answers, what they have in common, what was talked about."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.errors import NotFound
from portal.exercises.answers import decoded
from portal.exercises.definition import Exercise, FieldType
from portal.exercises.goals import active_goals, goals_from
from portal.exercises.insights import (
    attained_of,
    bounds_of,
    numbers_for_therapist,
    sparks_of,
    tallies_of,
    trends_of,
)
from portal.exercises.lines import desk_line
from portal.exercises.money import priced
from portal.exercises.queries import line_coder, rounds_of, written_in_rounds
from portal.exercises.questions import Known, Side
from portal.exercises.showing import Values, joint_of, ratings_of, sections_of
from portal.exercises.together import commons_of, guesses_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import exercise_of, versions_of
from portal.homework.commenting import commented_answers, commented_versions
from portal.homework.desk import AssignmentState, desk_state
from portal.homework.models import Answer, JointAnswer
from portal.homework.reviewing import mark_reviewed, reviewable
from portal.homework.rules import Scope
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.filters import short_day
from portal.web.htmx import redirect_to, render

MOST_MARKS = 120


@blueprint.get("/couples/tasks/<uuid:assignment_id>/reflection")
@requires(Permission.HOMEWORK_TASK_READ)
def desk(assignment_id: UUID) -> ResponseReturnValue:
    """Show both persons' finished answers with the scope of each."""
    session, viewer = current_session(), current_member()
    state = desk_state(session, viewer, assignment_id)
    exercise = priced(session, exercise_of(state.assignment))
    answers, comments = commented_answers(session, viewer, assignment_id)
    has_joint = any(prompt.is_joint for prompt in exercise.prompts)
    joint, comments_on_joint = commented_versions(session, viewer, assignment_id) if has_joint else ([], {})
    kept = goals_from(session, viewer, assignment_id)
    written, marks = versions_of(joint), reviewable(state.assignment, answers, joint)
    values = _by_side(state, answers)  # all rows are loaded by now, so that one statement fetches their keys
    audited_read(viewer, Action.TASK_READ, state.assignment)
    names = {partner.side.value: partner.person.first_name for partner in state.couple.partners}
    shared = {key: value for key, value in values.items() if _is_shared(state, answers, key)}
    known = Known(
        joint={name: decoded(rows[-1].value) for name, rows in written.items()}, opened=shared, names=names,
        goals=active_goals(session, viewer, state.couple.id, but=assignment_id) if exercise.asks_about_goals else (),
        code_of=line_coder(session, assignment_id),
    )  # fmt: skip
    zone = get_self(session, viewer).zone
    return render(
        "exercises/desk.html",
        acts=state,
        couple=state.couple,
        exercise=exercise,
        commons=commons_of(exercise, values),
        guesses=guesses_of(exercise, values),
        sections=sections_of(exercise, exercise.prompts, values, known),
        insights=_insights(state, exercise, values, known, zone),
        ratings=ratings_of(exercise, exercise.prompts, values, known),
        kept=kept,
        line=desk_line(session, viewer, assignment_id) if exercise.is_hidden else None,
        together=joint_of(exercise, exercise.prompts, known),
        rows=_rows(state, answers, marks),
        newest={name: rows[-1] for name, rows in written.items()},
        marks_shown=bool(marks),
        comments=comments,
        comments_on_joint=comments_on_joint,
        names=names,
        zone=zone,
    )


@blueprint.post("/couples/tasks/<uuid:assignment_id>/reviewed")
@requires(Permission.HOMEWORK_TASK_READ)
def reviewed(assignment_id: UUID) -> ResponseReturnValue:
    """Mark what was talked about in a session; only that can enter a summary."""
    answer_ids = _ids(request.form.getlist("reviewed"))
    with transaction() as session:
        mark_reviewed(session, current_member(), assignment_id, answer_ids, utc_now())
    return redirect_to(url_for("exercises.desk", assignment_id=assignment_id))


def _insights(
    state: AssignmentState, exercise: Exercise, values: Values, known: Known, zone: str
) -> dict[str, Any]:
    """Say what answers come to, beside themselves; of a repeated exercise also round by round."""
    session, viewer = current_session(), current_member()
    trends, kept_rate = [], None
    numbers = [prompt.id for prompt in numbers_for_therapist(exercise)]
    if numbers:
        days: dict[UUID, str] = {}
        rounds: dict[UUID, dict[tuple[Side, str], object]] = defaultdict(dict)
        sides = _sides(state)
        for given, answer in rounds_of(session, viewer, state.assignment, numbers):
            days[given.id] = short_day(given.created_at, zone)
            rounds[given.id][sides[answer.person_id], answer.prompt_id] = decoded(answer.value)
        trends = trends_of(exercise, [(days[one], found) for one, found in rounds.items()])
    replies = [
        prompt for prompt in exercise.prompts if prompt.is_joint and prompt.type is FieldType.YES_NO_UNSURE
    ]
    if replies:
        said = [
            decoded(one.value)
            for one in written_in_rounds(session, viewer, state.assignment, [replies[0].id])
            if one.value
        ]
        kept_rate = (replies[0].text, said.count("yes"), len(said)) if said else None
    return {
        "bounds": bounds_of(exercise, values),
        "guesses": guesses_of(exercise, values),
        "tallies": tallies_of(exercise, known),
        "sparks": sparks_of(exercise, values, known),
        "attained": attained_of(exercise, values, known),
        "trends": trends,
        "kept_rate": kept_rate,
    }


def _ids(sent: list[str]) -> set[UUID]:
    if len(sent) > MOST_MARKS:
        raise NotFound("reviewed")
    try:
        return {UUID(one) for one in sent}
    except ValueError:
        raise NotFound("reviewed") from None


def _sides(state: AssignmentState) -> dict[UUID, Side]:
    return {partner.person_id: partner.side.value for partner in state.couple.partners}


def _by_side(state: AssignmentState, answers: list[Answer]) -> Values:
    sides = _sides(state)
    return {(sides[one.person_id], one.prompt_id): decoded(one.value) for one in answers}


def _is_shared(state: AssignmentState, answers: list[Answer], key: tuple[Side, str]) -> bool:
    """Tell whether the couple can have seen this answer when they wrote together."""
    sides = _sides(state)
    return any(
        one.scope is Scope.REVEAL and not one.is_withheld and (sides[one.person_id], one.prompt_id) == key
        for one in answers
    )


def _rows(
    state: AssignmentState, answers: list[Answer], marks: Mapping[UUID, Answer | JointAnswer]
) -> dict[str, dict[str, Any]]:
    """Collect each answer's row by side and field, and whether it may be marked as talked about."""
    sides = _sides(state)
    return {
        f"{sides[one.person_id]} {one.prompt_id}": {"answer": one, "may_mark": one.id in marks}
        for one in answers
    }
