"""Goals that grow out of exercises: each says alone whether to keep a suggestion, and nobody learns of it until both would."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Select, String, delete, exists, func, or_, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session, aliased

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple, Partner
from portal.couples.queries import CLOSED, is_of_own_couple, is_treated
from portal.errors import Conflict, NotFound
from portal.exercises.models import GoalEnd, GoalEnding, GoalWish, KeptGoal
from portal.exercises.questions import AskedGoal
from portal.exercises.suggestions import Suggestion
from portal.homework.models import Assignment
from portal.homework.queries import FROZEN, lock_assignment
from portal.homework.rules import NoLongerAsked, Standing
from portal.security.viewer import Member

MOST_GOALS = 8  # goal attainment scaling is for one to eight goals (clinical specification, section 1)


class GoalReplaced(Conflict):
    """A revision of this goal has taken its place."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A suggestion as one person sees it: whether this person would keep it as it reads now, and whether both have."""

    suggestion: Suggestion
    is_wished: bool = False
    kept: KeptGoal | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A goal that is over. One that was revised has changed, when its revision was kept; only that one cannot go on."""

    goal: KeptGoal
    ending: GoalEnding
    ended_at: datetime
    is_revised: bool = False


@dataclass(frozen=True, slots=True)
class Goals:
    """A couple's goals: those that both keep, the oldest first, and those that ended, the last ended first.

    `ends`: each time that one ended, by the goal's id, the first first.
    """

    active: Sequence[KeptGoal]
    ended: Sequence[Ended]
    ends: Mapping[UUID, Sequence[GoalEnd]]

    def reason_of(self, goal: KeptGoal) -> str:
        """Say why a goal is over; empty where nobody said so, or it is not over."""
        return next((one.reason for one in self.ends.get(goal.id, ()) if one.taken_up_at is None), "")

    def taken_up(self, goal: KeptGoal) -> Sequence[GoalEnd]:
        """List the times that a goal had ended and went on."""
        return [one for one in self.ends.get(goal.id, ()) if one.taken_up_at is not None]


def active_goals(
    session: Session, viewer: Member, couple_id: UUID, *, but: UUID | None = None
) -> list[AskedGoal]:
    """List the goals that both keep at present, the oldest first, for the two and their therapist.

    One statement and one for the key.

    A goal that ended is none, and one that was revised is replaced by its revision. `but`: an assignment whose own goals do not
    count, nor what it revised.
    """
    later, giving = aliased(KeptGoal), aliased(Assignment)
    in_hexadecimal = func.replace(cast_to(KeptGoal.id, String), "-", "")  # as a revision names it
    replaced = (
        exists()
        .where(later.assignment_id == giving.id, giving.standing != Standing.WITHDRAWN)
        .where(later.couple_id == couple_id, later.slot == in_hexadecimal)
    )
    goals = _visible(viewer).where(KeptGoal.couple_id == couple_id, KeptGoal.ended_at.is_(None))
    if but is not None:
        replaced = replaced.where(later.assignment_id != but)
        goals = goals.where(KeptGoal.assignment_id != but)
    found = session.scalars(goals.where(~replaced)).all()
    return [AskedGoal(one.id.hex, one.words, levels_of(one)) for one in found[-MOST_GOALS:]]


def goals_between(session: Session, viewer: Member) -> Goals:
    """List the goals of a partner and the other one. Two statements and one for the key; one where there is none."""
    return _parted(session, _visible(viewer).where(is_of_own_couple(KeptGoal.couple_id, viewer)))


def goals_of(session: Session, viewer: Member, couple_id: UUID) -> Goals:
    """List the goals of a couple, for the two and their therapist. As many statements as `goals_between`."""
    return _parted(session, _visible(viewer).where(KeptGoal.couple_id == couple_id))


def _parted(session: Session, goals: Select[KeptGoal]) -> Goals:
    found = list(session.scalars(goals))
    revised = {one.slot: one.kept_at for one in found}
    ended = [
        Ended(one, one.ending or GoalEnding.CHANGED, ended_at, one.id.hex in revised)
        for one in found
        if (ended_at := one.ended_at or revised.get(one.id.hex)) is not None
    ]
    over = {one.goal.id for one in ended}
    active = [one for one in found if one.id not in over]
    ended.sort(key=lambda one: one.ended_at, reverse=True)
    return Goals(active, ended, _ends_of(session, found) if found else {})


def _ends_of(session: Session, goals: Sequence[KeptGoal]) -> Mapping[UUID, Sequence[GoalEnd]]:
    ends: dict[UUID, list[GoalEnd]] = defaultdict(list)
    ids = [one.id for one in goals]
    for end in session.scalars(
        select(GoalEnd).where(GoalEnd.goal_id.in_(ids)).order_by(GoalEnd.ended_at, GoalEnd.id)
    ):
        ends[end.goal_id].append(end)
    return dict(ends)


def get_goal(session: Session, viewer: Member, goal_id: UUID) -> KeptGoal:
    """Load one goal, for the two and their therapist. One statement. Raises NotFound."""
    goal = session.scalar(
        _visible(viewer).where(KeptGoal.id == goal_id).execution_options(populate_existing=True)
    )
    if goal is None:
        raise NotFound(str(goal_id))
    return goal


def end_goal(
    session: Session, viewer: Member, goal_id: UUID, ending: GoalEnding, *, reason: str = "", now: datetime
) -> KeptGoal:
    """End a goal, as one of the two or their therapist; the first to say how it ended has said it.

    `reason`: for both and their therapist to read, and nobody has to give one.
    Raises NotFound, and NoLongerAsked where the couple's records are closed.
    """
    goal = _changeable(session, viewer, goal_id)
    first = update(KeptGoal).where(KeptGoal.id == goal_id, KeptGoal.ended_at.is_(None))
    changed = session.execute(first.values(ended_at=now, ending=ending))
    if cast("CursorResult[None]", changed).rowcount:
        session.add(
            GoalEnd(goal_id=goal.id, couple_id=goal.couple_id, ended_at=now, ending=ending, reason=reason)
        )
        record_of(session, viewer, Action.GOAL_ENDED, goal)
    session.flush()
    return goal


def take_up_goal(session: Session, viewer: Member, goal_id: UUID, *, now: datetime) -> KeptGoal:
    """Let a goal that had ended go on, as one of the two or their therapist; that it had ended, and why, stays.

    Nothing happens to one that goes on already. Raises NotFound, GoalReplaced, and NoLongerAsked where the couple's records
    are closed.
    """
    goal = _changeable(session, viewer, goal_id)
    if session.scalar(_visible(viewer).where(KeptGoal.slot == goal.id.hex).limit(1)) is not None:
        raise GoalReplaced(str(goal_id))
    over = update(KeptGoal).where(KeptGoal.id == goal_id, KeptGoal.ended_at.is_not(None))
    changed = session.execute(over.values(ended_at=None, ending=None))
    if cast("CursorResult[None]", changed).rowcount:
        last = update(GoalEnd).where(GoalEnd.goal_id == goal_id, GoalEnd.taken_up_at.is_(None))
        session.execute(last.values(taken_up_at=now))
        record_of(session, viewer, Action.GOAL_TAKEN_UP, goal)
    session.flush()
    return goal


def _changeable(session: Session, viewer: Member, goal_id: UUID) -> KeptGoal:
    goal = get_goal(session, viewer, goal_id)
    if session.scalar(select(Couple.status).where(Couple.id == goal.couple_id)) in CLOSED:
        raise NoLongerAsked(str(goal_id))
    return goal


def goals_from(session: Session, viewer: Member, assignment_id: UUID) -> list[KeptGoal]:
    """List what both have kept of one assignment's suggestions, for the two and their therapist. One statement."""
    return list(session.scalars(_visible(viewer).where(KeptGoal.assignment_id == assignment_id)))


