"""One of each thing, belonging to Jane and the couple Ana and Ben: what the access and page tests point at."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts.invitations import invite
from portal.accounts.models import OneTimePurpose, OneTimeToken
from portal.blog.models import Post
from portal.booking.models import Consultation, IntakeQuestion, WaitlistEntry, WaitlistOffer
from portal.booking.rules import ConsultationStatus, PartnerKnows
from portal.calendars.models import (
    CalendarFeed,
    CalendarQuestion,
    FoundChange,
    OutsideCalendar,
    OutsideKind,
    OutsideState,
)
from portal.clock import utc_now
from portal.diary.models import (
    ConsultationTypeRow,
    OccupiedInterval,
    OccupiedKind,
    PlaceKind,
    PlaceRow,
    SpecialHours,
    TimeOff,
    WeeklyHoursRow,
)
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.exercises.authoring import begin_exercise, publish_exercise
from portal.exercises.checking import find_exercise
from portal.exercises.drafts import copy_of
from portal.files.store import put_blob
from portal.homework.models import Answer, Assignment, Comment, Response, TaskKind
from portal.homework.rules import Gate, Reach, Scope, Step
from portal.meetings.models import Attendance, Meeting, Place, Presence, Summary, SummaryState
from portal.meetings.rules import SummaryContent, content_json
from portal.pathways.rules import Delivery, Rule
from portal.pathways.service import plan_of, save_template, start_pathway
from portal.pathways.shipped import PlannedStep
from portal.practice.models import EmbedOrigin
from portal.practice.queries import get_practice
from portal.safety.models import SafetySitting
from portal.safety.rules import Reply
from portal.security.crypto import Owner, OwnerKind, hashed_token
from portal.security.viewer import TokenPurpose
from portal.sources.models import CampaignLink
from portal.transaction import transaction
from tests.support.authenticator import keep_passkey
from tests.support.cast import Actor, Cast, make_cast, make_person
from tests.support.individual import all_said, ask_quietly, fill_in
from tests.support.measuring import measures_of
from tests.support.public import public_things

RESET_TOKEN = "r" * 43
FEED_TOKEN = "f" * 43
PDF = b"%PDF-1.7 a small stand-in, only ever handed out\n%%EOF"


@dataclass(frozen=True)
class World:
    """The cast, and the value that stands for each name of a URL parameter."""

    cast: Cast
    places: dict[str, object]
    viewers: dict[str, Actor | None]


def make_world(app: Flask) -> World:
    """Commit the cast and one of everything of Jane's."""
    with app.test_request_context(), transaction() as session:
        cast = make_cast(session)
        post = Post(
            slug="two-lists", author_id=cast.therapist_profile_id, title="Two lists", lead="A start.", body="Words.",
            published_at=utc_now() - timedelta(days=1),
        )  # fmt: skip
        session.add(post)
        session.flush()
        lead = _consultation(session, cast, post)
        own_time = _own_time(session, cast)
        question = _calendars(session, cast, lead)
        meeting, summary, document = _meeting(session, cast)
        sitting = _individual_questions(session, cast)
        exercise = assign_to_both(session, cast, TaskKind.EXERCISE, "values-compass", Gate.BOTH)
        test = assign_to_both(session, cast, TaskKind.TEST, "rrt", Gate.THERAPIST)
        answer, comment = _commented_answer(session, cast)
        invited = make_person(session, "Ivo")
        token = invite(session, cast.therapist.member(), invited, now=utc_now()).token
        session.add(
            OneTimeToken(
                account_id=cast.ana.account_id, purpose=OneTimePurpose.RESET, token_hash=hashed_token(RESET_TOKEN),
                expires_at=utc_now() + timedelta(hours=1), tries_left=5,
            )
        )  # fmt: skip
        places: dict[str, object] = {
            "occupied_id": lead.occupied_id, "occupied_id of diary.own_time": own_time.id,
            "occupied_id of diary.remove_time": own_time.id,
            "calendar_id": question.calendar_id, "question_id": question.id,
            "couple_id": cast.couple_id, "meeting_id": meeting.id, "summary_id": summary.id, "document_id": document.id,
            "person_id": cast.ana.person_id, "consultation_id": lead.id, "slug": "two-lists", "login_session_id": uuid4(),
            "sitting_id": sitting.id, "mail_id": uuid4(), "filename": "css/portal.css", "assignment_id": exercise.assignment_id,
            "response_id": exercise.id, "assignment_id of assessments": test.assignment_id,
            "response_id of assessments": test.id, "stage": 1, "page": 1, "step": "place",
        }  # fmt: skip
        alone = session.get_one(Response, answer.response_id).assignment_id
        places |= {"answer_id": answer.id, "comment_id": comment.id}
        places |= {f"assignment_id of homework.{name}": alone for name in ("comment", "take_back_comment")}
        places |= _pathway(session, cast) | _own_exercise(session, cast)
        places |= measures_of(session, cast, utc_now())
        places |= {
            "task_id of exercises": "values-compass",
            "version of exercises": "1",
            "line_id of exercises": uuid4(),
            "goal_id": uuid4(),
        }
        places |= public_things(session, cast, post) | opening(session, cast)
        signed = app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION, lead.id)
        not_me = app.extensions["signer"].sign_id(TokenPurpose.NOT_ME, lead.person_id)
        tokens = {
            "accounts.invitation": token,
            "accounts.accept_invitation": token,
            "accounts.choose_password": RESET_TOKEN,
            "calendars.events": FEED_TOKEN,
            "booking.not_me": not_me,
            "booking.say_not_me": not_me,
            "booking.undo_not_me": not_me,
        }
        link = CampaignLink(code="letter", name="Letter", post_id=post.id)
        session.add(link)
        session.flush()
        site = EmbedOrigin(origin="https://blog.example.org")
        session.add(site)
        session.flush()
        places |= {
            "link_id": link.id,
            "code of sources": link.code,
            "origin_id": site.id,
            "frame": "blog.example.org",
        }
        waiting, offered = wait_for_time(session, cast)
        sign = app.extensions["signer"].sign_id
        places["question_id of booking"] = _question(session)
        for endpoint in ("verify", "enter", "send_again"):
            tokens[f"booking.{endpoint}"] = sign(TokenPurpose.CONSULTATION_CODE, lead.id)
        places["entry_id"] = waiting.id
        places["passkey_id"] = keep_passkey(session, cast.ana.account_id).id
        for endpoint in ("come_along", "join_in"):
            tokens[f"booking.{endpoint}"] = sign(TokenPurpose.CONSULTATION_GUEST, lead.id)
        for endpoint in ("guest", "guest_event", "leave"):
            tokens[f"booking.{endpoint}"] = sign(TokenPurpose.CONSULTATION_GUEST, lead.guest_id)
        for endpoint in ("waiting", "leave_list"):
            tokens[f"booking.{endpoint}"] = sign(TokenPurpose.WAITLIST, waiting.id)
        for endpoint in ("waitlist_offer", "take_offered", "refuse_offered"):
            tokens[f"booking.{endpoint}"] = sign(TokenPurpose.WAITLIST_OFFER, offered.id)
        places |= {"token": signed, **{f"token of {endpoint}": value for endpoint, value in tokens.items()}}
    viewers: dict[str, Actor | None] = {
        "visitor": None, "ana": cast.ana, "ben": cast.ben, "cleo": cast.cleo, "jane": cast.therapist, "sam": cast.stranger,
        "fay": cast.front_desk, "olive": cast.owner,
    }  # fmt: skip
    return World(cast, places, viewers)


