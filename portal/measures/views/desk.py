"""The therapist's pages: one questionnaire that was given, and everything of a couple over time."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.homework.desk import desk_state
from portal.homework.queries import desk_answers
from portal.homework.rules import Step
from portal.measures.catalogue import is_measure
from portal.measures.definition import keys
from portal.measures.history import histories
from portal.measures.queries import (
    current_wordings,
    get_key,
    own_figures,
    read_for_desk,
    schedules_of,
    scores_of_couple,
)
from portal.measures.saying import (
    band_words,
    certainty_words,
    class_words,
    number,
    outcome_words,
    reach_words,
    scale_words,
    status_words,
    view_words,
)
from portal.measures.saying import figure as figure_words
from portal.measures.service import acknowledge, mark_contacted
from portal.measures.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.psychometrics.items import Absent, answers_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/couples/tasks/<uuid:assignment_id>/measure")
@requires(Permission.HOMEWORK_TASK_READ)
def desk(assignment_id: UUID) -> ResponseReturnValue:
    """Show what was answered, item by item, and what it came to on the day."""
    viewer, session = current_member(), current_session()
    acts = desk_state(session, viewer, assignment_id)
    assignment = acts.assignment
    if not is_measure(assignment):
        raise NotFound(str(assignment_id))
    key = get_key(assignment.task_id)
    audited_read(viewer, Action.MEASURE_READ, assignment)
    parts = {one.person_id: one for one in assignment.responses}
    asked = [one for one in acts.couple.partners if one.person_id in parts]
    rows = desk_answers(session, viewer, assignment_id)
    wording, scores = read_for_desk(session, viewer, assignment)
    people = []
    for partner in asked:
        part = parts[partner.person_id]
        is_read = part.step is not Step.WRITING and part.disowned_at is None
        own = {row.prompt_id: row.value for row in rows if row.person_id == partner.person_id}
        people.append((partner, scores.get(part.id), answers_of(key.items, own) if is_read else None))
    return render(
        "measures/desk.html",
        acts=acts,
        couple=acts.couple,
        key=key,
        wording=wording,
        people=people,
        answer_words=_answer_words,
        zone=get_self(session, viewer).zone,
        **_words(),
    )


@blueprint.get("/couples/<uuid:couple_id>/measures")
@requires(Permission.HOMEWORK_TASK_READ)
def of_couple(couple_id: UUID) -> ResponseReturnValue:
    """Show each person's results over time, what must be looked at, and the rhythms."""
    viewer, session = current_member(), current_session()
    couple = get_couple(session, viewer, couple_id)
    audited_read(viewer, Action.MEASURE_READ, couple)
    sats = scores_of_couple(session, viewer, couple_id)
    return render(
        "measures/of_couple.html",
        couple=couple,
        people=histories(couple, sats, own_figures(session)),
        schedules=schedules_of(session, viewer, couple_id),
        keys=keys(),
        names={one.person_id: one.person.first_name for one in couple.partners},
        has_words=bool(current_wordings(session)),
        zone=get_self(session, viewer).zone,
        **_words(),
    )


@blueprint.post("/couples/<uuid:couple_id>/measures/<uuid:score_id>/read")
@requires(Permission.HOMEWORK_TASK_READ)
def tick_read(couple_id: UUID, score_id: UUID) -> ResponseReturnValue:
    """Tick off that the therapist has read it."""
    with transaction() as session:
        acknowledge(session, current_member(), score_id, now=utc_now())
    return redirect_to(url_for("measures.of_couple", couple_id=couple_id))


@blueprint.post("/couples/<uuid:couple_id>/measures/<uuid:score_id>/spoken")
@requires(Permission.HOMEWORK_TASK_READ)
def tick_spoken(couple_id: UUID, score_id: UUID) -> ResponseReturnValue:
    """Tick off that the therapist has spoken with the person alone."""
    with transaction() as session:
        mark_contacted(session, current_member(), score_id, now=utc_now())
    return redirect_to(url_for("measures.of_couple", couple_id=couple_id))


def _answer_words(words: Any, answer: Any) -> str:
    """Say an answer as the form prints it, with its score."""
    if answer is None or isinstance(answer, Absent):
        return "–"
    printed = next((place.words for place in words.places if place.score == answer), "")
    return f"{answer} · {printed}" if printed else str(answer)


def _words() -> dict[str, Any]:
    return {
        "band_words": band_words, "certainty_words": certainty_words, "class_words": class_words, "number": number,
        "outcome_words": outcome_words, "reach_words": reach_words, "scale_words": scale_words,
        "status_words": status_words, "view_words": view_words, "figure_words": figure_words,
    }  # fmt: skip
