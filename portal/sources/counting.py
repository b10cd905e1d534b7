"""Counting what visitors look at, without persons: the one thing that a GET may leave behind (product decision 15).

A step is counted after its page has been answered, in a short transaction of its own. Whatever goes wrong there loses
one count and never a page. Nothing about whoever looked is kept: no address, no browser, no time but the month.
"""

import re
from uuid import uuid4

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.marks import NO_SOURCE
from portal.security.login import current_viewer
from portal.security.viewer import Anonymous
from portal.sources.models import Step, StepCount
from portal.transaction import transaction
from portal.web.marks import current_mark

COUNTED = {
    "blog.show": Step.ARTICLE_READ,
    "embed.arrive": Step.WIDGET_SEEN,
}  # the endpoints whose GET is counted; the access test allows these a row of step_count, and no others

# Programs that say what they are. Those that do not are counted; the report is no audit.
ROBOTS = re.compile(
    r"bot\b|crawl|spider|slurp|archive|preview|monitor|scan|fetch|feed|curl|wget|python|java/|okhttp|go-http|libwww|facebookexternalhit",
    re.IGNORECASE,
)


def init_counting(app: Flask) -> None:
    """Count the steps that `COUNTED` names once their pages have been answered."""
    app.after_request(_count_later)


def count_step(session: Session, step: Step, source: str) -> None:
    """Add one to a step's number of this month (UTC) for a source, as `Mark.source` names it. One statement, safe in parallel."""
    now = utc_now()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(StepCount)
        .values(
            id=uuid4(), created_at=now, month=now.date().replace(day=1), source=source, step=step, number=1
        )
        .on_conflict_do_update(
            index_elements=["month", "source", "step"], set_={"number": StepCount.number + 1}
        )
    )


def _count_later(response: Response) -> Response:
    step = COUNTED.get(request.endpoint or "")
    if step is not None and response.status_code in {200, 302} and _is_a_reader():
        app, mark = current_app._get_current_object(), current_mark()  # type: ignore[attr-defined]  # noqa: SLF001 - the documented way
        source = mark.source if mark is not None else NO_SOURCE
        response.call_on_close(lambda: _count(app, step, source))
    return response


def _is_a_reader() -> bool:
    """Tell whether a page was asked for by a person of whom we know nothing: no program, nothing in advance, nobody of ours."""
    headers = request.headers
    in_advance = any(headers.get(name) for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"))
    is_program = ROBOTS.search(headers.get("User-Agent") or "bot") is not None
    return (
        request.method == "GET"
        and not in_advance
        and not is_program
        and isinstance(current_viewer(), Anonymous)
    )


def _count(app: Flask, step: Step, source: str) -> None:
    try:
        with app.app_context(), transaction() as session:
            count_step(session, step, source)
    except Exception as error:  # noqa: BLE001 - a lost count must not cost a page, whatever lost it
        structlog.get_logger().warning("sources.not_counted", kind=type(error).__name__)