def path_of(app: Flask, world: World, endpoint: str) -> str:
    """Fill an endpoint's address with Jane's things: the endpoint's own, its area's, or the common one."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    area = endpoint.partition(".")[0]
    values: dict[str, Any] = {
        name: next(
            world.places[key]
            for key in (f"{name} of {endpoint}", f"{name} of {area}", name)
            if key in world.places
        )
        for name in rule.arguments
    }
    with app.test_request_context():
        return app.url_for(endpoint, **values)


def assign_to_both(session: Session, cast: Cast, kind: TaskKind, task_id: str, gate: Gate) -> Response:
    """Ask Ana and Ben for something of one stage; gives Ana's part, which she has begun."""
    assignment = Assignment(
        couple_id=cast.couple_id, assigned_by_id=cast.therapist.person_id, kind=kind, task_id=task_id, task_version="1",
        gate=gate,
    )  # fmt: skip
    session.add(assignment)
    session.flush()
    parts = [
        Response(assignment_id=assignment.id, stage=1, person_id=actor.person_id)
        for actor in (cast.ana, cast.ben)
    ]
    parts[0].begun_at = utc_now()
    session.add_all(parts)
    session.flush()
    return parts[0]


def _pathway(session: Session, cast: Cast) -> dict[str, object]:
    """A template of the practice, and the couple on a pathway whose first step comes on Monday."""
    jane, now = cast.therapist.member(), utc_now()
    steps = (PlannedStep("exercise", "my-goals-our-overlap", Rule(Delivery.WEEKDAY, weekday=0)),)
    template = save_template(session, jane, None, title="Quietly", purpose="", steps=steps, now=now)
    pathway = start_pathway(session, jane, cast.couple_id, plan_of(template), zone="Europe/London", now=now)
    return {"template_id": template.id, "pathway_id": pathway.id, "step_id": pathway.steps[0].id}


