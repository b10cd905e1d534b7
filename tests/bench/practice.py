"""A practice that grows: couples with a history, requests, posts, sign-ins, all made by the services themselves."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

from flask import Flask, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.invitations import invite
from portal.accounts.models import LoginSession, OneTimePurpose, OneTimeToken
from portal.blog.models import Post
from portal.blog.rules import Tag
from portal.blog.service import publish_post
from portal.booking.answering import confirm_consultation
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationRequest, MailWords, PartnerKnows, new_form_id
from portal.booking.service import request_consultation
from portal.calendars.models import CalendarFeed
from portal.clock import utc_now
from portal.couples.models import CoupleStatus
from portal.couples.service import create_couple
from portal.demo import example_summary
from portal.diary.models import OccupiedKind
from portal.diary.own_time import add_own_time
from portal.diary.queries import find_offer
from portal.diary.rules import ConsultationType, Interval, WeeklyHours
from portal.diary.service import add_consultation_type, occupy, set_weekly_hours
from portal.documents.models import Document
from portal.documents.service import begin_rendering, mark_failed, store_rendered
from portal.health.service import beat
from portal.marks import Mark
from portal.meetings.models import Meeting, Place, Presence
from portal.meetings.process_notes import write_process_note
from portal.meetings.service import NewMeeting, record_meeting, write_note
from portal.meetings.showing import hash_of
from portal.meetings.summaries import Opened, opened, release_summary, save_draft
from portal.practice.models import ConsentText, Practice, Therapist
from portal.practice.service import give_consents
from portal.practice.texts import DEFAULT_CONSENTS
from portal.safety.rules import Reply
from portal.safety.service import give_answers
from portal.security.crypto import hashed_token, new_token
from portal.security.tokens import Signer
from portal.security.viewer import Anonymous, Member, TokenPurpose
from portal.transaction import transaction
from tests.bench.between import add_finished_homework, add_homework, add_way, begin_homework
from tests.bench.doorway import Doorway, begin_doorway
from tests.support.cast import Actor, Cast, make_person
from tests.support.individual import all_said, ask_quietly, fill_in
from tests.support.measuring import measures_of
from tests.support.public import public_things

ZONE = "Europe/London"
MEETING = timedelta(minutes=50)
HALF_HOURS = ConsultationType(
    length_minutes=20, buffer_before_minutes=0, buffer_after_minutes=0, minimum_notice_minutes=60, horizon_days=28,
    step_minutes=30,
)  # fmt: skip
CONTENT = example_summary(date(2026, 11, 17))


def _home(_subject_id: UUID) -> str:
    return "https://portal.example.org/"


NO_LINKS = MailWords(
    visitor_page=_home, guest_page=_home, therapist_page=_home, not_me_page=_home, waitlist_page=_home,
    waitlist_offer_page=_home, when=lambda _at, _zone: "soon",
)  # fmt: skip


def record_past_meeting(
    session: Session, therapist: Member, couple_id: UUID, persons: list[UUID], days_ago: int
) -> Meeting:
    """Record a meeting to which both came."""
    now = utc_now()
    begins = datetime.combine((now - timedelta(days=days_ago)).date(), time(18), now.tzinfo)
    both = dict.fromkeys(persons, Presence.CAME)
    return record_meeting(
        session, therapist, couple_id, NewMeeting(begins, MEETING, ZONE, Place.ONLINE, both), now=now
    )


def release_summary_of(session: Session, therapist: Member, meeting: Meeting) -> Document:
    """Write a summary and release it; return the document that is owed."""
    now = utc_now()
    draft = save_draft(session, therapist, meeting.id, content=CONTENT, seen=Opened(1, 0), now=now)
    release_summary(session, therapist, meeting.id, seen=opened(draft), hash_of=hash_of, now=now)
    return session.scalars(select(Document).where(Document.subject_id == draft.id)).one()


@dataclass(kw_only=True)
class GrowingPractice:
    """The fixed cast, and as many couples around it as are asked for; everything else that lists show grows with them.

    `values`: what the addresses of its pages need, by parameter; `tokens`: the same by endpoint.
    """

    app: Flask
    cast: Cast
    values: dict[str, object] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    queries: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _door: Doorway = field(init=False)

    def __post_init__(self) -> None:
        """Open the diary, and prepare what each single page needs."""
        self._days = count(2)
        self._therapist = self.cast.therapist.member()
        self._pair = [self.cast.ana.person_id, self.cast.ben.person_id]
        with self.app.app_context(), transaction() as session:
            self._open_diary(session, self.cast.therapist.person_id)
            beat(session, "web", utc_now())
            self._ask_consents(session)
            self._note_meeting(session)
            ask_quietly(session, self._therapist.person_id, self.cast.couple_id, *self._pair, now=utc_now())
            self._note_document(session)
            self.values |= begin_homework(session, self.cast)
            self.values |= measures_of(session, self.cast, utc_now())
            self._note_links(session)
            self._note_entries(session)
            self._note_doorway(session)
            self._note_mail()

    def grow(self, couples: int) -> None:
        """Add couples with a history, and as many of everything else."""
        with self.app.app_context():
            for number in range(couples):
                with transaction() as session:
                    self._add_couple(session)
                    self._add_history(session, will_fail=number % 2 == 0)
                    self._add_lead(session, is_confirmed=number % 2 == 0)
                    self._door.grow(session, self.cast, self._add_post(session))
                    self._add_colleague(session)
                    self._add_sign_ins(session)

    def _open_diary(self, session: Session, therapist_id: UUID) -> None:
        set_weekly_hours(session, therapist_id, [WeeklyHours(day, time(9), time(17)) for day in range(7)])
        add_consultation_type(session, therapist_id, name="Consultation", kind=HALF_HOURS)

    def _ask_consents(self, session: Session) -> None:
        """Have everybody asked; Ana has said yes."""
        session.add_all(
            ConsentText(kind=kind, version=1, title=title, body=body)
            for kind, (title, body) in DEFAULT_CONSENTS.items()
        )
        session.flush()
        give_consents(session, self.cast.ana.member())

    def _add_couple(self, session: Session) -> None:
        first, second = (make_person(session, name, f"{uuid4()}@example.org") for name in ("Kim", "Lou"))
        couple = create_couple(session, self._therapist, first=first, second=second)
        couple.status = CoupleStatus.ACTIVE
        session.flush()
        invite(session, self._therapist, first, now=utc_now())
        pair = (first.id, second.id)
        for sitting in ask_quietly(session, self._therapist.person_id, couple.id, *pair, now=utc_now()):
            fill_in(session, sitting, all_said(Reply.YES), now=utc_now())
        meeting = record_past_meeting(session, self._therapist, couple.id, [first.id, second.id], 1)
        write_note(session, self._therapist, meeting.id, text="Both warm.", revision=0, now=utc_now())
        save_draft(session, self._therapist, meeting.id, content=CONTENT, seen=Opened(1, 0), now=utc_now())
        add_homework(session, self._therapist, couple.id)

    def _add_history(self, session: Session, *, will_fail: bool) -> Document:
        anew = all_said(Reply.NO, hours=f"After {next(self._days)}")
        give_answers(session, self.cast.ana.member(), anew, now=utc_now())
        add_finished_homework(session, self.cast, utc_now() - timedelta(days=next(self._days)))
        add_way(session, self._therapist, self.cast.couple_id, utc_now())
        meeting = record_past_meeting(
            session, self._therapist, self.cast.couple_id, self._pair, next(self._days)
        )
        document = release_summary_of(session, self._therapist, meeting)
        if will_fail:
            mark_failed(session, document.id, reason="failed", now=utc_now())
        else:
            order = begin_rendering(session, document.id, render_template=render_template, now=utc_now())
            assert order is not None
            assert store_rendered(session, order, b"%PDF-1.7", now=utc_now())
        return document

    def _add_lead(self, session: Session, *, is_confirmed: bool, which: int = 0) -> UUID:
        now, therapist_id = utc_now(), self.cast.therapist.person_id
        offer = find_offer(session, now, therapist_id)
        assert offer is not None
        wanted = ConsultationRequest(
            form_id=new_form_id(now), therapist_id=therapist_id, starts_at=offer.free(now)[which].start,
            zone=ZONE, first_name="Priya", email=f"{uuid4()}@example.org", partner_name="Tom",
            partner_knows=PartnerKnows.YES, words="We keep planning a move.",
            mark=Mark.of(self._add_post(session).id, None, now),
        )  # fmt: skip
        lead = request_consultation(session, Anonymous(), wanted, mail=NO_LINKS, now=now)
        if is_confirmed:
            confirm_consultation(session, self._therapist, lead, mail=NO_LINKS, now=now)
        return lead.id

    def _add_post(self, session: Session) -> Post:
        author = session.get_one(Therapist, self.cast.therapist_profile_id)
        slug = f"post-{uuid4()}"
        self.values.setdefault("slug", slug)
        words = {"title": "A quiet evening", "lead": "On phones and drawers.", "body": "## One\n\nWords.\n"}
        tags = (Tag("evenings", "Evenings"),)
        post = publish_post(session, author, slug=slug, **words, published_at=utc_now(), tags=tags)
        self.values |= public_things(session, self.cast, post)
        return post

    def _add_colleague(self, session: Session) -> None:
        person = make_person(session, "Robin")
        profile = Therapist(
            person_id=person.id, display_name="Robin Hale", title_line="Couples therapist", approach="Slow.", zone=ZONE,
            position=9,
        )  # fmt: skip
        session.add(profile)
        session.flush()
        self._open_diary(session, person.id)

    def _add_sign_ins(self, session: Session) -> None:
        for actor in (self.cast.ana, self.cast.therapist, self.cast.front_desk, self.cast.owner):
            session.add(_sign_in(actor, secrets.token_bytes(32)))

    def _note_meeting(self, session: Session) -> None:
        meeting = record_past_meeting(session, self._therapist, self.cast.couple_id, self._pair, 1)
        now = utc_now()
        write_note(session, self._therapist, meeting.id, text="Both warm.", revision=0, now=now)
        write_process_note(session, self._therapist, meeting.id, text="Slow down.", revision=0, now=now)
        save_draft(session, self._therapist, meeting.id, content=CONTENT, seen=Opened(1, 0), now=now)
        self.values |= {
            "couple_id": self.cast.couple_id,
            "meeting_id": meeting.id,
            "person_id": self.cast.ana.person_id,
        }

    def _note_document(self, session: Session) -> None:
        document = self._add_history(session, will_fail=False)
        self.values |= {"document_id": document.id, "summary_id": document.subject_id}

    def _note_links(self, session: Session) -> None:
        signer: Signer = self.app.extensions["signer"]
        lead_id = self._add_lead(session, is_confirmed=False, which=-1)  # so late that it may be moved
        booked = signer.sign_id(TokenPurpose.CONSULTATION, lead_id)
        second = make_person(session, "Tom")
        session.get_one(Consultation, lead_id).guest_id = second.id
        joined = signer.sign_id(TokenPurpose.CONSULTATION_GUEST, second.id)
        guest = make_person(session, "Noor", "noor@example.org")
        issued = invite(session, self._therapist, guest, now=utc_now())
        self.values["consultation_id"] = lead_id
        feed = new_token()
        session.add(
            CalendarFeed(
                person_id=self.cast.therapist.person_id, token_hash=hashed_token(feed), last_used_at=utc_now()
            )
        )
        self.tokens = {
            "booking.booked": booked,
            "booking.event": booked,
            "booking.move": booked,
            "booking.cancel": booked,
            "booking.come_along": signer.sign_id(TokenPurpose.CONSULTATION_GUEST, lead_id),
            "booking.guest": joined,
            "booking.guest_event": joined,
            "booking.verify": signer.sign_id(TokenPurpose.CONSULTATION_CODE, lead_id),
            "booking.not_me": signer.sign_id(
                TokenPurpose.NOT_ME, session.get_one(Consultation, lead_id).person_id
            ),
            "calendars.events": feed,
            "embed.booked": booked,
            "embed.event": booked,
            "embed.verify": signer.sign_id(TokenPurpose.CONSULTATION_CODE, lead_id),
            "accounts.invitation": issued.token,
            "accounts.choose_password": _reset_token(session, self.cast.ana),
        }
        offer = find_offer(session, utc_now(), self.cast.therapist.person_id)
        assert offer is not None
        last = offer.free(utc_now())[-1]
        wanted = {"start": f"{last.start:%Y-%m-%dT%H:%M:%SZ}", "zone": ZONE}
        self.queries = {"booking.details": wanted, "embed.details": wanted}

    def _note_entries(self, session: Session) -> None:
        """Put own time into the diary, and let somebody hold a time; each has a page."""
        now, far = utc_now(), utc_now() + timedelta(days=40)
        own = add_own_time(
            session, self._therapist, OccupiedKind.BLOCK, Interval(far, far + MEETING), now=now
        )
        held = occupy(
            session, therapist_id=self._therapist.person_id, starts_at=far + MEETING, ends_at=far + 2 * MEETING,
            kind=OccupiedKind.HOLD, code="H", expires_at=now + timedelta(hours=8),
        )  # fmt: skip
        self.values |= {"occupied_id": own.id, "occupied_id of diary.entry": held.id}

    def _note_doorway(self, session: Session) -> None:
        session.scalars(select(Practice)).one().security_contact = "mailto:holes@practice.example.org"
        self._door = begin_doorway(session, self.cast, self.app.extensions["signer"])
        self.values |= self._door.values
        self.tokens |= self._door.tokens

    def _note_mail(self) -> None:
        mail, mail_id = EmailMessage(), uuid4()
        mail["To"], mail["Subject"], mail["Date"] = "noor@example.org", "Your appointment", utc_now()
        mail.set_content("Hello.")
        folder: Path = self.app.extensions["settings"].instance / "mail"
        folder.mkdir(exist_ok=True)
        (folder / f"{mail_id}.eml").write_bytes(mail.as_bytes())
        self.values["mail_id"] = mail_id


def _sign_in(actor: Actor, token_hash: bytes) -> LoginSession:
    now = utc_now()
    return LoginSession(
        account_id=actor.account_id, token_hash=token_hash, device="Test", proved_at=now, last_seen_at=now,
        expires_at=now + timedelta(hours=8),
    )  # fmt: skip


def _reset_token(session: Session, actor: Actor) -> str:
    token = new_token()
    session.add(
        OneTimeToken(
            account_id=actor.account_id, purpose=OneTimePurpose.RESET, token_hash=hashed_token(token),
            expires_at=utc_now() + timedelta(hours=1),
        )
    )  # fmt: skip
    session.flush()
    return token
