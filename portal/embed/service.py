"""Changing the list of sites that may show the booking."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.practice.models import EmbedOrigin
from portal.security.viewer import Member


def add_site(session: Session, viewer: Member, origin: str) -> EmbedOrigin:
    """Let a site show the booking in a frame. Raises (at the commit) ConstraintViolated: it is on the list already."""
    site = EmbedOrigin(origin=origin)
    session.add(site)
    session.flush()
    record_of(session, viewer, Action.FORM_CHANGED, site)
    return site


def remove_site(session: Session, viewer: Member, site: EmbedOrigin) -> None:
    """Take a site off the list; its frames are empty from now on, and forms that are open in them count no longer."""
    record_of(session, viewer, Action.FORM_CHANGED, site)
    session.execute(delete(EmbedOrigin).where(EmbedOrigin.id == site.id))