def _own_exercise(session: Session, cast: Cast) -> dict[str, object]:
    """An exercise that Jane copied and published, and shares with nobody."""
    jane, now = cast.therapist.member(), utc_now()
    row = begin_exercise(session, jane, copy_of(find_exercise("values-compass", "1")), now=now)
    publish_exercise(
        session, jane, row.id, therapist="What they write.", partner="What both shared.", now=now
    )
    return {
        "exercise_id": row.id, "prompt_id": "tender", "side": "a", "part": 1, "task_id of exercises.preview": str(row.id),
    }  # fmt: skip


def _commented_answer(session: Session, cast: Cast) -> tuple[Answer, Comment]:
    """Ana has finished something for herself alone, and Jane has said something about it."""
    asked = Assignment(
        couple_id=cast.couple_id, for_person_id=cast.ana.person_id, assigned_by_id=cast.therapist.person_id,
        kind=TaskKind.EXERCISE, task_id="one-shared-goal", task_version="1", gate=Gate.BOTH,
    )  # fmt: skip
    session.add(asked)
    session.flush()
    part = Response(
        assignment_id=asked.id, stage=1, person_id=cast.ana.person_id, step=Step.SUBMITTED, begun_at=utc_now(),
        submitted_at=utc_now(),
    )  # fmt: skip
    session.add(part)
    session.flush()
    answer = Answer(
        response_id=part.id, person_id=cast.ana.person_id, prompt_id="ideas", scope=Scope.THERAPIST, saved_at=utc_now(),
        value='"A shelf."',
    )  # fmt: skip
    session.add(answer)
    session.flush()
    comment = Comment(
        answer_id=answer.id, couple_id=cast.couple_id, person_id=cast.ana.person_id,
        written_by_id=cast.therapist.person_id, reach=Reach.AUTHOR, words="A good one.",
    )  # fmt: skip
    session.add(comment)
    session.flush()
    return answer, comment


