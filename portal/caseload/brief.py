"""One page before a session: what is new, what has moved, what to look at, and what not to mention to whom."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from portal.assessments.moves import Moves, moves_of
from portal.caseload.timeline import Happening, Moment, timeline_of
from portal.couples.models import Couple
from portal.homework.confidences import Confidence, confidences_of
from portal.homework.desk import AssignmentState, desk_states, lines_of
from portal.meetings.queries import meetings_of
from portal.safety.queries import ToAcknowledge, waiting_of
from portal.security.viewer import Member
from portal.zones import parse_zone, to_local


class News(NamedTuple):
    """What happened to one partner, or to both, on one day: of what, and how often each."""

    happening: Happening
    side: str
    titles: dict[str, int]


class DayOfNews(NamedTuple):
    """One of the therapist's dates with everything new of it."""

    on: date
    news: list[News]


class Unsaid(NamedTuple):
    """What one person told the therapist alone in one task, each time that it was given, the latest first."""

    times: list[Confidence]

    @property
    def latest(self) -> Confidence:
        """Give the last time, which stands for the task."""
        return self.times[0]

    @property
    def answers(self) -> int:
        """Count the answers for the therapist alone."""
        return sum(one.answers for one in self.times)

    @property
    def withheld(self) -> int:
        """Count what was kept back."""
        return sum(one.withheld for one in self.times)


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything on the page. `since`: the last session, None before the first; `unsaid`: by the side of its author."""

    since: datetime | None
    news: list[DayOfNews]
    to_open: list[AssignmentState]
    moves: Moves | None
    to_look_at: list[ToAcknowledge]
    unsaid: dict[str, list[Unsaid]]


def brief_of(session: Session, viewer: Member, couple: Couple, zone: str, now: datetime) -> Brief:
    """Gather the page for the couple's therapist. About ten statements; of answers only the map's own are loaded."""
    states, meetings = desk_states(session, viewer, couple), meetings_of(session, viewer, couple.id)
    since = max((one.starts_at for one in meetings if one.starts_at <= now), default=None)
    moments = timeline_of(couple, (), lines_of(states))
    told = confidences_of(session, viewer, couple.id)
    return Brief(
        since=since,
        news=news_by_day([one for one in moments if since is None or one.at > since], zone),
        to_open=[one for one in states if any(stage.reveal.waits_for_therapist for stage in one.stages)],
        moves=moves_of(session, viewer, couple, [one.assignment for one in states]),
        to_look_at=waiting_of(session, viewer, couple, zone, now),
        unsaid={
            partner.side.value: _by_task([one for one in told if one.person_id == partner.person_id])
            for partner in couple.partners
        },
    )


def _by_task(told: Sequence[Confidence]) -> list[Unsaid]:
    """Name each task once, in the order of its latest time; given to one alone it is another one."""
    found: dict[tuple[object, ...], Unsaid] = {}
    for one in told:
        found.setdefault((one.kind, one.task_id, one.is_for_one), Unsaid([])).times.append(one)
    return list(found.values())


def news_by_day(moments: Sequence[Moment], zone: str) -> list[DayOfNews]:
    """Put the moments of each date together, in their order; what happened alike stands in one line."""
    there = parse_zone(zone)
    days = groupby(moments, lambda one: to_local(one.at, there).date())
    return [DayOfNews(on, _alike(list(of_day))) for on, of_day in days]


def _alike(moments: Sequence[Moment]) -> list[News]:
    alike: dict[tuple[Happening, str], Counter[str]] = {}
    for one in moments:
        alike.setdefault((one.happening, one.side), Counter())[one.title] += 1
    return [News(*kind, titles) for kind, titles in alike.items()]
