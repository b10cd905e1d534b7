"""One entry of the calendar: what it is, another time for it, and the therapist's own time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.diary.agenda import free_stretches, parse_date, starts_in
from portal.diary.days import whole_day
from portal.diary.entries import (
    DiaryEntry,
    entries_of,
    find_address,
    get_entry,
    in_the_way,
    surroundings_of,
)
from portal.diary.entry_forms import (
    MoveForm,
    OwnTimeForm,
    SeenForm,
    is_whole_day,
    read_clock,
    start_values,
    values_of,
)
from portal.diary.models import OccupiedKind
from portal.diary.own_time import (
    ChangedMeanwhile,
    add_own_time,
    change_own_time,
    move_entry,
    remove_own_time,
)
from portal.diary.rules import Interval, SlotTaken
from portal.diary.views.area import blueprint
from portal.errors import Conflict
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import ZoneError, both_instants, parse_zone, to_local

CONFLICT, WRONG = 409, 422
AN_HOUR = timedelta(hours=1)
NEARBY = (-1, 1, 7)  # days to look at next
USUAL = (time(8), time(20))  # where free time is looked for, beside the hours: our choice


@dataclass(frozen=True, slots=True)
class Stretch:
    """Free time of a day, and where in it something could begin."""

    lasts: Interval
    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class NewTime:
    """A time that could be taken instead, and what speaks against it without forbidding it."""

    starts_at: datetime
    ends_at: datetime
    is_away: bool
    is_busy: bool


@blueprint.get("/diary/entries/<uuid:occupied_id>")
@requires(Permission.DIARY_ENTRY_MOVE)
def entry(occupied_id: UUID) -> ResponseReturnValue:
    """Lead to what an entry is; what nobody keeps a page for is told here."""
    viewer, session = current_member(), current_session()
    address = find_address(session, viewer, occupied_id)
    if address is not None:
        return redirect_to(address)
    now = utc_now()
    found = get_entry(session, viewer, occupied_id, now)
    if found.is_own:
        return redirect_to(url_for("diary.own_time", occupied_id=occupied_id))
    return render("diary/entry.html", entry=found, zone=_zone().key, now=now)


@blueprint.route("/diary/entries/<uuid:occupied_id>/move", methods=["GET", "POST"])
@requires(Permission.DIARY_ENTRY_MOVE, keeps_typed=True)
def move(occupied_id: UUID) -> ResponseReturnValue:
    """Give an entry another beginning; the address may propose one, which is shown and not taken."""
    found, zone = get_entry(current_session(), current_member(), occupied_id, utc_now()), _zone()
    if not found.is_movable:
        return redirect_to(url_for("diary.entry", occupied_id=occupied_id))
    if found.is_own and is_whole_day(found.interval, zone):
        return redirect_to(url_for("diary.own_time", occupied_id=occupied_id))
    if request.method == "GET":
        return _move_page(found, zone, _proposed(found, zone), proposed=_proposed_start(found, zone))
    form = MoveForm()
    starts_at = form.to_start(zone.key) if form.validate() else None
    if starts_at is None:
        return _move_page(found, zone, form, WRONG)
    return _move(found, zone, form, starts_at)


@blueprint.route("/diary/own-time/new", methods=["GET", "POST"])
@requires(Permission.DIARY_ENTRY_MOVE, keeps_typed=True)
def add_time() -> ResponseReturnValue:
    """Put time of one's own into the diary; the address may propose a day and a time."""
    zone = _zone()
    form = OwnTimeForm(data=None if request.method == "POST" else _new_values(zone))
    if request.method == "GET":
        return _own_time_page(form, zone)
    wanted = form.to_interval(zone) if form.validate() else None
    if wanted is None:
        return _own_time_page(form, zone, status=WRONG)
    viewer = current_member()
    try:
        with transaction() as session:
            add_own_time(session, viewer, OccupiedKind(form.kind.data), wanted, now=utc_now())
    except SlotTaken:
        return _own_time_page(form, zone, status=CONFLICT, blocking=_blocking(wanted))
    return redirect_to(_calendar_at(wanted.start, zone))


