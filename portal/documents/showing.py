"""A document's state in words, for the region that pages include and that asks for itself while work is going on."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from portal.documents.models import Document, DocumentState
from portal.documents.registry import source_of
from portal.documents.rules import UNREADABLE
from portal.security.gate import can
from portal.security.permissions import Permission


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the work. `state`: "done", "now", "yet" or "problem"."""

    label: str
    state: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What the region `documents/_status.html` says. Addresses are empty where there is nothing to go to.

    `asks_again`: the address that the region polls. `again`: the page itself, for readers without script.
    """

    title: str
    sentence: str
    kind: str
    icon: str
    steps: tuple[Step, ...]
    asks_again: str
    again: str
    file: str
    web: str
    retry: str


def status_of(document: Document, *, again: str) -> Status:
    """Say how far a document is. `again`: the address of the page that includes the region."""
    title, sentence, kind, icon = _words(document)
    is_working = document.state in {DocumentState.REQUESTED, DocumentState.RENDERING}
    is_failed = document.state is DocumentState.FAILED
    may_retry = is_failed and can(Permission.DOCUMENTS_DOCUMENT_RETRY)
    return Status(
        title=title,
        sentence=sentence,
        kind=kind,
        icon=icon,
        steps=_steps(document) if is_working else (),
        asks_again=url_for("documents.status", document_id=document.id, seen=document.state)
        if is_working
        else "",
        again=again,
        file=url_for("documents.download", document_id=document.id)
        if document.state is DocumentState.READY
        else "",
        web=source_of(document.kind).web_address(document),
        retry=url_for("documents.retry", document_id=document.id) if may_retry else "",
    )


def _words(document: Document) -> tuple[str, str, str, str]:
    match document.state:
        case DocumentState.READY:
            return _("The PDF is ready"), _("The same text, laid out for paper."), "done", "file"
        case DocumentState.FAILED if document.failure == UNREADABLE:
            sentence = _("The web version is complete, and the PDF can be made anew from it.")
            if not can(Permission.DOCUMENTS_DOCUMENT_RETRY):
                sentence = _(
                    "The web version is complete. Your therapist has been told and can have the PDF made anew."
                )
            return _("The PDF cannot be opened any more"), sentence, "problem", "alert"
        case DocumentState.FAILED:
            return _("The PDF could not be made"), _("The web version is complete."), "problem", "alert"
        case DocumentState.SUPERSEDED:
            sentence = _("There is a newer version of this text. The older PDF is no longer handed out.")
            return _("This version was replaced"), sentence, "", "clock"
        case DocumentState.REQUESTED | DocumentState.RENDERING:
            sentence = _("You can leave this page; the work goes on. The web version is ready already.")
            return _("The PDF is being prepared"), sentence, "", "arc"


def _steps(document: Document) -> tuple[Step, ...]:
    begun = document.state is DocumentState.RENDERING
    return (
        Step(_("Asked for"), "done"),
        Step(_("Setting the pages"), "now" if begun else "yet", _("now") if begun else _("in a moment")),
        Step(_("Ready to download"), "yet"),
    )
