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
from portal.errors import Conflict, NotFound
from portal.homework import service
from portal.homework.day_forms import CourseForm, MoveForm
from portal.homework.days import move_day, settle_day, today_of
from portal.homework.disowning import disown, may_disown, reclaim
from portal.homework.models import Response
from portal.homework.overdue import NotAsked, NothingToMove
from portal.homework.own_tasks import OwnTask, Place, own_tasks
from portal.homework.queries import get_own_response
from portal.homework.rules import (
    AlreadyOpened,
    NoLongerAsked,
    NotFinished,
    NothingDisowned,
    NothingToDisown,
    NotOpenedYet,
    NotShared,
    NotWriting,
)
from portal.homework.views.blueprint import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

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
    NotWriting: _l("This is finished, so its day no longer matters."),
    NothingToMove: _l("This day was moved before, or there is none. You can go on whenever it suits you."),
    NotAsked: _l("There is nothing to decide about this at present. You can go on whenever it suits you."),
    NothingToDisown: _l("Nothing has been written here, or you have said so before."),
    NothingDisowned: _l("This was given to you anew meanwhile, so what was written before is gone."),
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


@blueprint.post("/tasks/<uuid:response_id>/later")
@requires(Permission.HOMEWORK_TASK_WORK)
def move(response_id: UUID) -> ResponseReturnValue:
    """Wish for it by a later day, once."""
    form = MoveForm()
    get_own_response(current_session(), current_member(), response_id)
    if not form.validate():
        return _list_page(_l("Please choose a day."), 422)
    return _decide(
        lambda session, viewer: move_day(session, viewer, response_id, form.to_days(), now=utc_now())
    )


@blueprint.post("/tasks/<uuid:response_id>/course")
@requires(Permission.HOMEWORK_TASK_WORK)
def settle(response_id: UUID) -> ResponseReturnValue:
    """Keep it, ask to speak about it, put it aside, or take it up again."""
    form = CourseForm()
    get_own_response(current_session(), current_member(), response_id)
    if not form.validate():
        return _list_page(_l("Please choose what is to become of it."), 422)
    return _decide(
        lambda session, viewer: settle_day(session, viewer, response_id, form.to_course(), now=utc_now())
    )


@blueprint.get("/tasks/<uuid:response_id>/not-me")
@requires(Permission.HOMEWORK_TASK_DISOWN)
def not_me(response_id: UUID) -> ResponseReturnValue:
    """Say what happens when somebody says that another person answered in their place."""
    session, viewer = current_session(), current_member()
    response = get_own_response(session, viewer, response_id)
    task = next((one for one in own_tasks(session, viewer) if one.response_id == response_id), None)
    if task is None:
        raise NotFound(str(response_id))
    return render("homework/not_me.html", task=task, may_say=may_disown(response))


@blueprint.post("/tasks/<uuid:response_id>/not-me")
@requires(Permission.HOMEWORK_TASK_DISOWN)
def say_not_me(response_id: UUID) -> ResponseReturnValue:
    """Put the answers out of everybody's reach, and tell the therapist."""
    return _decide(lambda session, viewer: disown(session, viewer, response_id, now=utc_now()))


@blueprint.post("/tasks/<uuid:response_id>/was-me")
@requires(Permission.HOMEWORK_TASK_DISOWN)
def say_was_me(response_id: UUID) -> ResponseReturnValue:
    """Take back that somebody else answered, while the answers are there."""
    return _decide(lambda session, viewer: reclaim(session, viewer, response_id, now=utc_now()))


def _decide(act: Callable[[Session, Member], object]) -> ResponseReturnValue:
    viewer = current_member()
    try:
        with transaction() as session:
            act(session, viewer)
    except REFUSALS as refusal:
        return _list_page(WHY_NOT[type(refusal)], 409)
    return redirect_to(url_for("homework.own"))


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
    tasks = own_tasks(session, viewer)
    return render(
        "homework/own.html",
        groups={place.value: [one for one in tasks if one.place is place] for place in Place},
        doubtful=[one for one in tasks if one.was_written and one.place is not Place.DISOWNED],
        sentence=sentence,
        today=today_of(session, viewer),
        status=status,
    )