@blueprint.route("/diary/own-time/<uuid:occupied_id>", methods=["GET", "POST"])
@requires(Permission.DIARY_ENTRY_MOVE, keeps_typed=True)
def own_time(occupied_id: UUID) -> ResponseReturnValue:
    """Change time of one's own."""
    found, zone = _own(occupied_id), _zone()
    form = OwnTimeForm(data=None if request.method == "POST" else values_of(found, zone))
    if request.method == "GET":
        return _own_time_page(form, zone, found=found)
    wanted = form.to_interval(zone) if form.validate() else None
    if wanted is None:
        return _own_time_page(form, zone, found=found, status=WRONG)
    viewer, kind = current_member(), OccupiedKind(form.kind.data)
    try:
        with transaction() as session:
            change_own_time(
                session, viewer, occupied_id, kind, wanted, seen=form.seen_revision, now=utc_now()
            )
    except SlotTaken:
        blocking = _blocking(wanted, occupied_id)
        return _own_time_page(form, zone, found=_own(occupied_id), status=CONFLICT, blocking=blocking)
    except ChangedMeanwhile:
        return _changed_page(form, zone, occupied_id)
    return redirect_to(_calendar_at(wanted.start, zone))


@blueprint.post("/diary/own-time/<uuid:occupied_id>/remove")
@requires(Permission.DIARY_ENTRY_MOVE)
def remove_time(occupied_id: UUID) -> ResponseReturnValue:
    """Give time of one's own free again."""
    viewer, zone, form = current_member(), _zone(), SeenForm()
    try:
        with transaction() as session:
            removed = remove_own_time(session, viewer, occupied_id, seen=form.seen_revision, now=utc_now())
    except ChangedMeanwhile:
        found = _own(occupied_id)
        return _changed_page(OwnTimeForm(formdata=None, data=values_of(found, zone)), zone, occupied_id)
    return redirect_to(_calendar_at(removed.start, zone))


def _move(found: DiaryEntry, zone: ZoneInfo, form: MoveForm, starts_at: datetime) -> Response:
    viewer, occupied_id = current_member(), found.id
    try:
        with transaction() as session:
            move_entry(session, viewer, occupied_id, starts_at, seen=form.seen_revision, now=utc_now())
    except SlotTaken:
        found = get_entry(current_session(), viewer, occupied_id, utc_now())
        blocking = _blocking(_with_room(found, starts_at), occupied_id)
        return _move_page(found, zone, form, CONFLICT, blocking=blocking)
    except Conflict:
        found = get_entry(current_session(), viewer, occupied_id, utc_now())
        form.seen.data = str(found.row.revision)
        return _move_page(found, zone, form, CONFLICT, was_changed=True)
    return redirect_to(_calendar_at(starts_at, zone))


def _move_page(
    found: DiaryEntry,
    zone: ZoneInfo,
    form: MoveForm,
    status: int = 200,
    *,
    proposed: datetime | None = None,
    blocking: Sequence[DiaryEntry] = (),
    was_changed: bool = False,
) -> Response:
    day = form.on.data if form.on.data and not form.on.errors else to_local(found.starts_at, zone).date()
    return render(
        "diary/move.html",
        status=status,
        entry=found,
        form=form,
        day=day,
        stretches=_stretches(found, day, zone),
        new_time=_new_time(found, proposed) if proposed else None,
        blocking=blocking,
        was_changed=was_changed,
        nearby=[day + timedelta(days=number) for number in NEARBY],
        proposal=proposal,
        is_over=found.starts_at <= utc_now(),
        zone=zone.key,
    )


def _own_time_page(
    form: OwnTimeForm,
    zone: ZoneInfo,
    *,
    found: DiaryEntry | None = None,
    status: int = 200,
    blocking: Sequence[DiaryEntry] = (),
    was_changed: bool = False,
) -> Response:
    return render(
        "diary/own_time.html",
        status=status,
        form=form,
        entry=found,
        blocking=blocking,
        was_changed=was_changed,
        zone=zone.key,
        now=utc_now(),
    )


def _changed_page(form: OwnTimeForm, zone: ZoneInfo, occupied_id: UUID) -> Response:
    """Say that the entry was changed elsewhere; what was typed stays, to be sent once more."""
    found = _own(occupied_id)
    form.seen.data = str(found.row.revision)
    return _own_time_page(form, zone, found=found, status=CONFLICT, was_changed=True)


