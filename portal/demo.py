"""The invented practice that `portal demo` shows: two therapists, two couples, one open request.

Passwords and TOTP secrets are drawn once per installation and written to `INSTANCE/demo-sign-ins.json`, mode 0600.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pyotp
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.accounts.service import create_account
from portal.blog.demo_posts import publish_demo_posts
from portal.blog.models import Post
from portal.booking.rules import ConsultationRequest, PartnerKnows, new_form_id
from portal.booking.service import request_consultation
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus
from portal.couples.service import create_couple
from portal.demo_doorway import Doorway, furnish_doorway
from portal.demo_homework import do_homework
from portal.diary.queries import next_free_slots
from portal.diary.rules import ConsultationType, WeeklyHours
from portal.diary.service import add_consultation_type, add_time_off, set_weekly_hours
from portal.marks import Mark
from portal.meetings.models import Place, Presence
from portal.meetings.rules import Agreement, SummaryContent, Whom
from portal.meetings.service import NewMeeting, record_meeting, sign_note, write_note
from portal.meetings.showing import hash_of
from portal.meetings.summaries import Opened, opened, release_summary, save_draft
from portal.people.models import Person
from portal.people.service import add_person
from portal.practice.models import Therapist
from portal.practice.queries import find_practice
from portal.practice.rules import HelpLines
from portal.practice.service import add_therapist, found_practice, give_consents
from portal.security.viewer import Anonymous, Member, Role
from portal.settings import Settings

ZONE = "Europe/London"
# Invented, but for the emergency number; Ofcom keeps 01632 960000 to 960999 for stories.
HELP_LINES = HelpLines(
    region="United Kingdom",
    emergency_number="999",
    crisis_name="Example crisis line",
    crisis_number="01632 960000",
    abuse_name="Example domestic abuse line",
    abuse_number="01632 960001",
    abuse_web="https://help.example.org",
    response_time="within one working day",
)
WORDS = (
    "amber", "anchor", "apple", "birch", "bridge", "candle", "cedar", "clover", "coast", "cotton", "ember", "fern",
    "field", "garden", "ginger", "harbour", "hazel", "heron", "island", "ivory", "kettle", "lantern", "laurel", "lemon",
    "linen", "maple", "marble", "meadow", "mint", "orchard", "otter", "paper", "pebble", "pepper", "pine", "plum",
    "quartz", "quill", "rain", "reed", "river", "robin", "saffron", "sail", "silver", "slate", "sparrow", "stone",
    "summer", "thistle", "timber", "tulip", "valley", "velvet", "violet", "walnut", "water", "willow", "winter", "wren",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignIn:
    """One line of the list of demo sign-ins."""

    role: str
    name: str
    user_name: str
    password: str
    totp_secret: str | None


@dataclass(frozen=True, slots=True)
class Player:
    """An invented person with a login."""

    person: Person
    member: Member
    sign_in: SignIn


def seed(session: Session, settings: Settings) -> None:
    """Invent the practice, once; a practice that is there already stays untouched."""
    if find_practice(session) is not None:
        return
    now = utc_now()
    _found(session)
    players = [
        _player(session, "owner of the practice", "Olivia", "Grant", Role.OWNER),
        _player(session, "therapist", "Jane", "Parker", Role.THERAPIST),
        _player(session, "second therapist", "Samir", "Haddad", Role.THERAPIST),
        _player(session, "front desk", "Fay", "Lindqvist", Role.FRONT_DESK),
        _player(
            session, "partner of couple 01", "Ana", "Moreno", Role.PARTNER, email="ana.and.ben@example.org"
        ),
        _player(
            session, "partner of couple 01", "Ben", "Moreno", Role.PARTNER, email="ana.and.ben@example.org"
        ),
        _player(session, "partner of couple 02", "Cleo", "Okafor", Role.PARTNER),
        _player(session, "partner of couple 02", "Dan", "Weiss", Role.PARTNER),
    ]
    olivia, jane, samir, _, ana, ben, cleo, dan = players
    profiles = _profiles(session, jane, samir)
    posts = publish_demo_posts(session, profiles[0], now)
    _open_the_diary(session, jane.person.id, now)
    first = _couple(session, jane, ana, ben)
    _couple(session, samir, cleo, dan)
    _meetings(session, jane, (ana, ben), first.id, now)
    do_homework(session, jane.member, (ana.member, ben.member), first.id, now)
    furnish_doorway(session, Doorway(olivia.member, jane.member, ZONE, posts), now)
    _request(session, jane, posts[0], now)
    _write_sign_ins(settings, [player.sign_in for player in players])


def announcement(settings: Settings) -> str:
    """Say who can be signed in as; the second step's codes are shown on the sign-in page."""
    rows = json.loads((settings.instance / "demo-sign-ins.json").read_text("utf-8"))
    lines = [f"  {row['user_name']:<8}{row['password']:<34}{row['role']}" for row in rows]
    return "\n".join(
        [
            "Sign in as (user name, password):",
            *lines,
            "",
            "The sign-in page also shows the codes of the second step.",
        ]
    )


