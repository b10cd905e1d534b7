"""The pages about meetings. Importing this makes them all known to the blueprint."""

from portal.documents.models import DocumentKind
from portal.documents.registry import register_source
from portal.meetings.showing import SUMMARY_SOURCE
from portal.meetings.views import meetings, notes, process_notes, reading, summaries
from portal.meetings.views.frame import blueprint

blueprint.record_once(lambda _state: register_source(DocumentKind.SUMMARY, SUMMARY_SOURCE))

__all__ = ["blueprint", "meetings", "notes", "process_notes", "reading", "summaries"]
