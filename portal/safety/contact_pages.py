"""The safe-contact card: the page on which a partner fills it in alone, and the one on which the therapist reads it."""

from uuid import UUID

from flask import Response, current_app, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.audit.rules import Action
from portal.audit.service import record, record_of
from portal.clock import utc_now
from portal.couples.queries import get_couple
from portal.notices.queries import kept_inside
from portal.notices.registry import has_account
from portal.notices.service import judge_again
from portal.people.models import Person
from portal.people.queries import get_self, own_card
from portal.people.rules import Card, Channel, is_old, next_safe_moment
from portal.people.service import save_own_card
from portal.safety.contact_forms import ContactForm, range_words
from portal.safety.queries import card_read_by
from portal.safety.views import blueprint
from portal.security.gate import is_fresh, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.settings import Settings
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone, to_local

WHO_IS_THERE = _l(
    "This page had been open for a while. Please show once more that it is you: the link below opens another window. Then save again."
)


@blueprint.get("/safe-contact")
@requires(Permission.SAFETY_CONTACT_OPEN)
def contact() -> ResponseReturnValue:
    """Show a partner the own card, or what holds without one."""
    session, viewer = current_session(), current_member()
    form = ContactForm(formdata=None)
    form.show(get_self(session, viewer), own_card(session, viewer))
    return _card_page(form)


@blueprint.post("/safe-contact")
@requires(Permission.SAFETY_CONTACT_EDIT, keeps_typed=True)
def save_contact() -> ResponseReturnValue:
    """Keep a partner's own card; who is there must have been shown, and nothing typed is lost if that was a while ago."""
    session, viewer, now = current_session(), current_member(), utc_now()
    form, person = ContactForm(), get_self(session, viewer)
    form.offer(may_text=_may_text())
    is_meant = form.check(to_local(now, parse_zone(person.zone)).date())
    if not is_fresh(viewer):
        form.form_errors.append(WHO_IS_THERE)
        return _card_page(form, 422)
    if not is_meant:
        return _card_page(form, 422)
    with transaction() as session:
        row = save_own_card(
            session,
            viewer,
            form.to_card(),
            phone=form.phone.data,
            ask_again_on=form.ask_again_on.data,
            now=now,
        )
        judge_again(session, get_self(session, viewer), row.card, now=now)
    return redirect_to(url_for("safety.contact"))


@blueprint.get("/couples/<uuid:couple_id>/contact/<uuid:person_id>")
@requires(Permission.SAFETY_CONTACT_READ)
def contact_of(couple_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Show the therapist how one person can be reached safely. Each reading leaves a trace first."""
    session, viewer, now = current_session(), current_member(), utc_now()
    couple = get_couple(session, viewer, couple_id)
    found = card_read_by(session, viewer, couple, person_id)
    with transaction() as session:
        record(session, viewer, Action.CONTACT_READ, kind=Person.__tablename__, object_id=person_id)
        if found.sitting is not None:
            record_of(session, viewer, Action.SAFETY_READ, found.sitting)
    card, person = (found.row.card if found.row is not None else Card()), found.partner.person
    return render(
        "safety/contact_of.html",
        couple=couple,
        person=person,
        side=found.partner.side.value,
        card=card,
        hours=[range_words(one) for one in card.ranges],
        changed_at=found.row.changed_at if found.row is not None else None,
        is_old=found.row is not None and is_old(found.row.changed_at, now),
        safe_at=next_safe_moment(card.ranges, parse_zone(person.zone), now),
        now=now,
        said=found.said,
        said_at=found.sitting.answered_at if found.sitting is not None else None,
        lacks_gateway=not _has_gateway(),
        has_login=has_account(session, person_id),
        zone=get_self(session, viewer).zone,
    )


def _card_page(form: ContactForm, status: int = 200) -> Response:
    session, viewer = current_session(), current_member()
    form.offer(may_text=_may_text())
    person = get_self(session, viewer)
    return render(
        "safety/contact.html",
        form=form,
        person=person,
        zone=person.zone,
        kept=kept_inside(session, viewer, utc_now()),
        is_fresh=is_fresh(viewer),
        status=status,
    )


def _may_text() -> bool:
    """Tell whether text messages can be chosen: the practice can send them, or the person had chosen them before."""
    row = own_card(current_session(), current_member())
    return _has_gateway() or (row is not None and row.card.channel is Channel.TEXT)


def _has_gateway() -> bool:
    settings: Settings = current_app.extensions["settings"]
    return settings.text_gateway_url is not None
