"""What the demo's doorway looks like after half a year: places, a question, a letter, who came by which article, who comes.

Bookings are written as they would have been left behind; nobody is mailed about them.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assessments.short_form import short_form
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.blog.models import Post
from portal.booking.intake import add_question
from portal.booking.models import Attendance, Consultation, ConsultationStatus, Enquiry, WaitlistEntry
from portal.booking.queries import form_code
from portal.booking.rules import ConsultationRequest, PartnerKnows, new_code, new_form_id
from portal.booking.service import request_consultation
from portal.booking.wishes import MORNING_PART
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow, OccupiedKind, PlaceKind, TimeOff
from portal.diary.opening import PlaceWords, save_place, save_type
from portal.diary.queries import next_free_slots
from portal.diary.service import occupy
from portal.marks import Mark
from portal.people.models import Person
from portal.people.service import add_person
from portal.practice.models import PageKind
from portal.practice.pages import default_page
from portal.practice.queries import get_practice
from portal.practice.service import write_page
from portal.security.viewer import Anonymous, Member
from portal.shortform.service import Finished, bring_alone, keep
from portal.sources.models import Step, StepCount
from portal.sources.service import keep_touch, make_link

NAMES = (
    "Alex", "Bea", "Cem", "Dora", "Elif", "Finn", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Leo", "Mina", "Noor", "Otto",
    "Pia", "Quinn", "Rosa", "Sami", "Tara", "Uma", "Vera",
)  # fmt: skip
BOOKED = (9, 7, 6)  # by the newest three articles
MISSED_EVERY = 5  # one in five did not come
MONTHS = 6
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
SATURDAY = 1 << 5
SHORT_TEST, SHORT_TEST_SECONDS = "5411444422225544", 190
GAP = re.compile(r"\[[^\]]*\]")
GAPS = {  # every body and address here is invented
    PageKind.IMPRINT: (
        "12 Harbour Walk, Bristol, United Kingdom",
        "Jane Parker, couples therapist, and Samir Haddad, couples and family therapist: Example Register of Couples Therapists, 0001 and 0002.",
        "Example Mutual, for work in the United Kingdom and online. The Example Register hears complaints.",
    ),
    PageKind.PRIVACY: (
        "and 12 Harbour Walk, Bristol",
        "– nor does the company that hosts it",
        "seven years, by the rules of the Example Register",
        "(UK GDPR, Article 6(1)(b))",
        "(UK GDPR, Article 9(2)(a))",
        "the Example Commissioner for Information, 2 Example Street, London",
        "Example Hosting Ltd, whose machines stand in London, and Example Mail Ltd, which passes our mails on.",
    ),
    PageKind.ACCESSIBILITY: (
        "and by people: each spring, by two who use a screen reader",
        "Some pictures in older articles are described in a few words only.",
        "within five working days",
        "If that does not help: the Example Advice Service, 3 Example Street, London.",
    ),
}


@dataclass(frozen=True, slots=True)
class Doorway:
    """Whose it is, and the articles that lead there, newest first."""

    owner: Member
    therapist: Member
    zone: str
    posts: Sequence[Post]


def furnish_doorway(session: Session, doorway: Doorway, now: datetime) -> None:
    """Invent it; the type of consultation and the time off are there already."""
    jane = doorway.therapist
    type_ = session.scalars(
        select(ConsultationTypeRow).where(ConsultationTypeRow.therapist_id == jane.person_id)
    ).one()
    _places(session, jane, type_.id, now)
    for off in session.scalars(select(TimeOff).where(TimeOff.therapist_id == jane.person_id)):
        off.cover_line = "Samir Haddad reads urgent messages meanwhile: 01632 960010"
    add_question(
        session, jane, words="What would make this first talk worthwhile for you?", is_required=False
    )
    make_link(session, jane, name="Leaflet in the library", code="leaflet", post_id=None)
    _who_came(session, doorway, type_.id, now)
    _who_comes(session, doorway, now)
    _counts(session, doorway.posts, now.date())
    _letter(session, doorway)
    _waiting(session, doorway, type_.id)
    for kind, told in GAPS.items():
        write_page(
            session, doorway.owner, kind, _filled_in(default_page(kind, get_practice(session)), told), now
        )


def _filled_in(text: str, told: Sequence[str]) -> str:
    """Put invented facts into the gaps of one of our texts, in order."""
    facts = iter(told)
    return GAP.sub(lambda _gap: next(facts), text)


def _places(session: Session, jane: Member, type_id: UUID, now: datetime) -> None:
    online = PlaceWords(
        PlaceKind.ONLINE,
        "Online",
        "",
        None,
        "The address of the video room stands here an hour before we begin.",
    )
    room = PlaceWords(
        PlaceKind.ROOM,
        "The room in Bristol",
        "12 Harbour Walk, Bristol",
        "Europe/London",
        "The blue door beside the bakery. There is a lift; ring at “Walk”.",
    )
    ids = [save_place(session, jane, words, now=now).id for words in (online, room)]
    save_type(session, jane, {}, ids, now=now, type_id=type_id)


def _who_came(session: Session, doorway: Doorway, type_id: UUID, now: datetime) -> None:
    names = iter(NAMES)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    weeks = iter(range(3, 3 + sum(BOOKED)))
    for post, number in zip(doorway.posts, BOOKED, strict=False):
        for count in range(number):
            starts_at = midnight - next(weeks) * A_WEEK + timedelta(hours=11)
            person = add_person(session, first_name=next(names), zone=doorway.zone)
            booked = _past(session, doorway, person, type_id=type_id, starts_at=starts_at, post_id=post.id)
            booked.attendance = Attendance.CAME if (count + 1) % MISSED_EVERY else Attendance.MISSED


def _past(
    session: Session, doorway: Doorway, person: Person, *, type_id: UUID, starts_at: datetime, post_id: UUID
) -> Consultation:
    therapist_id, asked_at = doorway.therapist.person_id, starts_at - 5 * A_DAY
    ends_at = starts_at + timedelta(minutes=20)
    occupied = occupy(
        session, therapist_id=therapist_id, starts_at=starts_at, ends_at=ends_at, kind=OccupiedKind.CONSULTATION,
        code=new_code(),
    )  # fmt: skip
    consultation = Consultation(
        therapist_id=therapist_id, person_id=person.id, occupied_id=occupied.id, type_id=type_id, post_id=post_id,
        touch_id=keep_touch(session, Mark.of(post_id, None, asked_at)).id, starts_at=starts_at, ends_at=ends_at,
        zone=doorway.zone, status=ConsultationStatus.CONFIRMED, partner_knows=PartnerKnows.YES, created_at=asked_at,
        answered_at=asked_at + A_DAY, settled_at=asked_at + A_DAY, request_code=secrets.token_bytes(32),
        body_code=secrets.token_bytes(32), person=person,
    )  # fmt: skip
    session.add(consultation)
    session.flush()
    record_of(session, Anonymous(), Action.CONSULTATION_REQUESTED, consultation)
    return consultation


def _who_comes(session: Session, doorway: Doorway, now: datetime) -> None:
    """Two are expected: one at the time that was asked for, one at another."""
    first, before, after = next_free_slots(session, now, count=3, therapist_id=doorway.therapist.person_id)
    words = "We are good at holidays and bad at Mondays."
    _expected(session, doorway, now, starts_at=first.start, first_name="Noa", words=words)
    words = "I would rather come alone the first time."
    moved = _expected(session, doorway, now, starts_at=after.start, first_name="Theo", words=words)
    moved.previous_starts_at, moved.calendar_sequence = before.start, moved.calendar_sequence + 1
    record_of(session, Anonymous(), Action.CONSULTATION_MOVED, moved)


def _expected(
    session: Session, doorway: Doorway, now: datetime, *, starts_at: datetime, first_name: str, words: str
) -> Consultation:
    asked_at = now - 2 * A_DAY
    wanted = ConsultationRequest(
        form_id=new_form_id(now), therapist_id=doorway.therapist.person_id, starts_at=starts_at, zone=doorway.zone,
        first_name=first_name, email=f"{first_name.lower()}@example.org", partner_name="", partner_knows=PartnerKnows.NO,
        words=words,
        mark=Mark.of(doorway.posts[0].id, None, asked_at),
    )  # fmt: skip
    expected = request_consultation(session, Anonymous(), wanted, mail=None, now=now)
    expected.created_at, expected.answered_at, expected.settled_at = asked_at, now - A_DAY, now - A_DAY
    expected.status, expected.calendar_sequence = ConsultationStatus.CONFIRMED, 1
    record_of(session, doorway.therapist, Action.CONSULTATION_CONFIRMED, expected)
    return expected


def _counts(session: Session, posts: Sequence[Post], today: date) -> None:
    """Give each article a few months of readers, fewer for older ones."""
    first = today.year * 12 + today.month - 1
    for age, post in enumerate(posts):
        for back in range(MONTHS):
            month = date((first - back) // 12, (first - back) % 12 + 1, 1)
            read = 60 + 37 * ((back * 3 + age * 5) % 7) // (age + 1)
            for step, number in ((Step.ARTICLE_READ, read), (Step.WIDGET_SEEN, read // 3)):
                session.add(StepCount(month=month, source=f"post:{post.id}", step=step, number=number))
    session.flush()


def _letter(session: Session, doorway: Doorway) -> None:
    writer = add_person(session, first_name="Lena", email="lena@example.org", zone=doorway.zone)
    letter = Enquiry(
        therapist_id=doorway.therapist.person_id, person_id=writer.id, request_code=secrets.token_bytes(32),
        words="One of us works on a ship and is home every third week. Could we begin online and meet in the room later?",
    )  # fmt: skip
    session.add(letter)
    session.flush()
    record_of(session, Anonymous(), Action.ENQUIRY_SENT, letter)


def _waiting(session: Session, doorway: Doorway, type_id: UUID) -> None:
    """Somebody waits for Saturday mornings, which nobody offers yet, and brought a short test."""
    person = add_person(session, first_name="Marek", email="marek@example.org", zone=doorway.zone)
    now, form = utc_now(), short_form()
    form_id = new_form_id(now)
    entry = WaitlistEntry(
        therapist_id=doorway.therapist.person_id, type_id=type_id, person_id=person.id, zone=doorway.zone,
        weekdays=SATURDAY, parts=MORNING_PART, request_code=form_code(session, form_id), person=person,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    answers = {one.id: int(digit) for one, digit in zip(form.statements, SHORT_TEST, strict=True)}
    bring_alone(session, form, Finished(answers, SHORT_TEST_SECONDS), form_id, now)
    keep(session, entry.request_code, person.id, PartnerKnows.UNSAID, now)
    record_of(session, Anonymous(), Action.WAITLIST_JOINED, entry)