def _proposed(found: DiaryEntry, zone: ZoneInfo) -> MoveForm:
    start = _proposed_start(found, zone)
    values = start_values(start or found.starts_at, zone)
    if start is None:
        values |= {"on": parse_date(request.args.get("on", ""), values["on"])}
    return MoveForm(formdata=None, data={**values, "seen": str(found.row.revision)})


def _proposed_start(found: DiaryEntry, zone: ZoneInfo) -> datetime | None:
    """Read the beginning that the address proposes: None for none, for one that never is, and for the present one."""
    day = parse_date(request.args.get("on", ""), date.min)
    at = read_clock(request.args.get("at", ""))
    if day == date.min or at is None:
        return None
    try:
        instants = both_instants(datetime.combine(day, at), zone)
    except ZoneError:
        return None
    which = 1 if request.args.get("which") == "1" else 0
    start = instants[min(which, len(instants) - 1)] if instants else None
    return None if start == found.starts_at else start


def _new_time(found: DiaryEntry, start: datetime) -> NewTime:
    wanted = Interval(start, start + found.length)
    day = to_local(start, _zone()).date()
    around = surroundings_of(current_session(), current_member(), wanted, [day])
    return NewTime(*wanted, is_away=bool(around.away), is_busy=bool(around.busy))


def _stretches(found: DiaryEntry, day: date, zone: ZoneInfo) -> list[Stretch]:
    """Find the free stretches of a day that are long enough: what is busy elsewhere or time off is not offered."""
    viewer, session, now = current_member(), current_session(), utc_now()
    lasts = whole_day(day, zone)
    around = surroundings_of(session, viewer, lasts, [day])
    taken = [
        Interval(one.row.starts_at, one.row.ends_at)
        for one in entries_of(session, viewer, lasts, now)
        if one.id != found.id
    ]
    opened = [datetime.combine(day, clock, zone) for clock in USUAL]
    shown = [Interval(*opened), *around.opened]
    within = Interval(
        max(lasts.start, now, min(start for start, _end in shown)),
        min(lasts.end, max(end for _start, end in shown)),
    )
    room = found.row.ends_at - found.row.starts_at
    before = timedelta(minutes=found.row.buffer_before_minutes)
    stretches = []
    for free in free_stretches(within, [*taken, *around.away, *around.busy], room=room):
        inner = Interval(free.start + before, free.end - timedelta(minutes=found.row.buffer_after_minutes))
        starts = [start for start in starts_in(inner, found.length, zone) if start != found.starts_at]
        if starts:
            stretches.append(Stretch(inner, tuple(starts)))
    return stretches


def _with_room(found: DiaryEntry, starts_at: datetime) -> Interval:
    since = starts_at - timedelta(minutes=found.row.buffer_before_minutes)
    return Interval(since, since + (found.row.ends_at - found.row.starts_at))


def _blocking(wanted: Interval, ignoring: UUID | None = None) -> list[DiaryEntry]:
    return in_the_way(current_session(), current_member(), wanted, utc_now(), ignoring=ignoring)


def proposal(start: datetime, zone_id: str) -> dict[str, str]:
    """Give the words of an address that proposes a time."""
    local = to_local(start, parse_zone(zone_id))
    words = {"on": local.date().isoformat(), "at": f"{local:%H:%M}"}
    return words | {"which": "1"} if local.fold else words


def _own(occupied_id: UUID) -> DiaryEntry:
    """Load time of one's own. Raises NotFound for anything else."""
    found = get_entry(current_session(), current_member(), occupied_id, utc_now())
    return found.only_own()


def _new_values(zone: ZoneInfo) -> dict[str, object]:
    """Propose the day and time that the address names, else the next full hour."""
    local = to_local(utc_now(), zone)
    at = read_clock(request.args.get("at", "")) or time((local.hour + 1) % 24)
    day = parse_date(request.args.get("on", ""), local.date())
    ends = (datetime.combine(day, at) + AN_HOUR).time()
    return {"on": day, "starts": at, "ends": ends if ends > at else time()}


def _calendar_at(instant: datetime, zone: ZoneInfo) -> str:
    return url_for("diary.calendar", view="week", on=to_local(instant, zone).date().isoformat())


def _zone() -> ZoneInfo:
    return parse_zone(get_self(current_session(), current_member()).zone)
