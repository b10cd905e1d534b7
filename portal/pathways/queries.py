"""Reading pathways and templates. A pathway is its couple's therapist's; a template is the practice's. No partner reads either."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.couples.models import Couple, Partner
from portal.couples.queries import is_treated
from portal.errors import NotFound
from portal.homework.models import Assignment, Opening, Response
from portal.homework.queries import FROZEN
from portal.homework.rules import Standing as TaskStanding
from portal.homework.rules import Step
from portal.pathways.models import Pathway, PathwayTemplate
from portal.pathways.rules import Standing
from portal.security.viewer import JobFor, Member

MOST_AT_ONCE = 50  # pathways that one round of the sweeper looks at; the rest waits for the next round


def visible_pathways(viewer: Member) -> Select[Pathway]:
    """Start a read of pathways as the couples' therapist."""
    return select(Pathway).where(is_treated(Pathway.couple_id, viewer))


def is_stuck_for(viewer: Member) -> ColumnElement[bool]:
    """Hold for pathways whose next step is due and waits for their couple's therapist."""
    is_asked = exists().where(Couple.id == Pathway.couple_id, Couple.status.not_in(FROZEN))
    return and_(
        is_treated(Pathway.couple_id, viewer),
        Pathway.standing == Standing.RUNNING,
        Pathway.stuck.is_not(None),
        is_asked,
    )


def get_pathway(session: Session, viewer: Member, pathway_id: UUID) -> Pathway:
    """Load one pathway with its steps, as its couple's therapist. One statement. Raises NotFound."""
    found = (
        session.scalars(
            visible_pathways(viewer)
            .where(Pathway.id == pathway_id)
            .options(joinedload(Pathway.steps))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise NotFound(str(pathway_id))
    return found


def lock_pathway(session: Session, viewer: Member | JobFor, pathway_id: UUID) -> Pathway:
    """Load one pathway with its steps for a change; changes of it queue here, those of the sweeper too. Two statements.

    Raises NotFound: not of a couple that the viewer treats, or not the one that the job is for.
    """
    if isinstance(viewer, Member):
        pathways = visible_pathways(viewer)
    elif viewer.subject_id == pathway_id:
        pathways = select(Pathway)
    else:
        pathways = select(Pathway).where(false())
    found = session.scalar(
        pathways.where(Pathway.id == pathway_id)
        .with_for_update(of=Pathway)
        .options(selectinload(Pathway.steps))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(pathway_id))
    return found


def lock_its_couple(session: Session, pathway: Pathway) -> Couple:
    """Load the couple of a pathway that was locked for the viewer before, with its persons, for giving something. Two statements."""
    return session.scalars(
        select(Couple)
        .where(Couple.id == pathway.couple_id)
        .with_for_update(of=Couple)
        .options(selectinload(Couple.partners).joinedload(Partner.person))
        .execution_options(populate_existing=True)
    ).one()


def pathways_of(session: Session, viewer: Member, couple_id: UUID) -> Sequence[Pathway]:
    """List a couple's pathways, those under way first, with their steps. One statement."""
    found = session.scalars(
        visible_pathways(viewer)
        .where(Pathway.couple_id == couple_id)
        .options(joinedload(Pathway.steps))
        .order_by(Pathway.ended_at.is_not(None), Pathway.created_at.desc(), Pathway.id)
    )
    return found.unique().all()


def due_pathways(session: Session, now: datetime) -> list[UUID]:
    """List the pathways of which a step is due, for the sweeper: ids only. One statement.

    Left out: couples that are paused, closed or left by somebody.
    """
    has_left = exists().where(Partner.couple_id == Pathway.couple_id, Partner.left_at.is_not(None))
    rests = exists().where(Couple.id == Pathway.couple_id, Couple.status.in_(FROZEN))
    found = session.scalars(
        select(Pathway.id)
        .where(Pathway.standing == Standing.RUNNING, ~has_left, ~rests)
        .where(or_(Pathway.next_due_at <= now, and_(Pathway.next_due_at.is_(None), _is_finished())))
        .order_by(Pathway.next_due_at, Pathway.id)
        .limit(MOST_AT_ONCE)
    )
    return list(found)


def is_awaited_finished(session: Session, pathway_id: UUID) -> bool:
    """Tell whether the task that a pathway waits for is finished. One statement."""
    return session.scalar(select(Pathway.id).where(Pathway.id == pathway_id, _is_finished())) is not None


def _is_finished() -> ColumnElement[bool]:
    """Hold where the awaited task was closed by the therapist, has opened to both, or was finished by its one person.

    Never by what one of two has done: the next task would tell the other of it (security.md 2.3).
    """
    is_awaited = Assignment.id == Pathway.awaited_id
    is_closed = exists().where(is_awaited, Assignment.standing == TaskStanding.CLOSED)
    has_opened = exists().where(
        Opening.assignment_id == Pathway.awaited_id,
        Opening.stage == Pathway.awaited_stage,
        is_awaited,
        Assignment.standing == TaskStanding.OPEN,
    )
    is_done = exists().where(
        is_awaited,
        Assignment.for_person_id.is_not(None),
        Assignment.standing == TaskStanding.OPEN,
        Response.assignment_id == Assignment.id,
        Response.stage == 1,
        Response.step.in_((Step.SUBMITTED, Step.SHARED)),
    )
    return or_(is_closed, has_opened, is_done)


def list_templates(session: Session, viewer: Member) -> Sequence[PathwayTemplate]:
    """List the practice's own templates with their steps, the newest first. Two statements, one if there are none."""
    return session.scalars(
        _templates(viewer).order_by(PathwayTemplate.created_at.desc(), PathwayTemplate.id)
    ).all()


def get_template(session: Session, viewer: Member, template_id: UUID) -> PathwayTemplate:
    """Load one template with its steps. Two statements. Raises NotFound."""
    found = session.scalar(
        _templates(viewer).where(PathwayTemplate.id == template_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(template_id))
    return found


def _templates(viewer: Member) -> Select[PathwayTemplate]:
    is_for = viewer.is_therapist and not viewer.is_limited
    return (
        select(PathwayTemplate)
        .where(PathwayTemplate.retired_at.is_(None) if is_for else false())
        .options(selectinload(PathwayTemplate.steps))
    )
