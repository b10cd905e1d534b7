"""Reading words, results and rhythms. A partner's reads name own things only; a therapist's start from own couples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.couples.models import Couple, Partner
from portal.couples.queries import is_treated
from portal.errors import NotFound
from portal.homework.models import Assignment, Response
from portal.measures.definition import keys
from portal.measures.imports import Wording, content_from_json
from portal.measures.models import MeasureFigures, MeasureSchedule, MeasureScore, MeasureWording
from portal.measures.sitting import result_from_json
from portal.psychometrics.instrument import Instrument, Precisions
from portal.psychometrics.results import Result
from portal.psychometrics.scoring import Parameter, Provenance
from portal.security.viewer import Member

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Sat:
    """One finished sitting of one person."""

    score: MeasureScore
    result: Result


def get_key(key_id: str) -> Instrument:
    """Give a scoring key. Raises NotFound."""
    found = keys().get(key_id)
    if found is None:
        raise NotFound(key_id)
    return found


def current_wordings(session: Session) -> dict[str, MeasureWording]:
    """Load the words that can be given at present, by key: the newest version of each, unless it is retired. One statement."""
    newest = select(MeasureWording.key_id, func.max(MeasureWording.version)).group_by(MeasureWording.key_id)
    found = session.scalars(
        select(MeasureWording)
        .join(
            sub := newest.subquery(),
            (MeasureWording.key_id == sub.c[0]) & (MeasureWording.version == sub.c[1]),
        )
        .where(MeasureWording.retired_at.is_(None))
        .order_by(MeasureWording.key_id)
    )
    return {one.key_id: one for one in found}


def wordings_of(session: Session, key_id: str) -> Sequence[MeasureWording]:
    """List all versions of the words of one questionnaire, the newest first, with who brought them. One statement."""
    return session.scalars(
        select(MeasureWording)
        .where(MeasureWording.key_id == key_id)
        .options(joinedload(MeasureWording.imported_by))
        .order_by(MeasureWording.version.desc())
    ).all()


def get_wording(session: Session, key_id: str, version: str) -> Wording:
    """Give the words of the version that a sitting was given. One statement. Raises NotFound."""
    content = session.scalar(
        select(MeasureWording.content).where(
            MeasureWording.key_id == key_id, MeasureWording.version == _version(version)
        )
    )
    if content is None:
        raise NotFound(key_id)
    return content_from_json(content)


def _version(text: str) -> int:
    return int(text) if text.isdigit() else 0


def own_figures(session: Session) -> dict[str, MeasureFigures]:
    """Load the practice's own figures that hold at present, by key. One statement."""
    found = session.scalars(
        select(MeasureFigures).order_by(MeasureFigures.created_at, MeasureFigures.id)
    ).all()
    newest = {one.key_id: one for one in found}
    return {key_id: one for key_id, one in newest.items() if one.deviation is not None}


def with_figures(key: Instrument, figures: Mapping[str, MeasureFigures]) -> Instrument:
    """Let the practice's own figures decide about change, in the place of published ones. Pure."""
    own = figures.get(key.id)
    if own is None or own.deviation is None or own.reliability is None or key.threshold is not None:
        return key
    one = Precisions(
        LOCAL,
        Parameter("deviation", own.deviation, Provenance.LOCAL, own.citation),
        Parameter("reliability", own.reliability, Provenance.LOCAL, own.citation),
    )
    return replace(key, precisions=(one,), params_version=f"{LOCAL}-{own.created_at:%Y%m%d}")


def _scores() -> Select[MeasureScore]:
    """What its author later said somebody else had answered is no result of this person."""
    return (
        select(MeasureScore)
        .join(Response, Response.id == MeasureScore.response_id)
        .where(Response.disowned_at.is_(None))
    )


def own_scores(session: Session, viewer: Member, key_id: str) -> list[Sat]:
    """Load one's own results of one questionnaire, the oldest first. One statement, one more for the key."""
    found = session.scalars(
        _scores()
        .where(MeasureScore.person_id == viewer.person_id, MeasureScore.key_id == key_id)
        .order_by(MeasureScore.scored_at, MeasureScore.id)
    ).all()
    return [Sat(one, result_from_json(one.content)) for one in found]


