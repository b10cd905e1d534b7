"""How a visitor came here, carried in links alone: a signed mark in the query word `from`, never a cookie.

Whoever follows no further link leaves nothing behind; `portal.sources.service.keep_touch` keeps the mark of those who book.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, has_request_context, request

from portal.marks import Mark
from portal.security.tokens import Signer, TokenRefused
from portal.security.viewer import TokenPurpose

QUERY_WORD = "from"
LONGEST_WAY = timedelta(days=90)  # our choice: as long as a lead is kept (product decision 22)
CARRYING = frozenset(
    {
        "booking.times", "booking.details", "booking.waitlist_join", "front.write",
        "shortform.start", "shortform.questions", "shortform.result", "shortform.bring", "shortform.begin",
        "shortform.enter", "shortform.place", "shortform.finish",
    }
)  # fmt: skip
LONGEST_TOKEN = 400  # a mark of ours has at most 200 letters; nothing longer is worth the reading


def init_marks(app: Flask) -> None:
    """Let links to the booking carry the mark of the page they stand on, wherever they are written."""
    app.url_defaults(_carry)


def current_mark() -> Mark | None:
    """Give the mark of the present request: of the page, if it is a source, else of its link.

    A missing, altered or outdated one only loses the mark.
    """
    if "mark" not in g:
        token = request.args.get(QUERY_WORD, "")
        g.mark = read_mark(token) if token else None
    found: Mark | None = g.mark
    return found


def mark_after(post_id: UUID | None, link_id: UUID | None, now: datetime) -> Mark:
    """Mark the present request as one that came by a post or link; what its link carried stays the first touch."""
    mark = current_mark()
    later = Mark.of(post_id, link_id, now) if mark is None else mark.then(post_id, link_id, now)
    g.mark = later
    return later


def mark_token(mark: Mark) -> str:
    """Give the signed text that links carry as `from`; it tells posts and times, and nobody's name."""
    words = (
        _stamp(mark.first_at), _short(mark.first_post_id), _short(mark.first_link_id),
        _stamp(mark.last_at), _short(mark.last_post_id), _short(mark.last_link_id),
    )  # fmt: skip
    return _signer().sign_words(TokenPurpose.TOUCH, {"m": ".".join(words)})


def read_mark(token: str) -> Mark | None:
    """Read such a text; None for what was not signed here within ninety days."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        said = _signer().read_words(TokenPurpose.TOUCH, token, max_age=LONGEST_WAY)
        first_at, first_post, first_link, last_at, last_post, last_link = said["m"].split(".")
        first = _instant(first_at), _id(first_post), _id(first_link)
        return Mark(*first, _instant(last_at), _id(last_post), _id(last_link))
    except (TokenRefused, KeyError, ValueError):
        return None


def _carry(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in CARRYING and QUERY_WORD not in values and has_request_context():
        mark = current_mark()
        if mark is not None:
            values[QUERY_WORD] = mark_token(mark)


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)


def _short(row_id: UUID | None) -> str:
    return urlsafe_b64encode(row_id.bytes).decode().rstrip("=") if row_id is not None else ""


def _id(text: str) -> UUID | None:
    return UUID(bytes=urlsafe_b64decode(text + "==")) if text else None


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
