"""Pages for machines: whether the web process answers, whether all works together, what a browser had to block."""

import time
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, jsonify, request

from portal.clock import utc_now
from portal.health.queries import (
    PROCESSES,
    Health,
    database_health,
    disk_health,
    heartbeats_of,
    hours_since_backup,
    redis_health,
)
from portal.health.service import beat
from portal.queueing import Queue
from portal.security.gate import public
from portal.security.headers import SOURCES
from portal.settings import Settings
from portal.transaction import current_session, transaction

REMEMBERED_SECONDS = 2.0  # anybody may ask, and each look writes to the database
MOST_REPORTS = 20  # a browser sends a handful at once; a flood is not worth its log lines
DIRECTIVES = frozenset(source.split()[0] for source in SOURCES) | {
    "script-src-elem",
    "script-src-attr",
    "style-src-elem",
    "style-src-attr",
}
State = dict[str, Health | int | None]
blueprint = Blueprint("health", __name__)
log = structlog.get_logger()


@blueprint.get("/healthz")
@public("for the supervisor; says nothing but that the process answers")
def healthz() -> Response:
    """Answer."""
    return Response("ok", mimetype="text/plain")


@blueprint.get("/readyz")
@public("for the supervisor; names of parts, whether they work, and the age of the backup, no more")
def readyz() -> tuple[Response, int]:
    """Try every part; 503 as soon as one is down. An old backup is told, and is no reason to stop serving."""
    state = _remembered()
    is_down = Health.DOWN in state.values()
    return jsonify(state), 503 if is_down else 200


@blueprint.post("/violations")
@public("browsers tell what the content security policy made them block", keeps_typed=True)
def violations() -> Response:
    """Log which rules were broken: words of our own policy only, never the addresses that a report also holds."""
    try:
        reports = request.get_json(force=True, silent=True)
    except RecursionError:  # brackets within brackets by the thousand
        reports = None
    for directive in sorted(_broken_rules(reports)):
        log.warning("policy.violation", kind=directive)
    return Response(status=204)


def _broken_rules(reports: Any) -> set[str]:
    found = reports[:MOST_REPORTS] if isinstance(reports, list) else []
    bodies = [report.get("body") for report in found if isinstance(report, dict)]
    named = {str(body.get("effectiveDirective")) for body in bodies if isinstance(body, dict)}
    return named & DIRECTIVES


def _remembered() -> State:
    kept: tuple[float, State] | None = current_app.extensions.get("readiness")
    if kept is None or time.monotonic() - kept[0] > REMEMBERED_SECONDS:
        kept = (time.monotonic(), _look())
        current_app.extensions["readiness"] = kept
    return kept[1]


def _look() -> State:
    settings: Settings = current_app.extensions["settings"]
    queue: Queue = current_app.extensions["queue"]
    parts = {
        "database": database_health(_write),
        "redis": redis_health(queue.redis),
        "disk": disk_health(settings.instance),
    }
    beats, backup = dict.fromkeys(PROCESSES, Health.DOWN), None
    if parts["database"] is Health.OK:
        beats = heartbeats_of(current_session(), utc_now())
        backup = hours_since_backup(current_session(), utc_now())
    return {**parts, **beats, "backup_hours": backup}


def _write() -> None:
    with transaction() as session:
        beat(session, "web", utc_now())
