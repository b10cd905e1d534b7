"""The result of one's own sitting, for its author alone."""

from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.assessments.definition import Domain
from portal.assessments.drawing import band_word
from portal.assessments.queries import own_side
from portal.assessments.readiness import Band, Change, OwnResult, Score, own_result
from portal.assessments.saying import own_sentence, say
from portal.assessments.since import Scored, Since, since
from portal.assessments.spoken import spoken_to_one
from portal.assessments.suggestions import suggested_exercises
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import ReadinessSitting, own_before, own_sitting
from portal.assessments.wording import Words
from portal.homework.commenting import remarks_for
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
    change: Change | None


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
    before = _since(sitting, own)
    lines = [
        _line(
            domain, scores[domain.id], exercises[domain.id], before.domains.get(domain.id) if before else None
        )
        for domain in sitting.test.domains
    ]
    session, viewer = current_session(), current_member()
    said = remarks_for(session, viewer, sitting.response.assignment_id)
    return render(
        "assessments/result.html",
        sitting=sitting,
        own=own,
        lines=lines,
        total_band=band_word(own.total.band) if own.total.band else "",
        straight_line=say(Words.OWN_STRAIGHT_LINE),
        before=before,
        suggested=_suggested(lines),
        spoken=spoken_to_one(sitting.test, said, viewer.person_id, sitting.answers),
        side=own_side(session, viewer, sitting.response.assignment.couple_id).value,
        finished_at=finished_at,
        zone=get_self(session, viewer).zone,
    )


def _since(sitting: ReadinessSitting, own: OwnResult) -> Since | None:
    """Set the result beside one's own of the time before, if there was one."""
    earlier = own_before(sitting)
    if earlier is None or earlier.response.submitted_at is None:
        return None
    then = own_result(
        sitting.test,
        earlier.answers,
        seconds=earlier.response.seconds,
        scored_at=earlier.response.submitted_at,
    )
    return since(sitting.test, Scored(earlier.answers, then), Scored(sitting.answers, own))


def _line(domain: Domain, score: Score, exercise: Task, change: Change | None) -> OwnLine:
    return OwnLine(
        domain=domain,
        score=score,
        band=band_word(score.band) if score.band else "",
        sentence=own_sentence(domain, score, exercise=exercise.title),
        exercise=exercise,
        change=change,
    )


def _suggested(lines: list[OwnLine]) -> OwnLine | None:
    """Choose the area with the most room, for one exercise and no more; none where all is firm ground."""
    open_lines = [
        one for one in lines if one.score.rounded is not None and one.score.band is not Band.FIRM_GROUND
    ]
    return min(open_lines, key=lambda one: one.score.rounded or 0, default=None)
