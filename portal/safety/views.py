"""The pages of the individual questions: one for the person who answers, one for their therapist."""

from uuid import UUID

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.clock import utc_now
from portal.couples.holds import find_hold, lift_hold, set_hold
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.people.queries import get_self
from portal.people.rules import is_old
from portal.safety.escalation import register
from portal.safety.forms import IndividualForm
from portal.safety.queries import answers_of, cards_changed_at, own_sitting
from portal.safety.questions import MINUTES, QUESTIONS
from portal.safety.service import acknowledge, ask_both, give_answers, mark_contacted
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

blueprint = Blueprint("safety", __name__)
blueprint.record_once(lambda _state: register())


@blueprint.get("/about-you")
@requires(Permission.SAFETY_ANSWERS_GIVE)
def about_you() -> ResponseReturnValue:
    """Ask the individual questions; what was answered before is never shown again, to nobody at this screen."""
    if own_sitting(current_session(), current_member()) is None:
        raise NotFound("sitting")
    return _questions(IndividualForm())


@blueprint.post("/about-you")
@requires(Permission.SAFETY_ANSWERS_GIVE, keeps_typed=True)
def answer() -> ResponseReturnValue:
    """Keep the answers. The page that follows is one and the same, whatever was answered, but for who is in danger now."""
    viewer, form = current_member(), IndividualForm()
    if own_sitting(current_session(), viewer) is None:
        raise NotFound("sitting")
    if not form.validate():
        return _questions(form, 422)
    with transaction() as session:
        give_answers(session, viewer, form.to_answers(), now=utc_now())
    return render("safety/thanks.html", is_in_danger=form.danger.data)


@blueprint.post("/couples/<uuid:couple_id>/individual-questions")
@requires(Permission.SAFETY_QUESTIONS_ASK)
def ask(couple_id: UUID) -> ResponseReturnValue:
    """Ask both persons of a couple at the same moment."""
    with transaction() as session:
        ask_both(session, current_member(), couple_id, now=utc_now())
    return redirect_to(url_for("caseload.couple", couple_id=couple_id))


@blueprint.get("/couples/<uuid:couple_id>/individual")
@requires(Permission.SAFETY_ANSWERS_READ)
def individual(couple_id: UUID) -> ResponseReturnValue:
    """Show the therapist what each of the two answered alone, and the safety hold. Each reading leaves a trace first."""
    viewer, session = current_member(), current_session()
    couple = get_couple(session, viewer, couple_id)
    persons = answers_of(session, viewer, couple)
    with transaction() as session:
        for one in (one for person in persons for one in person.answered):
            record_of(session, viewer, Action.SAFETY_READ, one.sitting)
    return render(
        "safety/individual.html",
        couple=couple,
        persons=persons,
        hold=find_hold(session, couple_id),
        questions=QUESTIONS,
        old_cards={
            person_id
            for person_id, changed_at in cards_changed_at(session, viewer, couple).items()
            if is_old(changed_at, utc_now())
        },
        zone=get_self(session, viewer).zone,
    )


@blueprint.post("/couples/<uuid:couple_id>/individual/<uuid:sitting_id>/read")
@requires(Permission.SAFETY_ANSWERS_SETTLE)
def tick_read(couple_id: UUID, sitting_id: UUID) -> ResponseReturnValue:
    """Tick off that the therapist has read one person's answers."""
    with transaction() as session:
        acknowledge(session, current_member(), couple_id, sitting_id, now=utc_now())
    return redirect_to(url_for("safety.individual", couple_id=couple_id))


@blueprint.post("/couples/<uuid:couple_id>/individual/<uuid:sitting_id>/spoken")
@requires(Permission.SAFETY_ANSWERS_SETTLE)
def tick_spoken(couple_id: UUID, sitting_id: UUID) -> ResponseReturnValue:
    """Tick off that the therapist has spoken with the person alone."""
    with transaction() as session:
        mark_contacted(session, current_member(), couple_id, sitting_id, now=utc_now())
    return redirect_to(url_for("safety.individual", couple_id=couple_id))


@blueprint.post("/couples/<uuid:couple_id>/hold")
@requires(Permission.SAFETY_HOLD_SET)
def keep_shut(couple_id: UUID) -> ResponseReturnValue:
    """Keep joint things of the couple shut, by the therapist's own decision."""
    with transaction() as session:
        set_hold(session, current_member(), couple_id)
    return redirect_to(url_for("safety.individual", couple_id=couple_id))


@blueprint.post("/couples/<uuid:couple_id>/hold/lift")
@requires(Permission.SAFETY_HOLD_SET)
def lift(couple_id: UUID) -> ResponseReturnValue:
    """End the hold."""
    with transaction() as session:
        lift_hold(session, current_member(), couple_id, utc_now())
    return redirect_to(url_for("safety.individual", couple_id=couple_id))


def _questions(form: IndividualForm, status: int = 200) -> Response:
    return render("safety/about_you.html", form=form, minutes=MINUTES, status=status)
