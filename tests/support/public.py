"""What the public face and the blog's desk need to be looked at: a tag, a picture, a letter, an address of Jane's page."""

from functools import cache
from io import BytesIO
from typing import Any
from uuid import uuid4

from PIL import Image
from sqlalchemy.orm import Session

from portal.blog.models import Post, PostTag
from portal.blog.service import shelve_picture
from portal.booking.models import Enquiry
from portal.files.pictures import Pixels, reencode
from portal.practice.models import Therapist
from tests.support.cast import Cast, make_person


@cache
def small_picture(kind: str = "PNG") -> bytes:
    """The file of a small picture, as a camera or a program writes it."""
    out = BytesIO()
    Image.new("RGB", (60, 40), (165, 97, 11)).save(out, kind)
    return out.getvalue()


@cache
def pixels() -> Pixels:
    return reencode(small_picture())


def public_things(session: Session, cast: Cast, post: Post) -> dict[str, Any]:
    """Add one of each, and give what stands for them in addresses."""
    session.get_one(Therapist, cast.therapist_profile_id).slug = "jane-parker"
    session.add(PostTag(post_id=post.id, tag="money", label="Money"))
    shelved = shelve_picture(session, cast.therapist.member(), pixels(), alt="A table")
    writer = make_person(session, "Rosa", "rosa@example.org")
    letter = Enquiry(
        therapist_id=cast.therapist.person_id, person_id=writer.id, words="Do you see couples on Fridays?",
        request_code=uuid4().bytes,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    return {
        "tag": "money", "post_id": post.id, "picture_id": shelved.picture_id, "shelf_id": shelved.id, "kind": "imprint",
        "enquiry_id": letter.id, "slug of front.therapist": "jane-parker",
    }  # fmt: skip