def _consultation(session: Session, cast: Cast, post: Post) -> Consultation:
    person = make_person(session, "Priya", "priya@example.org")
    start = (utc_now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    occupied = OccupiedInterval(
        therapist_id=cast.therapist.person_id, starts_at=start, ends_at=start + timedelta(minutes=30),
        kind=OccupiedKind.CONSULTATION, code="K7Q",
    )  # fmt: skip
    session.add(occupied)
    session.flush()
    lead = Consultation(
        therapist_id=cast.therapist.person_id, person_id=person.id, occupied_id=occupied.id, post_id=post.id, starts_at=start,
        ends_at=start + timedelta(minutes=20), zone="Europe/London", status=ConsultationStatus.REQUESTED,
        partner_knows=PartnerKnows.YES, partner_name="Tom", words="We want to move.", request_code=b"1" * 32, body_code=b"2" * 32,
    )  # fmt: skip
    lead.guest_id = make_person(session, "Tom", "tom@example.org").id
    session.add(lead)
    session.flush()
    return lead


def _own_time(session: Session, cast: Cast) -> OccupiedInterval:
    start = (utc_now() + timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    row = OccupiedInterval(
        therapist_id=cast.therapist.person_id, starts_at=start, ends_at=start + timedelta(hours=1),
        kind=OccupiedKind.BLOCK, code="Own time",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _question(session: Session) -> UUID:
    question = IntakeQuestion(position=0, words="How did you hear of us?")
    session.add(question)
    session.flush()
    return question.id


def opening(session: Session, cast: Cast) -> dict[str, object]:
    """One of everything that opens a diary; none of it makes anything bookable."""
    jane, past, later = cast.therapist.person_id, date(2026, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)
    rows = {
        "period_id": WeeklyHoursRow(
            therapist_id=jane, weekday=0, starts=time(9), ends=time(12), valid_until=past
        ),
        "special_id": SpecialHours(therapist_id=jane, on_date=past),
        "place_id": PlaceRow(
            therapist_id=jane,
            kind=PlaceKind.ONLINE,
            name="Online",
            is_active=False,
            practice_id=get_practice(session).id,
        ),
        "type_id": ConsultationTypeRow(
            therapist_id=jane, name="Old talk", length_minutes=30, is_active=False
        ),
        "off_id": TimeOff(therapist_id=jane, starts_at=later, ends_at=later + timedelta(days=1)),
    }
    session.add_all(rows.values())
    session.flush()
    return {name: row.id for name, row in rows.items()}


def wait_for_time(session: Session, cast: Cast) -> tuple[WaitlistEntry, WaitlistOffer]:
    """Let Noor wait for a time of Jane's, and offer her one."""
    person = make_person(session, "Noor", "noor@example.org")
    kind = ConsultationTypeRow(
        therapist_id=cast.therapist.person_id, name="Consultation", length_minutes=20, is_active=False
    )
    start = (utc_now() + timedelta(days=5)).replace(minute=0, second=0, microsecond=0)
    occupied = OccupiedInterval(
        therapist_id=cast.therapist.person_id, starts_at=start, ends_at=start + timedelta(minutes=20),
        kind=OccupiedKind.OFFER, code="W4T", expires_at=utc_now() + timedelta(hours=4),
    )  # fmt: skip
    session.add_all([kind, occupied])
    session.flush()
    entry = WaitlistEntry(
        therapist_id=cast.therapist.person_id, type_id=kind.id, person_id=person.id, zone="Europe/London", weekdays=127,
        parts=7, request_code=b"3" * 32,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    offer = WaitlistOffer(
        entry_id=entry.id, occupied_id=occupied.id, starts_at=start, ends_at=start + timedelta(minutes=20),
        expires_at=utc_now() + timedelta(hours=4),
    )  # fmt: skip
    session.add(offer)
    session.flush()
    return entry, offer


def _calendars(session: Session, cast: Cast, lead: Consultation) -> CalendarQuestion:
    """Jane's feed, a calendar elsewhere that nobody can reach, and what was once found there."""
    therapist_id = cast.therapist.person_id
    calendar = OutsideCalendar(
        therapist_id=therapist_id, kind=OutsideKind.CALDAV, name="Private", address="https://127.0.0.1/dav/", user_name="jane",
        password="sesame", state=OutsideState.FAILING, checked_at=utc_now(),
    )  # fmt: skip
    feed = CalendarFeed(person_id=therapist_id, token_hash=hashed_token(FEED_TOKEN), last_used_at=utc_now())
    session.add_all([calendar, feed])
    session.flush()
    question = CalendarQuestion(
        therapist_id=therapist_id,
        calendar_id=calendar.id,
        occupied_id=lead.occupied_id,
        change=FoundChange.DELETED,
    )
    session.add(question)
    session.flush()
    return question


def _meeting(session: Session, cast: Cast) -> tuple[Meeting, Summary, Document]:
    start = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
    meeting = Meeting(
        couple_id=cast.couple_id, therapist_id=cast.therapist.person_id, number=1, starts_at=start,
        ends_at=start + timedelta(minutes=50), zone="Europe/London", place=Place.ONLINE,
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    for actor in (cast.ana, cast.ben):
        session.add(Attendance(meeting_id=meeting.id, person_id=actor.person_id, presence=Presence.CAME))
    content = content_json(
        SummaryContent(
            focus="One evening a week.", remember_a="A line of Ana's.", remember_b="A line of Ben's."
        )
    )
    summary = Summary(
        meeting_id=meeting.id, couple_id=cast.couple_id, version=1, content=content, content_hash="0" * 64, saved_at=start,
        state=SummaryState.RELEASED, released_at=start,
    )  # fmt: skip
    session.add(summary)
    session.flush()
    blob = put_blob(session, Owner(OwnerKind.COUPLE, cast.couple_id), PDF)
    document = Document(
        kind=DocumentKind.SUMMARY, subject_id=summary.id, revision=summary.revision, couple_id=cast.couple_id,
        state=DocumentState.READY, name="document-abc234.pdf", blob_id=blob.id, ready_at=start,
    )  # fmt: skip
    session.add(document)
    session.flush()
    return meeting, summary, document


def _individual_questions(session: Session, cast: Cast) -> SafetySitting:
    asked, answered = (utc_now() - timedelta(days=days) for days in (2, 1))
    persons = (cast.ana.person_id, cast.ben.person_id)
    sittings = ask_quietly(session, cast.therapist.person_id, cast.couple_id, *persons, now=asked)
    fill_in(session, sittings[0], all_said(Reply.NO), now=answered)
    return sittings[0]


def unknown_places(world: World) -> World:
    """The same world with ids that never existed."""
    fresh = {name: uuid4() if isinstance(value, UUID) else value for name, value in world.places.items()}
    return World(world.cast, fresh, world.viewers)