def levels_of(goal: KeptGoal) -> tuple[str, ...]:
    """Read the words of the five rungs; none where there are none."""
    return tuple(json.loads(goal.levels)) if goal.levels else ()


def offered_to(
    session: Session, viewer: Member, assignment_id: UUID, suggestions: Sequence[Suggestion]
) -> list[Offered]:
    """Show suggestions to one person: with this person's own wishes and what both have kept, never the other's wishes.

    Two statements, and keys.
    """
    kept = {one.slot: one for one in goals_from(session, viewer, assignment_id)}
    wishes = session.scalars(
        select(GoalWish).where(
            GoalWish.assignment_id == assignment_id, GoalWish.person_id == viewer.person_id
        )
    )
    wished = {one.slot: one.words for one in wishes}
    return [Offered(one, wished.get(one.slot) == one.words, kept.get(one.slot)) for one in suggestions]


def keep(
    session: Session, viewer: Member, assignment_id: UUID, suggestion: Suggestion, *, now: datetime
) -> None:
    """Say that one would keep a suggestion, as it reads now; with the second person it becomes a goal of both.

    The two wishes are then forgotten. Presses of both queue at the assignment.
    Raises NoLongerAsked: withdrawn, or the couple is paused or closed.
    """
    assignment = _locked(session, viewer, assignment_id)
    if _is_kept(session, assignment_id, suggestion.slot):
        return
    wishes = session.scalars(
        select(GoalWish).where(GoalWish.assignment_id == assignment_id, GoalWish.slot == suggestion.slot)
    ).all()
    own = next((one for one in wishes if one.person_id == viewer.person_id), None)
    others = [one for one in wishes if one.person_id != viewer.person_id and one.words == suggestion.words]
    if own is None:
        own = GoalWish(assignment_id=assignment_id, slot=suggestion.slot, person_id=viewer.person_id)
        session.add(own)
    own.words = suggestion.words
    session.flush()
    record_of(session, viewer, Action.GOAL_WISHED, own)
    if others:
        levels = json.dumps(suggestion.levels, ensure_ascii=False) if suggestion.levels else ""
        goal = KeptGoal(
            assignment_id=assignment_id, couple_id=assignment.couple_id, slot=suggestion.slot, kept_at=now,
            words=suggestion.words, levels=levels,
        )  # fmt: skip
        session.add(goal)
        for wish in wishes:
            session.delete(wish)
        if own not in wishes:
            session.delete(own)
        session.flush()
        record_of(session, viewer, Action.GOAL_KEPT, goal)
    session.flush()


