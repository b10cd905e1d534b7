"""Keeping how somebody came here, once they book, join the waitlist or write; making and retiring campaign links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.blog.models import Post
from portal.marks import Mark
from portal.security.viewer import Member
from portal.sources.models import CampaignLink, Touch


def keep_touch(session: Session, mark: Mark) -> Touch:
    """Keep first and last touch of somebody who now has a name here; the row itself names nobody.

    A post or link that has gone since is left out. Two statements and the insert.
    """
    posts = _known(session, Post, mark.first_post_id, mark.last_post_id)
    links = _known(session, CampaignLink, mark.first_link_id, mark.last_link_id)
    touch = Touch(
        first_at=mark.first_at,
        first_post_id=posts.get(mark.first_post_id),
        first_link_id=links.get(mark.first_link_id),
        last_at=mark.last_at,
        last_post_id=posts.get(mark.last_post_id),
        last_link_id=links.get(mark.last_link_id),
    )
    session.add(touch)
    session.flush()
    return touch


def _known(
    session: Session, table: type[Post] | type[CampaignLink], *ids: UUID | None
) -> dict[UUID | None, UUID]:
    asked = {row_id for row_id in ids if row_id is not None}
    return (
        {found: found for found in session.scalars(select(table.id).where(table.id.in_(asked)))}
        if asked
        else {}
    )


def make_link(
    session: Session, viewer: Member, *, name: str, code: str, post_id: UUID | None
) -> CampaignLink:
    """Make a short link to a post, or without one to the booking page.

    Raises (at the commit) ConstraintViolated: the code is taken, also by a link that was retired.
    """
    link = CampaignLink(code=code, name=name, post_id=post_id)
    session.add(link)
    session.flush()
    record_of(session, viewer, Action.LINK_MADE, link)
    return link


def retire_link(session: Session, viewer: Member, link: CampaignLink, now: datetime) -> None:
    """Count no further visits by a link; it leads where it led, because it may stand on paper. Repeating changes nothing."""
    if link.retired_at is None:
        link.retired_at = now
        session.flush()
        record_of(session, viewer, Action.LINK_RETIRED, link)
