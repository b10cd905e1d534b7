"""Rendering the documents that are owed."""

from contextlib import AbstractContextManager

import structlog
from flask import current_app

from jobs.claims import carry_out
from jobs.templates import render_template
from portal import outbox
from portal.clock import utc_now
from portal.documents import service
from portal.documents.limits import Reason, Render, RenderFailed, limited_renderer
from portal.documents.rules import RenderOrder
from portal.failpoints import failpoint
from portal.outbox import Claim, LeaseLost, OutboxState
from portal.queueing import JobName
from portal.settings import Settings
from portal.transaction import transaction

CPU_SECONDS = 30
MEMORY_BYTES = 512 * 1024 * 1024
TRIES_AT_THE_LIMIT = (
    2  # a document too large for its limits will be so again; once more, in case the machine was busy
)
log = structlog.get_logger()


def render(outbox_id: str) -> None:
    """Render and keep the document of one outbox row; needs an application context.

    Safe to repeat, also at the same time: the file, the document's state and the mark that it is done are one
    transaction, which only the holder of the newest lease can commit. A file that lost stays without a row and is swept.
    """
    with _renderer() as render_pdf:
        carry_out(outbox_id, JobName.RENDER_DOCUMENT, lambda taken: _render(taken, render_pdf))


def _renderer() -> AbstractContextManager[Render]:
    settings: Settings = current_app.extensions["settings"]
    folder = settings.instance / "tmp"
    folder.mkdir(mode=0o700, exist_ok=True)
    return limited_renderer(
        cpu_seconds=CPU_SECONDS,
        memory_bytes=MEMORY_BYTES,
        wall_seconds=settings.render_seconds,
        folder=folder,
    )


def _render(taken: Claim, render_pdf: Render) -> None:
    try:
        order = _begin(taken)
        if order is not None:
            pdf = render_pdf(order.html, language=order.language)
            failpoint("document.rendered")
            _store(taken, order, pdf)
    except LeaseLost:
        raise
    except RenderFailed as failure:
        is_limit = failure.reason is not Reason.FAILED
        _give_back(taken, failure.reason.value, for_good=is_limit and taken.attempts >= TRIES_AT_THE_LIMIT)
    except Exception as error:  # noqa: BLE001 - whatever it was, the row must be tried again or be seen to fail
        log.warning("document.broke", document_id=str(taken.subject_id), kind=type(error).__name__)
        _give_back(taken, Reason.FAILED.value)


def _begin(taken: Claim) -> RenderOrder | None:
    now = utc_now()
    with transaction() as session:
        order = service.begin_rendering(session, taken.subject_id, render_template=render_template, now=now)
        if order is None:
            outbox.finish(session, taken, now)
    failpoint("document.begun")
    return order


def _store(taken: Claim, order: RenderOrder, pdf: bytes) -> None:
    now = utc_now()
    with transaction() as session:
        outbox.finish(session, taken, now)
        service.store_rendered(session, order, pdf, now=now)
        failpoint("document.stored")
    log.info("document.ready", document_id=str(taken.subject_id), attempt=taken.attempts)


def _give_back(taken: Claim, reason: str, *, for_good: bool = False) -> None:
    now = utc_now()
    with transaction() as session:
        state = outbox.give_back(session, taken, reason, now, for_good=for_good)
        if state is OutboxState.FAILED:
            service.mark_failed(session, taken.subject_id, reason=reason, now=now)
    log.warning(
        "document.not_ready", document_id=str(taken.subject_id), attempt=taken.attempts, reason=reason
    )