def _found(session: Session) -> None:
    practice = found_practice(
        session,
        name="Common Ground",
        tagline="Couples therapy in Bristol and online",
        about="A quiet room for two people who want to find out what they are building together, and what each of them "
        "needs along the way.",
        zone=ZONE,
        contact_line="hello@practice.example.org",
        help_notice="If you or someone else is in immediate danger, call your local emergency number.",
        help_lines=replace(HELP_LINES, verified_on=utc_now().date()),
    )
    practice.currency = "GBP"


def _player(
    session: Session, role_words: str, first_name: str, last_name: str, role: Role, *, email: str = ""
) -> Player:
    user_name = first_name.lower()
    password = "-".join(secrets.choice(WORDS) for _ in range(4))
    person = add_person(
        session,
        first_name=first_name,
        last_name=last_name,
        email=email or f"{user_name}@example.org",
        zone=ZONE,
    )
    account = create_account(
        session, Anonymous(), person, user_name=user_name, password=password, roles={role}
    )
    secret = None if role is Role.PARTNER else pyotp.random_base32()
    if secret is not None:
        account.totp_secret, account.is_totp_on = secret, True
    session.flush()
    sign_in = SignIn(role_words, f"{first_name} {last_name}", user_name, password, secret)
    return Player(person, _member(account, role), sign_in)


def _member(account: Account, role: Role) -> Member:
    return Member(account.id, account.person_id, UUID(int=0), frozenset({role}), utc_now())


def _profiles(session: Session, jane: Player, samir: Player) -> list[Therapist]:
    words = (
        (jane, "Jane Parker", "Couples therapist", ("I help two people hear the wish behind a quarrel, and turn it into "
         "something both can live with. We go slowly, and we write down what you decide.")),
        (samir, "Samir Haddad", "Couples and family therapist", ("I work with couples at turning points: a child, a move, "
         "a new start. You bring the questions, I bring time and a calm order.")),
    )  # fmt: skip
    return [
        add_therapist(
            session,
            Therapist(
                person_id=player.person.id,
                display_name=name,
                title_line=title,
                approach=approach,
                languages="English",
                fees="A first talk is complimentary. After that £95 for 50 minutes with the two of you.",
                zone=ZONE,
                position=place,
            ),
        )
        for place, (player, name, title, approach) in enumerate(words)
    ]


def _open_the_diary(session: Session, therapist_id: UUID, now: datetime) -> None:
    hours = [
        WeeklyHours(weekday=1, start=time(9), end=time(10), valid_from=None, valid_until=None),
        WeeklyHours(weekday=1, start=time(14), end=time(15), valid_from=None, valid_until=None),
        WeeklyHours(weekday=2, start=time(18), end=time(19, 30), valid_from=None, valid_until=None),
        WeeklyHours(weekday=4, start=time(12), end=time(13), valid_from=None, valid_until=None),
        WeeklyHours(weekday=4, start=time(15), end=time(16), valid_from=None, valid_until=None),
    ]
    set_weekly_hours(session, therapist_id, hours)
    kind = ConsultationType(
        length_minutes=20, buffer_before_minutes=0, buffer_after_minutes=10, minimum_notice_minutes=24 * 60, horizon_days=28,
        step_minutes=30,
    )  # fmt: skip
    add_consultation_type(session, therapist_id, name="Complimentary consultation", kind=kind)
    away = _local(now + timedelta(days=16), time(0))
    add_time_off(
        session,
        therapist_id,
        starts_at=away,
        ends_at=away + timedelta(days=2),
        return_on=(away + timedelta(days=2)).date(),
    )


