"""The result of one's own sitting, for its author alone."""

from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.assessments.definition import Domain
from portal.assessments.drawing import band_word
from portal.assessments.queries import own_side
from portal.assessments.readiness import Band, Score, own_result
from portal.assessments.saying import own_sentence, say
from portal.assessments.suggestions import suggested_exercises
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import own_sitting
from portal.assessments.wording import Words
from portal.homework.registry import Task
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import redirect_to, render


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One domain on its author's own page."""

    domain: Domain
    score: Score
    band: str
    sentence: str
    exercise: Task


@blueprint.get("/questions/<uuid:response_id>/result")
@requires(Permission.HOMEWORK_TASK_WORK)
def result(response_id: UUID) -> ResponseReturnValue:
    """Show how far one's own conversations have got: own numbers, on one's own page (decision 6)."""
    sitting = own_sitting(response_id)
    finished_at = sitting.response.submitted_at
    if not sitting.is_finished or finished_at is None:
        return redirect_to(url_for("assessments.start", response_id=response_id))
    own = own_result(sitting.test, sitting.answers, seconds=sitting.response.seconds, scored_at=finished_at)
    exercises = suggested_exercises(sitting.test.domains)
    scores = {one.domain_id: one.score for one in own.domains}
    lines = [_line(domain, scores[domain.id], exercises[domain.id]) for domain in sitting.test.domains]
    session, viewer = current_session(), current_member()
    return render(
        "assessments/result.html",
        sitting=sitting,
        own=own,
        lines=lines,
        total_band=band_word(own.total.band) if own.total.band else "",
        straight_line=say(Words.OWN_STRAIGHT_LINE),
        suggested=_suggested(lines),
        side=own_side(session, viewer, sitting.response.assignment.couple_id).value,
        finished_at=finished_at,
        zone=get_self(session, viewer).zone,
    )


def _line(domain: Domain, score: Score, exercise: Task) -> OwnLine:
    return OwnLine(
        domain=domain,
        score=score,
        band=band_word(score.band) if score.band else "",
        sentence=own_sentence(domain, score, exercise=exercise.title),
        exercise=exercise,
    )


def _suggested(lines: list[OwnLine]) -> OwnLine | None:
    """Choose the area with the most room, for one exercise and no more; none where all is firm ground."""
    open_lines = [
        one for one in lines if one.score.rounded is not None and one.score.band is not Band.FIRM_GROUND
    ]
    return min(open_lines, key=lambda one: one.score.rounded or 0, default=None)
