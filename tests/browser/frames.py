"""What stands in other sites, and where couples come from, for the gallery: a listed site, a short link, a booking's end."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.booking.models import Consultation
from portal.embed.service import add_site
from portal.security.tokens import Signer
from portal.security.viewer import Member, TokenPurpose
from portal.sources.service import make_link

SITE = "www.example.org"
HOME = f"/embed/{SITE}"


def hang_frames(session: Session, jane: Member, signer: Signer) -> dict[str, str]:
    """Give the paths of what was hung, by name."""
    add_site(session, jane, f"https://{SITE}")
    link = make_link(session, jane, name="Spring newsletter", code="spring", post_id=None)
    booked = session.scalars(select(Consultation.id).order_by(Consultation.starts_at.desc()).limit(1)).one()
    token = signer.sign_id(TokenPurpose.CONSULTATION, booked)
    return {"own link": f"/practice/links/{link.id}", "booked in a frame": f"{HOME}/booked/{token}"}
