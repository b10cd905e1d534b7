"""What a mark says: by which post or campaign link somebody came here, first and last. Pure.

Tokens that carry it in links are made and read in `portal.web.marks`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

NO_SOURCE = "none"


@dataclass(frozen=True, slots=True)
class Mark:
    """The first and the last source that somebody came by: a post, a campaign link, both, or neither."""

    first_at: datetime
    first_post_id: UUID | None
    first_link_id: UUID | None
    last_at: datetime
    last_post_id: UUID | None
    last_link_id: UUID | None

    @classmethod
    def of(cls, post_id: UUID | None, link_id: UUID | None, now: datetime) -> "Mark":
        """Mark somebody of whom no earlier source is known."""
        at = now.replace(microsecond=0)
        return cls(at, post_id, link_id, at, post_id, link_id)

    def then(self, post_id: UUID | None, link_id: UUID | None, now: datetime) -> "Mark":
        """Mark that they came by another source now; the first one stays.

        Nothing new is learned from a page that is no source, nor from the post to which the last link has led.
        """
        if link_id is None and post_id in {None, self.last_post_id}:
            return self
        at = now.replace(microsecond=0)
        return replace(self, last_at=at, last_post_id=post_id, last_link_id=link_id)

    @property
    def source(self) -> str:
        """Name the last source as counts are kept for it: "post:<id>", "link:<id>" or `NO_SOURCE`; a link outranks its post."""
        if self.last_link_id is not None:
            return f"link:{self.last_link_id}"
        return f"post:{self.last_post_id}" if self.last_post_id is not None else NO_SOURCE
