"""What a summary looks like to its readers: the allow-listed view, made in one place for the page and for the paper."""

from datetime import datetime
from uuid import UUID

from flask import url_for
from flask_babel import force_locale, format_date
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from portal.assessments.definition import readiness_test
from portal.assessments.drawing import map_of
from portal.couples.queries import is_treated
from portal.documents.models import Document
from portal.documents.registry import Composed, RenderTemplate, Source
from portal.documents.rules import DocumentRefused, Refusal
from portal.errors import NotFound
from portal.meetings.chosen import is_still_allowed
from portal.meetings.models import Meeting, Place, Presence, Summary, SummaryState
from portal.meetings.queries import is_reader, with_meeting
from portal.meetings.rules import ChosenMap, SummaryContent, Whom, content_from_json
from portal.meetings.summaries import readers_of
from portal.meetings.summary_view import (
    AgreementLine,
    Quoted,
    Remembered,
    ShownMap,
    SummaryView,
    Voice,
    content_hash,
    summary_html,
)
from portal.people.models import Person
from portal.practice.models import Practice, Therapist
from portal.security.crypto import Owner, OwnerKind
from portal.security.viewer import Member
from portal.web.filters import clock, date_words, zone_label
from portal.zones import parse_zone, to_local


def names_of(meeting: Meeting) -> dict[str, str]:
    """Give the first names by side ("a", "b"), of both or of the one person who was seen alone."""
    partners = sorted(meeting.couple.partners, key=lambda one: one.side)
    return {
        partner.side.value: partner.person.first_name
        for partner in partners
        if meeting.with_person_id in {None, partner.person_id}
    }


def joined_names(names: dict[str, str]) -> str:
    """Say one or two names in a row."""
    if len(names) == 1:
        return next(iter(names.values()))
    return str(_("%(first)s and %(second)s", first=names["a"], second=names["b"]))


def build_view(session: Session, summary: Summary) -> SummaryView:
    """Make all that a reader may see of a summary, in the practice's language; nothing else can reach its templates.

    Needs the summary's meeting, couple, persons and attendances loaded. Two statements, and one for keys.
    """
    practice, therapist_line = _letterhead(session, summary.meeting.therapist_id)
    with force_locale(practice.language.replace("-", "_")):
        return _view(practice, therapist_line, summary, content_from_json(summary.content))


def hash_of(session: Session, summary: Summary) -> str:
    """Name a summary by everything that its readers see of it."""
    return content_hash(build_view(session, summary))


