"""Trying failed mails again; hearing what came back; and the demo's mailbox, which is absent in every real installation."""

import hmac
import json
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, request, url_for

from portal.clock import utc_now
from portal.errors import NotFound
from portal.notices import service
from portal.notices.bounces import bounced_in_report
from portal.notices.mail import Letterhead
from portal.notices.mailbox import get_mail, list_mails
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.settings import Settings
from portal.transaction import transaction
from portal.web.htmx import redirect_to, render

MOST_REPORT_BYTES = 64 * 1024
blueprint = Blueprint("notices", __name__)


@blueprint.get("/demo/mail")
@public("the demo's invented mails; not there unless this is the demo")
def demo_mail() -> Response:
    """List the mails of the demo."""
    return render("notices/demo_mail.html", mails=list_mails(_demo_folder()))


@blueprint.get("/demo/mail/<uuid:mail_id>")
@public("the demo's invented mails; not there unless this is the demo")
def demo_mail_item(mail_id: UUID) -> Response:
    """Show one mail of the demo."""
    return render("notices/demo_mail_item.html", mail=get_mail(_demo_folder(), mail_id))


@blueprint.post("/mail/try-again")
@requires(Permission.NOTICES_MAIL_RETRY)
def try_again() -> Response:
    """Send the mails again that had failed; nobody sees what they say."""
    with transaction() as session:
        service.try_again(session, current_member(), utc_now())
    return redirect_to(url_for("home.today"))


@blueprint.post("/mail/bounces")
@public("a mail service tells what came back; it knows our key", keeps_typed=True)
def bounces() -> Response:
    """Note what a mail service reports: JSON, one object or a list of them, of message_id and kind."""
    settings: Settings = current_app.extensions["settings"]
    if settings.bounces_key is None:
        raise NotFound
    if not _knows_key(settings.bounces_key):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    body = request.get_data()
    if len(body) > MOST_REPORT_BYTES:
        abort(413)
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or brackets within brackets by the thousand
        report = None
    ids = bounced_in_report(report, Letterhead(settings.mail_from, settings.public_url).domain)
    if ids:
        with transaction() as session:
            service.note_bounces(session, ids, utc_now())
    return Response(status=204)


def _knows_key(key: str) -> bool:
    """Compare what the caller says as a bearer's token or as a password, in a time that tells nothing."""
    given = request.authorization
    said = (given.token or given.password or "") if given is not None else ""
    return hmac.compare_digest(said.encode("utf-8", "replace"), key.encode())


def _demo_folder() -> Path:
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demo:
        raise NotFound
    return settings.instance / "mail"
