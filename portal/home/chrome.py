"""What stands around every page: the practice's words, the navigation of each role, the viewer's own first name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, has_request_context, request, url_for
from flask_babel import gettext as _

from portal.booking.queries import number_of_open_leads
from portal.calendars.queries import number_of_open_questions
from portal.clock import utc_now
from portal.front.queries import number_of_waiting_letters
from portal.people.queries import get_self
from portal.practice.models import Practice
from portal.practice.queries import find_face
from portal.practice.rules import HelpLines, dialled
from portal.security.login import current_viewer
from portal.security.viewer import Anonymous, Member
from portal.transaction import current_session

TASKS = ("homework", "exercises", "assessments")
BEHIND = {
    "blog.index": ("blog",),
    "caseload.couples": ("caseload", *TASKS),
    "homework.own": TASKS,
    "shortform.start": ("shortform",),
}
BELOW = {
    "blog.desk": ("/desk/",),
    "booking.leads": ("/requests/",),
    "caseload.couples": ("/couples/", "/pathways/"),
    "diary.calendar": ("/calendar/", "/diary/entries/", "/diary/own-time/"),
    "homework.own": ("/forms/",),
    "home.settings": (
        "/practice/",
        "/diary/hours",
        "/diary/dates",
        "/diary/places",
        "/diary/types",
        "/diary/time-off",
    ),
}


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation."""

    label: str
    href: str
    icon: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a therapist: requests to answer, changes found in calendars elsewhere, letters."""

    leads: int = 0
    changes: int = 0
    letters: int = 0


@dataclass(frozen=True, slots=True)
class PracticeWords:
    """What pages say about the practice. `help_lines`: only while they are complete and were checked within the year.

    `lead_days`: how long the details of leads are kept who do not go on.
    """

    name: str = "Common Ground"
    therapist_name: str = ""
    tagline: str = ""
    help_notice: str = ""
    help_lines: HelpLines | None = None
    response_time: str = ""
    has_old_help: bool = True
    contact_line: str = ""
    lead_days: int = 0
    offers_short_form: bool = False


def init_pages(app: Flask) -> None:
    """Let every template find `page_lang`, `practice`, `navigation`, `waiting_changes`, `waiting_letters` and `viewer_name`; errors, mails and papers ask nothing."""
    app.context_processor(chrome)
    app.jinja_env.filters["dialled"] = dialled


def chrome() -> dict[str, Any]:
    """Collect the surroundings of a page; a fragment has none. One statement, for members perhaps one more."""
    words = {"page_lang": "en-GB", "is_demo": current_app.extensions["settings"].is_demo}
    if not has_request_context() or getattr(g, "is_failing", False) or g.get("is_fragment"):
        return words
    if "chrome" not in g:
        g.chrome = _collect()
    around: dict[str, Any] = g.chrome
    return words | around


def _collect() -> dict[str, Any]:
    viewer = current_viewer()
    session, waiting = current_session(), Waiting()
    if isinstance(viewer, Member) and viewer.is_therapist:
        face = find_face(
            session,
            number_of_open_leads(viewer),
            number_of_open_questions(viewer, utc_now()),
            number_of_waiting_letters(viewer),
        )
        waiting = Waiting(*face[2]) if face else waiting
    else:
        face = find_face(session)
    return {
        "practice": practice_words(face),
        "navigation": navigation_of(
            viewer, waiting, offers_short_form=face is not None and face[0].offers_short_form
        ),
        "waiting_changes": waiting.changes,
        "waiting_letters": waiting.letters,
        "viewer_name": "" if isinstance(viewer, Anonymous) else get_self(session, viewer).first_name,
    }


def practice_words(face: tuple[Practice, str, tuple[int, ...]] | None) -> PracticeWords:
    """Give the practice's public words; before the first set-up only the product's name."""
    if face is None:
        return PracticeWords()
    practice, therapist_name, _numbers = face
    lines = practice.help_lines
    are_current = lines.are_current(utc_now().date())
    return PracticeWords(
        name=practice.name,
        therapist_name=therapist_name or practice.name,
        tagline=practice.tagline,
        help_notice=practice.help_notice,
        help_lines=lines if are_current else None,
        response_time=lines.response_time,
        has_old_help=not are_current,
        contact_line=practice.contact_line,
        lead_days=practice.lead_retention_days,
        offers_short_form=practice.offers_short_form,
    )


def navigation_of(
    viewer: Member | Anonymous, waiting: Waiting, *, offers_short_form: bool = False
) -> list[NavigationItem]:
    """List where this viewer can go."""
    if isinstance(viewer, Anonymous):
        short_test = [_item(_("Short test"), "shortform.start", "pair")] if offers_short_form else []
        return [
            _item(_("Articles"), "blog.index", "book"),
            *short_test,
            _item(_("Book a consultation"), "booking.times", "calendar"),
            _item(_("Sign in"), "accounts.sign_in", "key"),
        ]
    if viewer.is_partner and viewer.is_limited:
        return [_item(_("Home"), "home.partner", "sun"), _item(_("Enter a code"), "accounts.unlock", "key")]
    if viewer.is_partner:
        return [
            _item(_("Home"), "home.partner", "sun"),
            _item(_("Tasks"), "homework.own", "pen"),
            _item(_("Your account"), "accounts.security", "key"),
        ]
    entries: list[tuple[bool, Callable[[], NavigationItem]]] = [
        (viewer.is_staff, lambda: _item(_("Today"), "home.today", "sun")),
        (viewer.is_staff, lambda: _item(_("Calendar"), "diary.calendar", "calendar", waiting.changes)),
        (
            viewer.is_therapist,
            lambda: _item(_("Requests"), "booking.leads", "inbox", waiting.leads + waiting.letters),
        ),
        (viewer.is_therapist, lambda: _item(_("Couples"), "caseload.couples", "pair")),
        (viewer.is_therapist, lambda: _item(_("Articles"), "blog.desk", "pen")),
        (viewer.is_owner or viewer.is_therapist, lambda: _item(_("Practice"), "home.settings", "gear")),
        (viewer.is_staff, lambda: _item(_("Your account"), "accounts.security", "key")),
    ]
    return [make() for is_open, make in entries if is_open]


def _item(label: str, endpoint: str, icon: str, count: int = 0) -> NavigationItem:
    is_of_practice = request.path.startswith("/practice/")
    is_of_area = request.blueprint in BEHIND.get(endpoint, ()) and not is_of_practice
    is_behind = is_of_area or request.path.startswith(BELOW.get(endpoint, ()))
    is_current = request.endpoint == endpoint or is_behind
    return NavigationItem(label, url_for(endpoint), icon, is_current, count)