def _couple(session: Session, therapist: Player, first: Player, second: Player) -> Couple:
    couple = create_couple(session, therapist.member, first=first.person, second=second.person)
    couple.status = CoupleStatus.ACTIVE
    for player in (first, second):
        give_consents(session, player.member)
    return couple


def _meetings(
    session: Session, jane: Player, pair: tuple[Player, Player], couple_id: UUID, now: datetime
) -> None:
    ana, ben = pair
    both = {ana.person.id: Presence.CAME, ben.person.id: Presence.LATE}
    for days, text in ((14, "Both warm. Money came up twice and was put aside."), (3, "")):
        begins = _local(now - timedelta(days=days), time(18))
        new = NewMeeting(begins, timedelta(minutes=50), ZONE, Place.ONLINE, both)
        meeting = record_meeting(session, jane.member, couple_id, new, now=now)
        if text:
            note = write_note(session, jane.member, meeting.id, text=text, revision=0, now=now)
            sign_note(session, jane.member, meeting.id, revision=note.revision, now=now)
            content = example_summary(begins.astimezone(ZoneInfo(ZONE)).date())
            draft = save_draft(session, jane.member, meeting.id, content=content, seen=Opened(1, 0), now=now)
            release_summary(session, jane.member, meeting.id, seen=opened(draft), hash_of=hash_of, now=now)


def example_summary(day: date) -> SummaryContent:
    """Make up what two invented persons took home from a session on `day`, at its usual length."""
    return SummaryContent(
        focus="You looked for one evening a week that belongs to neither work nor phones, and agreed how to begin.",
        going_well=(
            "Three of the last four screen-free evenings were kept.",
            "Sunday coffee took place, also in a hard week.",
            "You each asked one question before answering.",
        ),
        working_on=(
            "Starting talks about money earlier in the month.",
            "Saying “not tonight” and staying in the room.",
            "Naming the day when a talk will continue.",
        ),
        remember_a="I want a quiet evening more than a perfect one.",
        remember_b="I can be late for the film but not for you.",
        agreements=(
            Agreement(
                "Choose the screen-free evening for the coming month", Whom.BOTH, day + timedelta(days=12)
            ),
            Agreement("Find a drawer where two phones can sleep", Whom.B, day + timedelta(days=11)),
            Agreement("Ask about the second ceramics term", Whom.A, day + timedelta(days=14)),
        ),
        next_time=("Bring one thing that went better than you feared.",),
    )


def _request(session: Session, jane: Player, post: Post, now: datetime) -> None:
    slots = next_free_slots(session, now, count=3, therapist_id=jane.person.id)
    wanted = ConsultationRequest(
        form_id=new_form_id(now), therapist_id=jane.person.id, starts_at=slots[-1].start, zone=ZONE, first_name="Priya",
        email="priya@example.org", partner_name="Tom", partner_knows=PartnerKnows.YES,
        words="We keep planning a move and never talk about why.", mark=Mark.of(post.id, None, now),
    )  # fmt: skip
    request_consultation(session, Anonymous(), wanted, mail=None, now=now)


def _local(instant: datetime, clock: time) -> datetime:
    return datetime.combine(instant.astimezone(ZoneInfo(ZONE)).date(), clock, ZoneInfo(ZONE)).astimezone(
        ZoneInfo("UTC")
    )


def _write_sign_ins(settings: Settings, sign_ins: list[SignIn]) -> None:
    path = settings.instance / "demo-sign-ins.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump([asdict(sign_in) for sign_in in sign_ins], file, indent=1)
