"""The first page of each role."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from portal.blog.queries import latest_posts
from portal.booking.queries import open_leads
from portal.caseload.queries import list_caseload
from portal.clock import utc_now
from portal.couples.queries import find_own_couple
from portal.diary.entries import codes_of_today
from portal.diary.queries import next_free_slots
from portal.health.queries import heartbeats_of
from portal.home.looking import watch_answers
from portal.home.queries import next_consultation_of, next_session_of, on_the_desk
from portal.homework.needs import needs_of
from portal.homework.own_tasks import Place, next_of, own_tasks
from portal.meetings.queries import list_waiting, summaries_for_reader
from portal.notices.queries import mail_trouble
from portal.people.queries import get_self
from portal.practice.queries import get_practice, list_therapists, missing_consents
from portal.practice.service import give_consents
from portal.safety.queries import own_tiles, unlooked_told_to
from portal.security.gate import public, requires
from portal.security.login import current_member, current_viewer
from portal.security.permissions import Permission
from portal.security.viewer import Anonymous
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone

blueprint = Blueprint("home", __name__)
blueprint.record_once(lambda _state: watch_answers())


@blueprint.get("/")
@public("the practice's face to visitors; members are sent to their own home")
def start() -> ResponseReturnValue:
    """Receive whoever comes to the address of the portal."""
    viewer = current_viewer()
    if not isinstance(viewer, Anonymous):
        return redirect_to(url_for("home.partner" if viewer.is_partner else "home.today"))
    session = current_session()
    practice = get_practice(session)
    response = render(
        "home/welcome.html",
        about=practice.about,
        therapists=list_therapists(session),
        posts=latest_posts(session, limit=3),
        slots=next_free_slots(session, utc_now(), count=3),
        zone=practice.zone,
    )
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Robots-Tag"] = "all"
    return response


@blueprint.get("/home")
@requires(Permission.HOME_PARTNER_VIEW)
def partner() -> ResponseReturnValue:
    """Show a partner the one next thing, the next appointment and what has been received."""
    viewer, session = current_member(), current_session()
    if viewer.is_limited:
        appointment = next_consultation_of(session, viewer, utc_now())
        return render("home/limited.html", appointment=appointment, zone=get_self(session, viewer).zone)
    if missing_consents(session, viewer):
        return redirect_to(url_for("home.consents"))
    now, zone, tasks = utc_now(), get_self(session, viewer).zone, own_tasks(session, viewer)
    today = now.astimezone(parse_zone(zone)).date()
    return render(
        "home/partner.html",
        now=now,
        today=today,
        zone=zone,
        couple=find_own_couple(session, viewer),
        next_task=next_of(tasks),
        opened=[task for task in tasks if task.place is Place.OPENED],
        shared=[task for task in tasks if task.place is Place.SHARED],
        summaries=summaries_for_reader(session, viewer),
        next_session=next_session_of(session, viewer, now),
        appointment=next_consultation_of(session, viewer, now),
        tiles=own_tiles(session, viewer, today),
    )


@blueprint.get("/welcome")
@requires(Permission.COUPLES_CONSENT_GIVE)
def consents() -> ResponseReturnValue:
    """Show what each partner reads and accepts alone."""
    texts = missing_consents(current_session(), current_member())
    if not texts:
        return redirect_to(url_for("home.partner"))
    return render("home/consents.html", form=Form(), texts=texts)


@blueprint.post("/welcome")
@requires(Permission.COUPLES_CONSENT_GIVE)
def give() -> ResponseReturnValue:
    """Accept the consents for oneself."""
    with transaction() as session:
        give_consents(session, current_member())
    return redirect_to(url_for("home.partner"))


@blueprint.get("/today")
@requires(Permission.HOME_STAFF_VIEW)
def today() -> ResponseReturnValue:
    """Show people of the practice who needs them now, each according to their roles."""
    viewer, session, now = current_member(), current_session(), utc_now()
    zone = get_self(session, viewer).zone
    if not viewer.is_therapist:
        return render(
            "home/practice.html",
            now=now,
            zone=zone,
            mail=mail_trouble(session, now),
            signs=heartbeats_of(session, now),
            unlooked=unlooked_told_to(session, viewer),
        )
    return render(
        "home/today.html",
        now=now,
        zone=zone,
        mail=mail_trouble(session, now),
        leads=open_leads(session, viewer),
        needs=list_waiting(session, viewer),
        caseload=list_caseload(session, viewer),
        entries=codes_of_today(session, viewer, parse_zone(zone), now),
        homework=needs_of(session, viewer, now),
        desk=on_the_desk(session, viewer, zone, now),  # last: one statement for the keys of all rows
    )


@blueprint.get("/practice")
@requires(Permission.HOME_STAFF_VIEW)
def settings() -> ResponseReturnValue:
    """Lead to every page on which the practice or a therapist decides something; each role sees its own."""
    return render("home/settings.html")
