"""The blueprint, and what stands around every page about one meeting."""

from typing import Any, NamedTuple

from flask import Blueprint, url_for
from flask_babel import gettext as _

from portal.meetings.models import Meeting
from portal.meetings.showing import joined_names, names_of

blueprint = Blueprint("meetings", __name__)


class Tab(NamedTuple):
    """One of the pages about a meeting."""

    label: str
    href: str
    is_current: bool


def frame(meeting: Meeting, current: str) -> dict[str, Any]:
    """Collect what the head of a meeting's page says: whom it was with, when, and the tabs."""
    names = names_of(meeting)
    labels = {
        "show": _("Overview"),
        "note": _("Note"),
        "process_note": _("Process note"),
        "summary": _("Summary"),
    }
    return {
        "meeting": meeting,
        "names": names,
        "joined_names": joined_names(names),
        "tabs_shown": [
            Tab(label, url_for(f"meetings.{name}", meeting_id=meeting.id), name == current)
            for name, label in labels.items()
        ],
    }
