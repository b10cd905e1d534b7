"""The public face and the articles' desk for the gallery: a cover, a draft, a letter."""

from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.blog.models import Post
from portal.blog.rules import PostWords, tags_from
from portal.blog.service import begin_post, shelve_picture
from portal.booking.models import Enquiry
from portal.files.pictures import reencode
from portal.people.service import add_person
from portal.practice.models import Therapist
from portal.security.viewer import Member


def landscape() -> bytes:
    """A picture as a camera might have taken it: evening over a field."""
    image = Image.new("RGB", (1600, 1000), (214, 190, 160))
    pen = ImageDraw.Draw(image)
    pen.ellipse((980, 260, 1220, 500), fill=(240, 222, 180))
    pen.rectangle((0, 620, 1600, 1000), fill=(70, 92, 70))
    pen.polygon([(0, 640), (520, 420), (1000, 660)], fill=(96, 112, 92))
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def hang_public_face(session: Session, jane: Member) -> dict[str, str]:
    """Give the paths of what was hung, by name."""
    author = session.scalars(select(Therapist).where(Therapist.person_id == jane.person_id)).one()
    shelved = shelve_picture(session, jane, reencode(landscape()), alt="Evening over a field")
    author.portrait_id = shelved.picture_id
    second = session.scalars(select(Post).order_by(Post.published_at.desc()).offset(1).limit(1)).one()
    second.cover_id, second.cover_alt = shelved.picture_id, "Evening over a field"
    body = f"A first thought.\n\n![Evening over a field](/pictures/{shelved.picture_id})\n\n## Then\n\nA second one."
    words = PostWords(
        "Walking home together", "", "On the way back.", body, tags_from("Rituals"), shelved.picture_id, ""
    )
    draft = begin_post(session, jane, author, words)
    writer = add_person(session, first_name="Rosa", email="rosa@example.org", zone="Europe/London")
    letter = Enquiry(
        therapist_id=jane.person_id, person_id=writer.id, words="Do you see couples on Fridays?\n\nRosa", request_code=b"7" * 32
    )  # fmt: skip
    session.add(letter)
    session.flush()
    return {
        "article with a cover": f"/articles/{second.slug}", "own article": f"/desk/articles/{draft.id}",
        "own article as read": f"/desk/articles/{draft.id}/preview", "public page": f"/therapists/{author.slug}",
        "letter": f"/requests/letters/{letter.id}",
    }  # fmt: skip
