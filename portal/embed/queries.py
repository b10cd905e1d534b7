"""Reading the list of sites that may show the booking."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.practice.models import EmbedOrigin
from portal.security.viewer import Member, Viewer


def listed_origins(session: Session) -> list[str]:
    """List the origins as browsers name them; every frame's headers say them, so everybody may know them. One statement."""
    return list(session.scalars(select(EmbedOrigin.origin).order_by(EmbedOrigin.origin)))


def list_sites(session: Session, viewer: Viewer) -> list[EmbedOrigin]:
    """List the sites for those who may change them. One statement. Raises NotFound for everybody else."""
    _expect_host(viewer)
    return list(session.scalars(select(EmbedOrigin).order_by(EmbedOrigin.origin)))


def get_site(session: Session, viewer: Viewer, origin_id: UUID) -> EmbedOrigin:
    """Load one site of the list. One statement. Raises NotFound."""
    _expect_host(viewer)
    site = session.get(EmbedOrigin, origin_id)
    if site is None:
        raise NotFound(str(origin_id))
    return site


def _expect_host(viewer: Viewer) -> None:
    if not isinstance(viewer, Member) or not (viewer.is_therapist or viewer.is_owner):
        raise NotFound("site")
