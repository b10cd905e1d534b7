"""Which pages hang for whom."""

from dataclasses import dataclass

from tests.browser.gallery import Gallery

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Room:
    """The pages of one kind of viewer. ``user_name``: who is signed in, none for visitors.

    ``plain``: names of paths, or paths; ``sent_empty``: pages whose main form is sent with nothing in it;
    ``pressed``: pages with the words of a button that leads on.
    """

    user_name: str = ""
    waiting: bool = False
    limited: bool = False
    plain: tuple[str, ...] = ()
    sent_empty: tuple[str, ...] = ()
    pressed: tuple[tuple[str, str], ...] = ()

    @property
    def is_partner(self) -> bool:
        return self.user_name in {"ana", "ben", "dan"}


ROOMS = {
    "visitor": Room(
        plain=(
            "/", "/articles", "/articles/tags/rituals", "article", "article with a cover", "public page", "/contact", "/contact/sent", "/short-test", "/short-test/statements",
            "/about/imprint", "/about/privacy", "/consultations/times", "/consultations/times?zone=America/New_York",
            "/consultations/times?zone=Nowhere/Land", "details", "taken time", "booked", "/consultations/waitlist", "waiting", "offered time", "not me", "another time", "cancel booking", "asked along", "come along", "/joined/left", "taken back", "erased booking", "code", "/sign-in", "/signed-out", "/reset",
            "/reset/code", "/reset/requested", "reset", "invitation", "/invitations/lapsed", "/style", "/demo/mail", "mail",
            "/nothing-here", "/go/nothing", "/embed/www.example.org/times", "/embed/www.example.org,3a1d00,fff6e5/card",
            "/embed/evil.example/times", "booked in a frame",
        ),
        sent_empty=("details", "/consultations/waitlist", "asked along", "code", "/contact", "/short-test/statements", "/sign-in", "/reset", "/reset/code", "reset", "invitation"),
        pressed=(("/short-test", "Go on with the code"),),
    ),
    "half signed in": Room(
        user_name="jane", waiting=True, plain=("/sign-in/code",), sent_empty=("/sign-in/code",)
    ),
    "with a passkey alone": Room(user_name="fay", waiting=True, plain=("/sign-in/code",)),
    "without a phone yet": Room(
        user_name="olivia", waiting=True, plain=("/sign-in/set-up",), sent_empty=("/sign-in/set-up",)
    ),
    "new partner": Room(user_name="dan", plain=("/welcome",)),
    "limited partner": Room(user_name="ben", limited=True, plain=("/home", "/unlock"), sent_empty=("/unlock",)),
    "partner": Room(
        user_name="ana",
        plain=(
            "/home", "/tasks", "not answered by me", "begun test", "page of the test", "look back", "own result", "questionnaire", "look back at the questionnaire", "questionnaire to begin", "own figures", "watched result", "choice to share", "own share", "joint page", "/about-you", "/safe-contact", "exercise", "choices", "ranking", "scales",
            "writing paper", "look back at it", "opened exercise", "what could become a goal", "own words on paper", "/between-us", "second part", "written together", "day", "summary in work", "replaced summary", "ready summary", "failed summary", "document", "/account",
            "/privacy", "/account/calendar", "/account/passkeys", "/account/sign-ins", "/account/second-factor", "/prove", f"/summaries/{UNKNOWN}",
        ),
        sent_empty=("/about-you", "/account", "/prove"),
        pressed=(("/account/calendar", "Make an address"), ("choice to share", "See what your partner will see")),
    ),
    "therapist": Room(
        user_name="jane",
        plain=(
            "/today", "/calendar", "full week", "entry", "move", "new time", "own time", "/diary/own-time/new", "/requests", "/requests/waitlist", "/requests?show=coming", "to erase", "/requests/letters", "letter", "/desk/articles", "/desk/articles/new", "own article", "own article as read", "/desk/articles/pictures", "/desk/articles/import", "/practice/profile", "/practice/words", "/practice/pages/imprint", "lead", "new couple", "/couples", "couple", "brief", "given tasks", "goals", "test", "test as they see it", "exercise on the desk", "empty exercise", "/practice/exercises", "/practice/exercises/new", "own exercise", "about the own exercise", "question of the own exercise", "new question", "goal of the own exercise", "page of it as they see it", "what opens of it", "give a task", "end the work", "individual", "safe contact", "/practice/individual-questions", "questionnaire on the desk", "results over time", "ask again", "own questionnaire", "/practice/questionnaires", "pathway", "pathways", "own pathway", "/practice/pathways/new", "start a pathway", "comment", "/practice", "/practice/links", "own link", "/practice/embed", "/practice/sources", "/practice/readiness-test", "/practice/booking-form", "/practice/short-test", "/diary/hours", "own period", "/diary/dates", "/diary/places", "/diary/places/new", "own place", "/diary/types", "/diary/types/new", "own type", "/diary/time-off", "own time off", "/practice/help", "guests", "record", "meeting", "note",
            "sign", "signed note", "process note", "write summary", "preview", "summary in work", "replaced summary",
            "failed summary", "document", "unlock code", "reset code", "/account", "/account/passkeys", "/account/sign-ins", "/prove", f"/couples/{UNKNOWN}",
            "/account/calendar", "/practice/calendars", "/practice/calendars/new", "/calendar/questions",
        ),
        sent_empty=("ask again", "/practice/pathways/new", "new question", "start a pathway", "comment", "/practice/links", "/practice/calendars/new", "/diary/hours", "/diary/dates", "/diary/places/new", "/diary/types/new", "/diary/time-off", "move", "/desk/articles/new", "/desk/articles/pictures", "/practice/profile", "/practice/words", "/practice/pages/imprint", "/practice/help", "give a task", "end the work", "new couple", "record", "note", "process note"),
        pressed=(("guests", "Invite"), ("unlock code", "Make a code"), ("reset code", "Make a code"), ("/account", "Make ten new backup codes")),
    ),
    "second therapist": Room(user_name="samir", plain=("/today", "/calendar", "/requests", "/couples", "/unlooked")),
    "front desk": Room(user_name="fay", plain=("/today", "/calendar", "/account")),
}  # fmt: skip
REFUSALS = {
    "/go/nothing": 404, "/embed/evil.example/times": 404,
    "/consultations/times?zone=Nowhere/Land": 422, "taken time": 409, "/invitations/lapsed": 404, "/nothing-here": 404,
    f"/summaries/{UNKNOWN}": 404, f"/couples/{UNKNOWN}": 404,
}  # fmt: skip
NO_PAGES = {
    "measures.empty_file",
    "booking.report_file", "embed.arrive", "embed.event", "embed.script", "embed.theme",
    "embed.details", "embed.verify", "embed.waiting", "embed.waitlist_join",  # the same as outside a frame
    "calendars.events",
    "static", "health.healthz", "health.readyz", "blog.feed", "booking.event", "booking.guest_event", "documents.download",
    "accounts.new_passkey_challenge", "accounts.passkey_challenge", "accounts.second_factor_picture", "blog.picture", "front.favicon", "front.robots", "front.security", "front.sitemap",
    "front.touch_icon", "shortform.again",
}  # fmt: skip


def address(gallery: Gallery, name: str) -> str:
    """Give the path of a page by its name; a path is its own name."""
    return name if name.startswith("/") else gallery.paths[name]
