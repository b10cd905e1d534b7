"""The demo's mailbox: what would have been sent, for a person who looks around. Absent in every real installation."""

from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, current_app

from portal.errors import NotFound
from portal.notices.mailbox import get_mail, list_mails
from portal.security.gate import public
from portal.settings import Settings
from portal.web.htmx import render

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


def _demo_folder() -> Path:
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demo:
        raise NotFound
    return settings.instance / "mail"