def scores_of_couple(session: Session, viewer: Member, couple_id: UUID) -> list[Sat]:
    """Load every result of both persons for their therapist, the oldest first. One statement, one more for the keys."""
    found = session.scalars(
        _scores()
        .where(is_treated(MeasureScore.couple_id, viewer), MeasureScore.couple_id == couple_id)
        .order_by(MeasureScore.scored_at, MeasureScore.id)
    ).all()
    return [Sat(one, result_from_json(one.content)) for one in found if one.key_id in keys()]


def _is_watched() -> ColumnElement[bool]:
    watched = [key.id for key in keys().values() if key.watched]
    return and_(MeasureScore.key_id.in_(watched), Response.disowned_at.is_(None))


def unread_watched() -> Select[UUID, UUID]:
    """Select id and couple of all results with an item that is watched and that nobody has read. For jobs and totals."""
    return (
        select(MeasureScore.id, MeasureScore.couple_id)
        .join(Response, Response.id == MeasureScore.response_id)
        .where(_is_watched(), MeasureScore.acknowledged_at.is_(None))
    )


def is_watched_by(viewer: Member) -> ColumnElement[bool]:
    """Hold for results of one's clients with an item that is watched, not settled yet; the answer itself is not known here.

    For reads that join the part of the sitting.
    """
    return and_(
        is_treated(MeasureScore.couple_id, viewer),
        _is_watched(),
        or_(MeasureScore.acknowledged_at.is_(None), MeasureScore.contacted_at.is_(None)),
    )


def has_watched_answer(score: MeasureScore) -> bool:
    """Tell whether somebody must look at once; nothing else of the result leaves this function."""
    return result_from_json(score.content).has_watched_answer


def read_for_desk(
    session: Session, viewer: Member, assignment: Assignment
) -> tuple[Wording, dict[UUID, Sat]]:
    """Load the words of one questionnaire that was given, and its results by part, as the therapist.

    One statement, one more for keys that are new. Raises NotFound: there are no such words.
    """
    parts = select(Response.id).where(Response.assignment_id == assignment.id, Response.disowned_at.is_(None))
    is_read = and_(is_treated(MeasureScore.couple_id, viewer), MeasureScore.response_id.in_(parts))
    rows = session.execute(
        select(MeasureWording.content, MeasureScore)
        .outerjoin(MeasureScore, is_read)
        .where(
            MeasureWording.key_id == assignment.task_id,
            MeasureWording.version == _version(assignment.task_version),
        )
    ).all()
    if not rows:
        raise NotFound(str(assignment.id))
    scores: dict[UUID, Sat] = {
        score.response_id: Sat(score, result_from_json(score.content))
        for _content, score in rows
        if score is not None
    }
    return content_from_json(rows[0][0]), scores


def lock_score(session: Session, viewer: Member, score_id: UUID) -> MeasureScore:
    """Load one result of a client, to settle it. One statement. Raises NotFound."""
    found = session.scalar(
        select(MeasureScore)
        .where(is_treated(MeasureScore.couple_id, viewer), MeasureScore.id == score_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(score_id))
    return found


def schedules_of(session: Session, viewer: Member, couple_id: UUID) -> Sequence[MeasureSchedule]:
    """List a couple's rhythms with their due days, for its therapist, the newest first. Two statements."""
    return session.scalars(
        select(MeasureSchedule)
        .where(is_treated(MeasureSchedule.couple_id, viewer), MeasureSchedule.couple_id == couple_id)
        .options(selectinload(MeasureSchedule.occasions))
        .order_by(MeasureSchedule.created_at.desc(), MeasureSchedule.id)
    ).all()


def lock_schedule(session: Session, viewer: Member, schedule_id: UUID) -> MeasureSchedule:
    """Load one rhythm of a client couple, to change it. One statement. Raises NotFound."""
    found = session.scalar(
        select(MeasureSchedule)
        .where(is_treated(MeasureSchedule.couple_id, viewer), MeasureSchedule.id == schedule_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(schedule_id))
    return found


def lock_couple_of(session: Session, schedule: MeasureSchedule) -> Couple:
    """Lock the couple of a rhythm that is due, with its persons: for the sweeper alone, which shows it to nobody. Two statements."""
    session.scalar(select(Couple.id).where(Couple.id == schedule.couple_id).with_for_update())
    return (
        session.scalars(
            select(Couple)
            .where(Couple.id == schedule.couple_id)
            .options(joinedload(Couple.partners).joinedload(Partner.person))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )
