"""Where couples come from, as numbers: read, seen, tested, booked, came, became clients; per post and link, by month.

What visitors looked at are counts without persons. What they booked are persons, so their numbers obey `small_numbers`.
A consultation counts for the month (UTC) in which it was booked, whatever came later; a merged one counts once, one that
was disowned or never proved does not count. Leads that were erased still count: their rows stay, without a person.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Label, case, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from portal.blog.models import Post
from portal.booking.models import Attendance, Consultation, ConsultationStatus, EndedBy
from portal.booking.small_numbers import LEAST_SHOWN, shown
from portal.errors import NotFound
from portal.marks import NO_SOURCE
from portal.security.viewer import Member, Viewer
from portal.sources.models import CampaignLink, Step, StepCount, Touch

MONTHS = 12
EARLIER = 0  # the bucket of everything before the first of the twelve months


class Stage(StrEnum):
    """One stage of the way, in its order."""

    READ = "read"
    SEEN = "seen"
    TESTED = "tested"
    BOOKED = "booked"
    CAME = "came"
    CLIENT = "client"


STAGE_OF = {Step.ARTICLE_READ: Stage.READ, Step.WIDGET_SEEN: Stage.SEEN, Step.TEST_TAKEN: Stage.TESTED}
OF_PERSONS = (Stage.BOOKED, Stage.CAME, Stage.CLIENT)


class Which(StrEnum):
    """Which touch a consultation counts for."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Line:
    """One source and its numbers; None stands for a number that is hidden. `post_title`: where a link leads."""

    source: str
    name: str
    post_title: str
    numbers: Mapping[Stage, int | None]


@dataclass(frozen=True, slots=True)
class Total:
    """One stage over all sources. `number` is None if it is hidden; `is_least`: only what is shown was added up."""

    stage: Stage
    number: int | None
    is_least: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of one period, most booked first, and their totals. Stages that nobody ever reached are left out."""

    stages: tuple[Stage, ...]
    lines: list[Line]
    totals: list[Total]


Cells = dict[
    Stage, dict[str, dict[int, int]]
]  # stage, source, number of the month (1 to 12, 0 for earlier): how many


def months_before(today: date) -> list[date]:
    """List the first days of the last twelve months, this one included, oldest first."""
    number = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(number - MONTHS + 1, number + 1)]


def read_report(
    session: Session, viewer: Viewer, *, which: Which, months: list[date], month: date | None
) -> Report:
    """Read the report of one month, or of all time. Four statements, whatever the number of bookings.

    Raises NotFound for everybody but therapists and the owner.
    """
    if not isinstance(viewer, Member) or not (viewer.is_therapist or viewer.is_owner):
        raise NotFound("report")
    cells: Cells = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for source, bucket, step, number in _counts(session, months):
        cells[STAGE_OF[step]][source][bucket] += number
    for source, bucket, numbers in _bookings(session, which, months):
        for stage, number in zip(OF_PERSONS, numbers, strict=True):
            cells[stage][source][bucket] += number
    names = _names(session, {source for by_source in cells.values() for source in by_source})
    return compose(cells, names, bucket=months.index(month) + 1 if month is not None else None)


def compose(
    cells: Mapping[Stage, Mapping[str, Mapping[int, int]]],
    names: Mapping[str, tuple[str, str]],
    *,
    bucket: int | None,
) -> Report:
    """Lay the numbers of one period out, and hide what could point at a person. Pure."""
    stages = tuple(
        stage
        for stage in Stage
        if any(sum(found.values()) for found in cells.get(stage, {}).values()) or stage in OF_PERSONS
    )
    per_stage = {
        stage: _open(cells.get(stage, {}), names, bucket)
        if stage not in OF_PERSONS
        else _guarded(cells.get(stage, {}), names, bucket)
        for stage in stages
    }
    lines = [
        Line(source, *names[source], {stage: per_stage[stage][0].get(source) for stage in stages})
        for source in names
    ]
    order = (Stage.BOOKED, Stage.SEEN, Stage.READ)
    lines.sort(key=lambda line: ([-(line.numbers.get(stage) or 0) for stage in order], line.name))
    return Report(stages, lines, [Total(stage, *per_stage[stage][1]) for stage in stages])


Column = tuple[
    Mapping[str, int], tuple[int | None, bool]
]  # what is shown of each source; the total, and if it is a least


def _open(found: Mapping[str, Mapping[int, int]], names: Mapping[str, object], bucket: int | None) -> Column:
    numbers = {source: _of(found.get(source, {}), bucket) for source in names}
    return numbers, (sum(numbers.values()), False)


def _guarded(
    found: Mapping[str, Mapping[int, int]], names: Mapping[str, object], bucket: int | None
) -> Column:
    """Show a source's sum if the family of all sources lets it, and its month if the family of its months does too."""
    sums = {source: _of(found.get(source, {}), None) for source in names}
    total, over_sources = sum(sums.values()), shown(sums)
    if not total:
        return sums, (0, False)
    over_months = {source: shown(_every_month(found[source])) for source in over_sources or {}}
    if over_sources is None or total < LEAST_SHOWN or None in over_months.values():
        return {}, (None, False)
    if bucket is None:
        return over_sources, (total, False)
    numbers = {source: open_[bucket] for source, open_ in over_months.items() if open_ and bucket in open_}
    return numbers, (sum(numbers.values()) or None, True)


