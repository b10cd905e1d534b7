"""Trying failed mails again; and the demo's mailbox, which is absent in every real installation."""

from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, current_app, url_for

from portal.clock import utc_now
from portal.errors import NotFound
from portal.notices import service
from portal.notices.mailbox import get_mail, list_mails
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.settings import Settings
from portal.transaction import transaction
from portal.web.htmx import redirect_to, render

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


def _demo_folder() -> Path:
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demo:
        raise NotFound
    return settings.instance / "mail"