def leave_alone(session: Session, viewer: Member, assignment_id: UUID, slot: str) -> None:
    """Say no more that one would keep a suggestion; what both have kept stays. Raises NoLongerAsked."""
    assignment = _locked(session, viewer, assignment_id)
    session.execute(
        delete(GoalWish).where(
            GoalWish.assignment_id == assignment_id,
            GoalWish.slot == slot,
            GoalWish.person_id == viewer.person_id,
        )
    )
    record_of(session, viewer, Action.GOAL_LEFT, assignment)


def _visible(viewer: Member) -> Select[KeptGoal]:
    """Start a read of kept goals: for both of the couple and their therapist; of what was withdrawn there are none."""
    return (
        select(KeptGoal)
        .join(Assignment, Assignment.id == KeptGoal.assignment_id)
        .where(
            or_(is_of_own_couple(KeptGoal.couple_id, viewer), is_treated(KeptGoal.couple_id, viewer)),
            Assignment.standing != Standing.WITHDRAWN,
        )
        .order_by(KeptGoal.kept_at, KeptGoal.slot)
    )


def _locked(session: Session, viewer: Member, assignment_id: UUID) -> Assignment:
    assignment = lock_assignment(session, assignment_id)
    is_there = (
        select(Partner.id)
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Partner.couple_id == assignment.couple_id, Partner.person_id == viewer.person_id)
        .where(Partner.left_at.is_(None), Couple.status.not_in(FROZEN))
    )
    if assignment.standing is Standing.WITHDRAWN or session.scalar(is_there) is None:
        raise NoLongerAsked(str(assignment_id))
    return assignment


def _is_kept(session: Session, assignment_id: UUID, slot: str) -> bool:
    found = select(KeptGoal.id).where(KeptGoal.assignment_id == assignment_id, KeptGoal.slot == slot)
    return session.scalar(found) is not None