def _letterhead(session: Session, therapist_id: UUID) -> tuple[Practice, str]:
    found = session.execute(
        select(Practice, Therapist, Person)
        .select_from(Practice)
        .outerjoin(Therapist, Therapist.person_id == therapist_id)
        .outerjoin(Person, Person.id == therapist_id)
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound("practice")
    practice, therapist, person = found
    if therapist is not None:
        return practice, f"{therapist.display_name}, {therapist.title_line}"
    return practice, person.full_name


def _view(practice: Practice, therapist_line: str, summary: Summary, content: SummaryContent) -> SummaryView:
    meeting = summary.meeting
    names = names_of(meeting)
    is_joint = meeting.with_person_id is None
    remembered = {"a": content.remember_a, "b": content.remember_b}
    return SummaryView(
        practice_name=practice.name,
        therapist_line=therapist_line,
        language=practice.language,
        paper=practice.paper.value,
        names=joined_names(names),
        session_number=meeting.number,
        session_line=_session_line(meeting, names),
        focus=content.focus,
        going_well=content.going_well,
        working_on=content.working_on,
        remembered=tuple(
            Remembered("a" if side == "a" else "b", name, remembered[side])
            for side, name in names.items()
            if remembered[side]
        ),
        agreements=tuple(
            AgreementLine(one.what, _who(one.who, names), date_words(one.by_on) if one.by_on else "")
            for one in content.agreements
        ),
        next_time=content.next_time,
        next_meeting=_moment(content.next_meeting_at, meeting.zone) if content.next_meeting_at else "",
        contact_line=practice.contact_line,
        help_notice=practice.help_notice,
        version=summary.version,
        is_superseded=summary.state is SummaryState.SUPERSEDED,
        audience_line=_("Prepared for both of you. Not a medical report.")
        if is_joint
        else _("Prepared for you. Not a medical report."),
        voices=_voices(content, names),
        together=_quotes(content, Whom.BOTH),
        shown_map=_shown_map(content.chosen_map, names, meeting.zone) if content.chosen_map else None,
    )


def _voices(content: SummaryContent, names: dict[str, str]) -> tuple[Voice, ...]:
    spoken = (
        Voice("a" if side == "a" else "b", name, _quotes(content, Whom(side))) for side, name in names.items()
    )
    return tuple(voice for voice in spoken if voice.quotes)


def _quotes(content: SummaryContent, side: Whom) -> tuple[Quoted, ...]:
    return tuple(Quoted(one.question, one.words) for one in content.chosen if one.side is side)


def _shown_map(shown: ChosenMap, names: dict[str, str], zone: str) -> ShownMap:
    test = readiness_test()
    day = date_words(to_local(shown.opened_at, parse_zone(zone)).date())
    return ShownMap(
        drawn=map_of(test, shown.page, names),
        day_line=str(_("%(title)s, opened to both on %(day)s.", title=test.title, day=day)),
        limits=test.limits,
    )


def _who(who: Whom, names: dict[str, str]) -> str:
    return str(_("Both")) if who is Whom.BOTH else names.get(who.value, "")


def _session_line(meeting: Meeting, names: dict[str, str]) -> str:
    day = format_date(to_local(meeting.starts_at, parse_zone(meeting.zone)).date(), "EEEE d MMMM y")
    begins, ends = clock(meeting.starts_at, meeting.zone), clock(meeting.ends_at, meeting.zone)
    zone = zone_label(meeting.starts_at, meeting.zone)
    place = _("online") if meeting.place is Place.ONLINE else _("in the room")
    line = _(
        "%(day)s, %(begins)s to %(ends)s (%(zone)s), %(place)s",
        day=day,
        begins=begins,
        ends=ends,
        zone=zone,
        place=place,
    )
    who = _who_came(meeting, names)
    return f"{line}, {who}" if who else str(line)


def _who_came(meeting: Meeting, names: dict[str, str]) -> str:
    """Say who was there, without who was late."""
    sides = {partner.person_id: partner.side.value for partner in meeting.couple.partners}
    there = [sides[one.person_id] for one in meeting.attendances if one.presence is not Presence.ABSENT]
    if len(names) < 2 or not there:  # noqa: PLR2004 - alone or both
        return ""
    return str(_("both came") if len(there) > 1 else _("%(name)s came", name=names[there[0]]))


def _moment(at: datetime, zone: str) -> str:
    day = format_date(to_local(at, parse_zone(zone)).date(), "EEEE d MMMM y")
    return str(_("%(day)s, %(time)s (%(zone)s)", day=day, time=clock(at, zone), zone=zone_label(at, zone)))


def _visible_documents(viewer: Member) -> ColumnElement[bool]:
    """Hold for documents of exactly the revision that this member may read; one reader's document for nobody else."""
    of_this_revision = and_(Summary.id == Document.subject_id, Summary.revision == Document.revision)
    is_theirs = and_(
        is_reader(viewer), or_(Document.reader_id.is_(None), Document.reader_id == viewer.person_id)
    )
    return exists().where(of_this_revision, or_(is_treated(Summary.couple_id, viewer), is_theirs))


def _released(session: Session, document: Document) -> Summary:
    """Load what a document is of. Raises DocumentRefused where that is no longer what was asked for (PDF-05)."""
    summaries = with_meeting(select(Summary)).where(
        Summary.id == document.subject_id,
        Summary.revision == document.revision,
        Summary.couple_id == document.couple_id,
        Summary.state == SummaryState.RELEASED,
    )
    summary = session.scalars(summaries).unique().one_or_none()
    if summary is None or summary.meeting.with_person_id != document.reader_id:
        raise DocumentRefused(Refusal.CHANGED)
    if not readers_of(summary.meeting):
        raise DocumentRefused(Refusal.NO_READER)
    if not is_still_allowed(session, summary.meeting, content_from_json(summary.content)):
        raise DocumentRefused(Refusal.CHANGED)
    return summary


def _check(session: Session, document: Document) -> None:
    _released(session, document)


def _compose(session: Session, document: Document, render_template: RenderTemplate) -> Composed:
    view = build_view(session, _released(session, document))
    with force_locale(view.language.replace("-", "_")):
        return Composed(summary_html(view, render_template), view.language)


def _owner(document: Document) -> Owner:
    if document.reader_id is not None:
        return Owner(OwnerKind.PERSON, document.reader_id)
    return Owner(OwnerKind.COUPLE, document.couple_id)


def _web_address(document: Document) -> str:
    return url_for("meetings.read_summary", summary_id=document.subject_id)


SUMMARY_SOURCE = Source(
    visible_to=_visible_documents, check=_check, compose=_compose, owner=_owner, web_address=_web_address
)
