"""A partner's own list of what was asked, and what may be undone from it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.errors import Conflict
from portal.homework import service
from portal.homework.models import Response
from portal.homework.own_tasks import OwnTask, Place, own_tasks
from portal.homework.rules import AlreadyOpened, NoLongerAsked, NotFinished, NotOpenedYet, NotShared
from portal.homework.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone

WHY_NOT: dict[type[Conflict], object] = {
    AlreadyOpened: _l(
        "This has opened meanwhile, so what you shared may have been read. From now on you can show it no longer."
    ),
    NoLongerAsked: _l("This is not asked for at present. Your words are kept for you."),
    NotFinished: _l(
        "This is not finished, or you have shared it. What is shared is taken back before it changes."
    ),
    NotOpenedYet: _l("This has not opened, so nobody has read it here. You can take it back."),
    NotShared: _l("You are not sharing this at present, so there is nothing to undo."),
}
REFUSALS = tuple(WHY_NOT)


class Act(Protocol):
    """One of the service's acts of a partner on an own part."""

    def __call__(self, session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
        """Do it, or raise one of `REFUSALS`."""


@blueprint.get("/tasks")
@requires(Permission.HOMEWORK_TASK_WORK)
def own() -> ResponseReturnValue:
    """Show what waits for oneself, what one has shared, and what has opened."""
    return _list_page()


@blueprint.post("/tasks/<uuid:response_id>/take-back")
@requires(Permission.HOMEWORK_TASK_WORK)
def take_back(response_id: UUID) -> ResponseReturnValue:
    """Take back what was shared, while nobody can have read it."""
    return _act(response_id, service.take_back, lambda one: one.work_endpoint)


@blueprint.post("/tasks/<uuid:response_id>/hide")
@requires(Permission.HOMEWORK_TASK_WORK)
def hide(response_id: UUID) -> ResponseReturnValue:
    """Show no longer what has opened."""
    return _act(response_id, service.hide, lambda one: one.opened_endpoint)


@blueprint.post("/tasks/<uuid:response_id>/reopen")
@requires(Permission.HOMEWORK_TASK_WORK)
def reopen(response_id: UUID) -> ResponseReturnValue:
    """Take up again what was finished and not shared."""
    return _act(response_id, service.reopen, lambda one: one.work_endpoint)


def _act(response_id: UUID, act: Act, way: Callable[[OwnTask], str]) -> ResponseReturnValue:
    viewer = current_member()
    try:
        with transaction() as session:
            act(session, viewer, response_id, now=utc_now())
    except REFUSALS as refusal:
        return _list_page(WHY_NOT[type(refusal)], 409)
    now_there = own_tasks(current_session(), viewer)
    done = next((one for one in now_there if one.response_id == response_id and one.is_ours), None)
    if done is None:  # of a closed couple only the own list is left
        return redirect_to(url_for("homework.own"))
    return redirect_to(url_for(way(done), response_id=response_id))


def _list_page(sentence: object = "", status: int = 200) -> ResponseReturnValue:
    viewer, session = current_member(), current_session()
    now, zone = utc_now(), get_self(session, viewer).zone
    tasks = own_tasks(session, viewer)
    return render(
        "homework/own.html",
        groups={place.value: [one for one in tasks if one.place is place] for place in Place},
        sentence=sentence,
        today=now.astimezone(parse_zone(zone)).date(),
        status=status,
    )