def _every_month(found: Mapping[int, int]) -> dict[int, int]:
    return {bucket: found.get(bucket, 0) for bucket in range(MONTHS + 1)}


def _of(found: Mapping[int, int], bucket: int | None) -> int:
    return sum(found.values()) if bucket is None else found.get(bucket, 0)


def _counts(session: Session, months: list[date]) -> Iterator[tuple[str, int, Step, int]]:
    bucket = _bucket(StepCount.month, list(months))
    rows = select(StepCount.source, bucket, StepCount.step, func.sum(StepCount.number))
    for source, number, step, count in session.execute(
        rows.group_by(StepCount.source, "bucket", StepCount.step)
    ):
        yield source, number, step, int(count)


def _bookings(
    session: Session, which: Which, months: list[date]
) -> Iterator[tuple[str, int, tuple[int, int, int]]]:
    bucket = _bucket(
        Consultation.created_at, [datetime(day.year, day.month, 1, tzinfo=UTC) for day in months]
    )
    is_first = which is Which.FIRST
    link = Touch.first_link_id if is_first else Touch.last_link_id
    touched = Touch.first_post_id if is_first else Touch.last_post_id
    before_touches = case((Consultation.touch_id.is_(None), Consultation.post_id))
    post = func.coalesce(touched, before_touches).label("post")
    came = or_(Consultation.attendance == Attendance.CAME, Consultation.partner_attendance == Attendance.CAME)
    rows = (
        select(
            link, post, bucket, func.count(), _how_many(came), _how_many(Consultation.couple_id.is_not(None))
        )
        .select_from(Consultation)
        .outerjoin(Touch, Touch.id == Consultation.touch_id)
        .where(Consultation.status != ConsultationStatus.UNVERIFIED, Consultation.merged_into_id.is_(None))
        .where(or_(Consultation.ended_by.is_(None), Consultation.ended_by != EndedBy.DISOWNED))
        .group_by(link, "post", "bucket")
    )
    for link_id, post_id, number, *numbers in session.execute(rows):
        booked, attended, clients = (int(count) for count in numbers)
        yield _source(link_id, post_id), number, (booked, attended, clients)


def _bucket(
    moment: InstrumentedAttribute[date] | InstrumentedAttribute[datetime], starts: list[date] | list[datetime]
) -> Label[int]:
    """Number the month of a moment: 1 to 12, 0 for all that is earlier. Grouped by its label, because its values are bound."""
    newest_first = [(moment >= start, literal(number, Integer)) for number, start in enumerate(starts, 1)][
        ::-1
    ]
    return case(*newest_first, else_=literal(EARLIER, Integer)).label("bucket")


def _how_many(is_so: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((is_so, 1), else_=0)), 0)


def _source(link_id: UUID | None, post_id: UUID | None) -> str:
    if link_id is not None:
        return f"link:{link_id}"
    return f"post:{post_id}" if post_id is not None else NO_SOURCE


def _names(session: Session, sources: set[str]) -> dict[str, tuple[str, str]]:
    """Name the sources as the desk knows them; one that has gone keeps its numbers under no name. Two statements."""
    posts = {f"post:{row_id}": (title, "") for row_id, title in session.execute(select(Post.id, Post.title))}
    links = {
        f"link:{link.id}": (link.name, link.post.title if link.post else "")
        for link in session.scalars(select(CampaignLink).options(joinedload(CampaignLink.post)))
    }
    known = posts | links
    return {source: known.get(source, ("", "")) for source in sorted(sources | {NO_SOURCE})}
