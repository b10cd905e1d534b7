"""Reading campaign links. They are the practice's own: every therapist and the owner sees all of them."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portal.errors import NotFound
from portal.security.viewer import Member, Viewer
from portal.sources.models import CampaignLink

MOST_LISTED = 200


def visible_to(viewer: Viewer) -> Select[CampaignLink]:
    """Start a read of links from what the viewer may see. Raises NotFound for everybody but therapists and the owner."""
    if isinstance(viewer, Member) and (viewer.is_therapist or viewer.is_owner):
        return select(CampaignLink).options(joinedload(CampaignLink.post))
    raise NotFound("link")


def list_links(session: Session, viewer: Viewer) -> list[CampaignLink]:
    """List links with their posts, those in use first, then the newest first. One statement, at most two hundred."""
    order = CampaignLink.retired_at.is_not(None), CampaignLink.created_at.desc(), CampaignLink.id
    return list(session.scalars(visible_to(viewer).order_by(*order).limit(MOST_LISTED)))


def get_link(session: Session, viewer: Viewer, link_id: UUID) -> CampaignLink:
    """Load one link with its post. One statement. Raises NotFound."""
    link = session.scalar(visible_to(viewer).where(CampaignLink.id == link_id))
    if link is None:
        raise NotFound(str(link_id))
    return link


def find_link(session: Session, code: str) -> CampaignLink | None:
    """Find the link of a code, for whoever followed it. One statement; the code is all that is needed."""
    return session.scalar(
        select(CampaignLink).options(joinedload(CampaignLink.post)).where(CampaignLink.code == code)
    )
