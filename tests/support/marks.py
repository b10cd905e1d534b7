"""Marks as links carry them."""

from uuid import UUID

from flask import Flask

from portal.clock import utc_now
from portal.marks import Mark
from portal.web.marks import mark_token


def mark_of(app: Flask, post_id: UUID | None = None, link_id: UUID | None = None) -> str:
    """Give the query word `from` of somebody who has just come by a post or link."""
    with app.app_context():
        return mark_token(Mark.of(post_id, link_id, utc_now()))
