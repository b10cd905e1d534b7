"""The list of couples, a new couple, and the page of one couple."""

from uuid import UUID

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.invitations import invite, latest_invitations, withdraw
from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.booking.answering import attach_couple
from portal.booking.models import Consultation, PartnerKnows
from portal.booking.queries import get_consultation
from portal.caseload.brief import brief_of
from portal.caseload.forms import NewCoupleForm
from portal.caseload.queries import list_caseload, partner_cards
from portal.caseload.timeline import timeline_of
from portal.clock import utc_now
from portal.couples.models import Couple, Partner, SecretsPolicy
from portal.couples.queries import CLOSED, get_couple
from portal.couples.rules import AlreadyACouple, CoupleClosed
from portal.couples.service import create_couple
from portal.errors import NotFound
from portal.homework.desk import current_states, patterns_of
from portal.homework.queries import part_lines
from portal.homework.registry import catalogue_of
from portal.meetings.queries import meetings_of
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.pathways.queries import pathways_of
from portal.pathways.way import draw_ways, given_by
from portal.people.queries import get_self
from portal.people.service import add_person, change_address
from portal.practice.queries import get_practice
from portal.safety.queries import asking_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link

blueprint = Blueprint("caseload", __name__)


@blueprint.get("/couples")
@requires(Permission.COUPLES_COUPLE_VIEW)
def couples() -> ResponseReturnValue:
    """List the therapist's couples."""
    viewer, session = current_member(), current_session()
    return render(
        "caseload/couples.html", rows=list_caseload(session, viewer), zone=get_self(session, viewer).zone
    )


@blueprint.get("/couples/new/<uuid:consultation_id>")
@requires(Permission.COUPLES_COUPLE_CREATE)
def new_couple(consultation_id: UUID) -> ResponseReturnValue:
    """Ask for the two persons of a new couple, with what the booking already says."""
    lead = _open_lead(consultation_id)
    return render("caseload/new_couple.html", form=_form_for(lead), lead=lead)


@blueprint.post("/couples/new/<uuid:consultation_id>")
@requires(Permission.COUPLES_COUPLE_CREATE)
def create(consultation_id: UUID) -> ResponseReturnValue:
    """Turn a lead into a couple of two persons."""
    viewer, form = current_member(), NewCoupleForm()
    lead = _open_lead(consultation_id)
    if not form.validate():
        return render("caseload/new_couple.html", form=form, lead=lead, status=422)
    with transaction() as session:
        lead = get_consultation(session, viewer, consultation_id)
        first, other = form.to_first(), form.to_second()
        lead.person.first_name, lead.person.last_name = first.first_name, first.last_name
        change_address(session, lead.person, first.email)
        second = add_person(
            session,
            first_name=other.first_name,
            last_name=other.last_name,
            email=other.email,
            zone=lead.person.zone,
        )
        couple = create_couple(
            session, viewer, first=lead.person, second=second, secrets_policy=form.to_policy()
        )
        attach_couple(session, viewer, lead, couple)
    return redirect_to(url_for("caseload.couple", couple_id=couple.id))


@blueprint.get("/couples/<uuid:couple_id>")
@requires(Permission.COUPLES_COUPLE_VIEW)
def couple(couple_id: UUID) -> ResponseReturnValue:
    """Show one couple: two people side by side, and what has happened."""
    viewer, session = current_member(), current_session()
    found = get_couple(session, viewer, couple_id)
    audited_read(viewer, Action.COUPLE_READ, found)
    pathways = pathways_of(session, viewer, couple_id)  # before the first name: one statement for all keys
    states = current_states(session, viewer, found, beside=given_by(pathways))
    lines, meetings = part_lines(session, viewer, couple_id), meetings_of(session, viewer, couple_id)
    return render(
        "caseload/couple.html",
        couple=found,
        names={one.side.value: one.person.first_name for one in found.partners},
        cards=partner_cards(session, found, utc_now()),
        is_closed=found.status in CLOSED,
        patterns=patterns_of(lines, found, utc_now()),
        ways=draw_ways(pathways, found, [state.assignment for state in states]),
        states=[state for state in states if state.is_asked],
        moments=timeline_of(found, meetings, lines),
        desks={kind: catalogue_of(kind).desk_endpoint for kind in {line.kind for line in lines}},
        meetings=meetings,
        asking=asking_of(session, viewer, found, get_self(session, viewer).zone),
        zone=get_self(session, viewer).zone,
        form=Form(),
    )


@blueprint.get("/couples/<uuid:couple_id>/brief")
@requires(Permission.COUPLES_COUPLE_VIEW)
def brief(couple_id: UUID) -> ResponseReturnValue:
    """Show on one page what to know before a session with this couple."""
    viewer, session, now = current_member(), current_session(), utc_now()
    found, zone = get_couple(session, viewer, couple_id), get_self(session, viewer).zone
    audited_read(viewer, Action.COUPLE_READ, found)
    return render(
        "caseload/brief.html",
        couple=found,
        names={one.side.value: one.person.first_name for one in found.partners},
        has_no_secrets=found.secrets_policy is SecretsPolicy.NO_SECRETS,
        brief=brief_of(session, viewer, found, zone, now),
        zone=zone,
    )


@blueprint.post("/couples/<uuid:couple_id>/invitations/<uuid:person_id>")
@requires(Permission.COUPLES_INVITATION_SEND)
def send_invitation(couple_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Invite one person to an own login; link and code are shown this once."""
    viewer = current_member()
    with transaction() as session:
        found = get_couple(session, viewer, couple_id)
        if found.status in CLOSED:
            raise CoupleClosed(str(couple_id))
        partner = _partner(found, person_id)
        has_code = get_practice(session).invites_with_code
        issued = invite(session, viewer, partner.person, now=utc_now(), with_code=has_code)
        link = url_for("accounts.invitation", token=issued.token)
        facts = {"link": link, "label": issued.label}
        mail = queue_message(session, partner.person, MessageKind.INVITATION, facts, now=utc_now())
    return render(
        "caseload/invitation.html",
        partner=partner,
        couple_id=couple_id,
        issued=issued,
        leaves_at=mail.due_at if mail else None,
        now=utc_now(),
        address=public_link("accounts.invitation", token=issued.token),
        zone=get_self(current_session(), viewer).zone,
    )


@blueprint.post("/couples/<uuid:couple_id>/invitations/<uuid:person_id>/withdraw")
@requires(Permission.COUPLES_INVITATION_SEND)
def withdraw_invitation(couple_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Make an open invitation worthless."""
    viewer = current_member()
    with transaction() as session:
        partner = _partner(get_couple(session, viewer, couple_id), person_id)
        invitation = latest_invitations(session, [partner.person_id]).get(partner.person_id)
        if invitation is None:
            raise NotFound(str(person_id))
        withdraw(session, viewer, invitation, utc_now())
    return redirect_to(url_for("caseload.couple", couple_id=couple_id))


def _open_lead(consultation_id: UUID) -> Consultation:
    lead = get_consultation(current_session(), current_member(), consultation_id)
    if lead.couple_id is not None:
        raise AlreadyACouple(str(consultation_id))
    return lead


def _form_for(lead: Consultation) -> NewCoupleForm:
    return NewCoupleForm(
        formdata=None,
        first_first_name=lead.person.first_name,
        first_last_name=lead.person.last_name,
        first_email=lead.person.email,
        second_first_name=lead.partner_name if lead.partner_knows == PartnerKnows.YES else "",
    )


def _partner(found: Couple, person_id: UUID) -> Partner:
    for partner in found.partners:
        if partner.person_id == person_id:
            return partner
    raise NotFound(str(person_id))
