"""The posts of the demonstration: Markdown files with a title and a lead in front, packaged beside this module."""

from datetime import datetime, timedelta
from importlib.resources import files

from sqlalchemy.orm import Session

from portal.blog.models import Post
from portal.blog.rules import tags_from
from portal.blog.service import publish_post
from portal.practice.models import Therapist

DAYS_BETWEEN = 9


def publish_demo_posts(session: Session, author: Therapist, now: datetime) -> list[Post]:
    """Publish all demo posts, newest first, the latest four days before `now`. Repeating it changes only the dates."""
    folder = files("portal.blog").joinpath("demo")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return [
        _publish(session, author, name, folder.joinpath(name).read_text(encoding="utf-8"), _date(now, number))
        for number, name in enumerate(names)
    ]


def _publish(session: Session, author: Therapist, name: str, text: str, published_at: datetime) -> Post:
    front, _, body = text.removeprefix("---\n").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    slug = name.removesuffix(".md").partition("-")[2]
    return publish_post(
        session, author, slug=slug, title=fields["title"], lead=fields["lead"], body=body.strip(), published_at=published_at,
        tags=tags_from(fields["tags"]),
    )  # fmt: skip


def _date(now: datetime, number: int) -> datetime:
    return (now - timedelta(days=4 + number * DAYS_BETWEEN)).replace(
        hour=7, minute=30, second=0, microsecond=0
    )
