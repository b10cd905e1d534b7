"""Error pages: one sentence that a layperson understands, a next step, and a number to tell when asking for help."""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect

from portal.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from portal.security.gate import ProofNeeded, SignInNeeded
from portal.security.login import cookie_name
from portal.web.htmx import redirect_to, wants_fragment

STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
}
# The database is gone, locked for too long, full, or has no connection left: all of it passes, and nothing is at fault.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
RETRY_SECONDS = 5
log = structlog.get_logger()


def init_errors(app: Flask) -> None:
    """Answer every failure with the same calm page."""
    app.register_error_handler(DomainError, _answer_domain_error)
    app.register_error_handler(SignInNeeded, lambda _error: _send_to("accounts.sign_in"))
    app.register_error_handler(ProofNeeded, lambda _error: _send_to("accounts.prove"))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(SecurityError, _answer_foreign_host)
    for kind in UNAVAILABLE:
        app.register_error_handler(kind, _answer_unavailable)
    app.register_error_handler(Exception, _answer_surprise)


def error_answer(status: int) -> Response:
    """Render the page of one status, or the notice for a fragment request; makes no statement."""
    g.is_failing = True
    context = {
        "code": int(status),
        "correlation_id": getattr(g, "correlation_id", ""),
        "may_leave": cookie_name() in request.cookies,
        **_words(int(status)),
    }
    if not wants_fragment():
        return make_response(render_template("errors/page.html", **context), status)
    response = make_response(render_template("errors/_notice.html", **context), status)
    response.headers["HX-Retarget"] = "#notice"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _answer_domain_error(error: DomainError) -> Response:
    for kind, status in STATUS_OF.items():
        if isinstance(error, kind):
            return error_answer(status)
    return _answer_surprise(error)


def _send_to(endpoint: str) -> Response:
    return redirect_to(url_for(endpoint, next=_way_back()))


def _way_back() -> str | None:
    """Name the page to come back to: this one, or for a form the nearest page above its address, on which it stands.

    The browser tells nobody where it was (`no-referrer`), and what a form asked for is never repeated by a link.
    """
    addresses = current_app.create_url_adapter(request)
    path = request.path
    while addresses is not None and path.strip("/"):
        try:
            if addresses.test(path, "GET"):
                return path
        except RequestRedirect:
            return None
        path = path.rpartition("/")[0]
    return None


def _answer_http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # werkzeug's redirect for a missing slash
    return error_answer(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer_foreign_host(error: SecurityError) -> Response:
    """Say only that; without a host of ours no address of a page can be built."""
    return Response(str(_("This address is not served here.")), HTTPStatus.BAD_REQUEST, mimetype="text/plain")


def _answer_surprise(error: Exception) -> Response:
    log.error("request.failed", endpoint=request.endpoint, kind=type(error).__name__, frames=_frames(error))
    return error_answer(HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer_unavailable(error: Exception) -> Response:
    log.error(
        "database.unavailable", endpoint=request.endpoint, kind=type(error).__name__, frames=_frames(error)
    )
    answer = error_answer(HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _frames(error: Exception) -> list[str]:
    """Say where it broke without what was in it: tracebacks of libraries quote values."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-12:]


def _words(code: int) -> dict[str, Any]:
    title, sentence = {
        HTTPStatus.BAD_REQUEST: (
            _("That did not reach us whole"),
            _("The request could not be read. Please go back, reload the page and try once more."),
        ),
        HTTPStatus.METHOD_NOT_ALLOWED: (
            _("That is not possible here"),
            _("Please use the buttons of the page."),
        ),
        HTTPStatus.CONFLICT: (
            _("Something changed meanwhile"),
            _("This is no longer as you saw it. Please go back and look again."),
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            _("That is too long"),
            _("Please shorten it and send it again."),
        ),
        HTTPStatus.UNPROCESSABLE_ENTITY: (
            _("Something needs another look"),
            _("Please go back and check what you typed."),
        ),
        HTTPStatus.TOO_MANY_REQUESTS: (
            _("Please wait a little"),
            _("There were many tries. Try again in a few minutes."),
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            _("Please try again in a moment"),
            _(
                "The portal is busy or being looked after. If you were sending something, go back: it is still in the form."
            ),
        ),
        HTTPStatus.INTERNAL_SERVER_ERROR: (
            _("Something went wrong on our side"),
            _("Nothing that was saved is lost. Please try again; if it stays, tell us the number below."),
        ),
    }.get(
        HTTPStatus(code),
        (_("There is nothing here"), _("The address may be mistyped, or it is not open to you.")),
    )
    return {"title": title, "sentence": sentence, "next_steps": [(_("To the start"), "/")]}
