"""Logs: event names and ids, never a name, an address or a text. JSON, one line an event, to standard error."""

import io
import logging
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from portal.settings import Settings

ALLOWED = frozenset({
    "event", "level", "timestamp", "correlation_id", "endpoint", "method", "status", "kind", "frames", "job",
    "outbox_id", "document_id", "message_id", "attempt", "count", "reason", "process", "code", "seconds", "pid", "pathway_id", "schedule_id",
})  # fmt: skip


def init_logs(settings: Settings) -> None:
    """Send the portal's own events through an allow-list of fields, and silence libraries that quote values."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_names: structlog.PrintLogger(_STREAM),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    for name in ("werkzeug", "weasyprint", "fontTools", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _PatientStream(io.TextIOBase):
    """Standard error, looked up anew because it may be replaced. A full disk costs lines, never the work that wrote them."""

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Let go of what is waiting, if there is room for it."""
        with suppress(OSError):
            sys.stderr.flush()


_STREAM = cast("TextIO", _PatientStream())


def _only_allowed(_logger: Any, _method: str, event: Any) -> Any:
    return {key: value for key, value in event.items() if key in ALLOWED}
