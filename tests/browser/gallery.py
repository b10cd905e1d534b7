"""A portal served to real browsers from this process, filled so that each of its pages has something to show."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from playwright.sync_api import BrowserContext
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts.invitations import invite
from portal.accounts.models import Account, OneTimePurpose, OneTimeToken
from portal.assessments.definition import readiness_test
from portal.assessments.differing import say_differ
from portal.assessments.service import fingerprint, finish, preview, share
from portal.blog.models import Post
from portal.booking.models import Consultation, ConsultationMessage
from portal.booking.rules import ConsultationStatus, EndedBy, PartnerKnows
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.couples.service import create_couple
from portal.demo import ZONE, seed
from portal.diary.models import OccupiedKind, PlaceKind
from portal.diary.opening import PlaceWords, save_place
from portal.diary.own import list_time_off, list_types, list_weekly
from portal.diary.own_time import add_own_time
from portal.diary.queries import next_free_slots
from portal.diary.rules import Interval
from portal.diary.service import occupy
from portal.documents.models import Document, DocumentState
from portal.files.store import put_blob
from portal.homework.answers import Change, save_answers
from portal.homework.models import Assignment, Response, TaskKind
from portal.homework.queries import busy_with
from portal.homework.registry import library
from portal.homework.rules import Gate, PageMark, Scope, Standing
from portal.homework.service import assign, begin, end_assignment, open_stage, submit
from portal.meetings.models import Meeting, Note, Place, Presence, Summary
from portal.meetings.rules import content_from_json
from portal.meetings.service import NewMeeting, record_meeting, write_note
from portal.meetings.showing import hash_of
from portal.meetings.summaries import begin_correction, opened, release_summary, save_draft
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.models import Person, SafeContact
from portal.people.rules import Card, Channel, SafeRange, Voicemail
from portal.people.service import add_person
from portal.practice.models import Consent
from portal.safety.models import SafetyNudge
from portal.safety.rules import Reply
from portal.security.crypto import Owner, OwnerKind, hashed_token
from portal.security.login import cookie_name
from portal.security.viewer import Member, Role, TokenPurpose
from portal.settings import Settings
from portal.transaction import transaction
from portal.web.filters import utc_iso
from tests.browser.calendars import hang_calendars
from tests.browser.exercises import hang_exercises
from tests.browser.face import hang_public_face
from tests.browser.frames import hang_frames
from tests.browser.measures import hang_measures
from tests.browser.pathways import hang_pathways
from tests.browser.waitlist import hang_waitlist
from tests.conftest import settings_for
from tests.support.authenticator import keep_passkey
from tests.support.cast import begin_sign_in
from tests.support.individual import all_said, ask_quietly, fill_in
from tests.support.serving import home_of, served

RESET_TOKEN = "r" * 43
MAIL = """To: us@example.org
Subject: Your invitation
Date: Fri, 20 Nov 2026 16:05:00 +0000
Content-Type: text/plain; charset=utf-8

You are invited to set up a login of your own: http://localhost/invitations/x
"""


@dataclass(kw_only=True)
class Gallery:
    """Where the pages hang. ``paths``: address by the name of what hangs there; ``logins``: account ids by user name."""

    app: Flask
    home: str
    paths: dict[str, str] = field(default_factory=dict)
    logins: dict[str, UUID] = field(default_factory=dict)

    def let_in(
        self, context: BrowserContext, user_name: str, *, waiting: bool = False, limited: bool = False
    ) -> None:
        """Sign a browser in by a row of its own, whose proof lasts for the whole walk."""
        with self.app.app_context(), transaction() as session:
            token, _ = begin_sign_in(
                session, self.logins[user_name], device="Firefox on Windows", is_waiting=waiting, is_limited=limited,
                proved_at=utc_now() + timedelta(hours=1),
            )  # fmt: skip
            name = cookie_name()
        context.add_cookies([{"name": name, "value": token, "url": self.home}])


@contextmanager
def hung_gallery(folder: Path) -> Iterator[Gallery]:
    """Fill a migrated database below ``folder`` with the demo and what it lacks, and serve it."""
    with served(settings_for(folder, is_demo=True)) as app:
        settings: Settings = app.extensions["settings"]
        gallery = Gallery(app=app, home=home_of(app))
        with app.test_request_context():
            with transaction() as session:
                seed(session, settings)
            with transaction() as session:
                _fill(session, settings, gallery)
        yield gallery


def _fill(session: Session, settings: Settings, gallery: Gallery) -> None:
    rows = json.loads((settings.instance / "demo-sign-ins.json").read_text("utf-8"))
    keyring = session.info["keyring"]
    accounts = {
        row["user_name"]: session.scalars(
            select(Account).where(Account.user_name_code == keyring.lookup_code(row["user_name"]))
        ).one()
        for row in rows
    }
    gallery.logins = {name: account.id for name, account in accounts.items()}
    accounts["olivia"].is_totp_on = accounts["fay"].is_totp_on = False
    for name in ("ana", "fay"):
        keep_passkey(session, accounts[name].id, doubted_at=utc_now() if name == "ana" else None)
    session.execute(delete(Consent).where(Consent.person_id == accounts["dan"].person_id))
    jane = Member(
        accounts["jane"].id, accounts["jane"].person_id, UUID(int=0), frozenset({Role.THERAPIST}), utc_now()
    )
    _hang_mail(settings, gallery)
    _hang_doors(session, jane, accounts["ana"], gallery)
    _hang_booking(session, gallery)
    gallery.paths |= hang_waitlist(session, jane, gallery.app)
    _hang_opening(session, jane, gallery)
    gallery.paths |= hang_public_face(session, jane)
    gallery.paths |= hang_frames(session, jane, gallery.app.extensions["signer"])
    _hang_leads(session, gallery)
    _hang_calendar(session, jane, gallery)
    hang_calendars(session, jane)
    _hang_meetings(session, jane, accounts, gallery)
    _hang_individual_questions(session, jane, accounts, gallery)
    _hang_tasks(session, jane, accounts["ana"], gallery)
    _hang_opened_test(session, jane, accounts["ana"], gallery)
    _hang_own_tests(session, jane, accounts, gallery)
    gallery.paths |= hang_exercises(session, jane, accounts)
    gallery.paths |= hang_pathways(session, jane, accounts)
    gallery.paths |= hang_measures(session, jane, accounts)
    _hang_code(session, gallery)
    _hang_after(session, gallery)


def _hang_opened_test(session: Session, jane: Member, ana: Account, gallery: Gallery) -> None:
    """Open the test that both of the demo's couple have shared, and let Ana agree to differ about one area."""
    viewer = Member(ana.id, ana.person_id, UUID(int=0), frozenset({Role.PARTNER}), utc_now())
    part = session.scalars(
        select(Response)
        .join(Response.assignment)
        .where(
            Assignment.kind == TaskKind.TEST,
            Assignment.standing == Standing.OPEN,
            Response.person_id == ana.person_id,
        )
    ).one()
    open_stage(session, jane, part.assignment_id, part.stage, now=utc_now())
    say_differ(session, viewer, part.id, "FIN", is_agreed=True, seen_revision=0, now=utc_now())
    gallery.paths["joint page"] = f"/questions/{part.id}/together"
    gallery.paths["test"] = f"/couples/tasks/{part.assignment_id}/test"
    gallery.paths["test as they see it"] = f"/couples/tasks/{part.assignment_id}/test/together"


def _hang_own_tests(session: Session, jane: Member, accounts: dict[str, Account], gallery: Gallery) -> None:
    """Three more tests, as if from other years: Ana is in the midst of one, has finished one, and has shared one."""
    ana, ben = accounts["ana"], accounts["ben"]
    viewer = Member(ana.id, ana.person_id, UUID(int=0), frozenset({Role.PARTNER}), utc_now())
    couple, test, now = (
        session.scalars(select(Couple).where(Couple.number == 1)).one(),
        readiness_test(),
        utc_now(),
    )
    places = {item.id: str(1 + place % 5) for place, item in enumerate(test.items) if place != 9}
    changes = [Change(item_id, place, Scope.THERAPIST, 0) for item_id, place in places.items()]
    parts = []
    for _count in range(3):
        asked = Assignment(
            couple_id=couple.id, assigned_by_id=jane.person_id, kind=TaskKind.TEST, task_id=test.id,
            task_version=test.version, gate=Gate.THERAPIST,
        )  # fmt: skip
        session.add(asked)
        session.flush()
        own, other = (
            Response(assignment_id=asked.id, stage=1, person_id=one.person_id) for one in (ana, ben)
        )
        session.add_all([own, other])
        session.flush()
        begin(session, viewer, own.id, now=now)
        save_answers(session, viewer, own.id, changes, PageMark("0" * 16), now=now + timedelta(minutes=8))
        parts.append(own.id)
    begun, finished, shared = parts
    for part in (finished, shared):
        finish(session, viewer, part, now=now)
    choice = {"domain_ids": ["VAL", "RIT"], "item_ids": ["VALB"]}
    seen = fingerprint(preview(session, viewer, shared, **choice))
    share(session, viewer, shared, **choice, seen=seen, now=now)
    for name, path in (
        ("begun test", f"{begun}"), ("page of the test", f"{begun}/3"), ("look back", f"{begun}/check"),
        ("own result", f"{finished}/result"), ("choice to share", f"{finished}/share"), ("own share", f"{shared}/share"),
    ):  # fmt: skip
        gallery.paths[name] = f"/questions/{path}"


def _hang_tasks(session: Session, jane: Member, ana: Account, gallery: Gallery) -> None:
    """Ask for what the demo left in the library, and withdraw it once Ana has finished, so that it can be asked anew."""
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    viewer = Member(ana.id, ana.person_id, UUID(int=0), frozenset({Role.PARTNER}), utc_now())
    for task in library(jane.person_id):
        if busy_with(session, couple.id, task):
            continue
        alone = ana.person_id if task.is_for_one else None
        finished = assign(session, jane, couple.id, task, for_person_id=alone, now=utc_now())
        part = select(Response.id).where(
            Response.assignment_id == finished.id, Response.person_id == ana.person_id, Response.stage == 1
        )
        submit(session, viewer, session.scalars(part).one(), seconds=None, now=utc_now())
        end_assignment(session, jane, finished.id, Standing.WITHDRAWN, now=utc_now())
    for name, page in (
        ("given tasks", "tasks"),
        ("goals", "goals"),
        ("give a task", "tasks/new"),
        ("end the work", "close"),
    ):
        gallery.paths[name] = f"/couples/{couple.id}/{page}"


def _hang_individual_questions(
    session: Session, jane: Member, accounts: dict[str, Account], gallery: Gallery
) -> None:
    """Both are asked; Ben has answered, and said so much that every part of the therapist's page is there."""
    ana, ben = (accounts[name].person_id for name in ("ana", "ben"))
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    _open, sitting = ask_quietly(session, jane.person_id, couple.id, ana, ben, now=utc_now())
    words = all_said(Reply.YES, hours="Mondays, 10 to 12", safe_word="Marmalade", words="Ring twice.")
    fill_in(session, sitting, replace(words, is_in_danger=True), now=utc_now() - timedelta(days=3))
    gallery.paths["individual"] = f"/couples/{couple.id}/individual"
    ranges = (SafeRange((0, 1, 2, 3, 4), time(9), time(12)), SafeRange((5,), time(18), time(0)))
    card = Card(Channel.CALL, ranges, Voicemail.NO, "Marmalade", "Ring twice, then once more.")
    for person_id, days in ((ana, 1), (ben, 400)):
        row = SafeContact(person_id=person_id, changed_at=utc_now() - timedelta(days=days))
        row.card, row.ask_again_on = card, date(2020, 1, 1)
        session.add(row)
    session.flush()
    queue_message(session, session.get_one(Person, ana), MessageKind.NEW_ITEM, {"link": "/"}, now=utc_now())
    gallery.paths["safe contact"] = f"/couples/{couple.id}/contact/{ben}"
    told_on = (utc_now() - timedelta(days=2)).date()
    session.add(SafetyNudge(about_id=sitting.id, told_id=accounts["samir"].person_id, told_on=told_on))


def _hang_mail(settings: Settings, gallery: Gallery) -> None:
    folder, mail_id = settings.instance / "mail", UUID(int=1)
    folder.mkdir(exist_ok=True)
    (folder / f"{mail_id}.eml").write_text(MAIL)
    gallery.paths["mail"] = f"/demo/mail/{mail_id}"


def _hang_doors(session: Session, jane: Member, ana: Account, gallery: Gallery) -> None:
    guest, first, second = (
        add_person(session, first_name=name, email=f"{name.lower()}@example.org", zone=ZONE)
        for name in ("Ivo", "Mo", "Lu")
    )
    gallery.paths["guests"] = f"/couples/{create_couple(session, jane, first=first, second=second).id}"
    gallery.paths["invitation"] = f"/invitations/{invite(session, jane, guest, now=utc_now()).token}"
    reset = OneTimeToken(
        account_id=ana.id, purpose=OneTimePurpose.RESET, token_hash=hashed_token(RESET_TOKEN), tries_left=5,
        expires_at=utc_now() + timedelta(hours=1),
    )  # fmt: skip
    session.add(reset)
    gallery.paths["reset"] = f"/reset/{RESET_TOKEN}"
    ana.is_limited = True
    gallery.paths["reset code"] = f"/clients/{ana.person_id}/reset-code"
    gallery.paths["unlock code"] = f"/clients/{ana.person_id}/unlock-code"


def _hang_booking(session: Session, gallery: Gallery) -> None:
    post = session.scalars(select(Post).order_by(Post.published_at.desc()).limit(1)).one()
    slot = next_free_slots(session, utc_now(), count=1)[0]
    taken = _next_lead(session)
    gallery.paths["article"] = f"/articles/{post.slug}"
    gallery.paths["details"] = f"/consultations/new?start={utc_iso(slot.start)}"
    gallery.paths["taken time"] = f"/consultations/new?start={utc_iso(taken.starts_at)}"
    signer = gallery.app.extensions["signer"]
    gallery.paths["booked"] = f"/consultations/{signer.sign_id(TokenPurpose.CONSULTATION, taken.id)}"
    gallery.paths["not me"] = f"/not-me/{signer.sign_id(TokenPurpose.NOT_ME, taken.person_id)}"


def _hang_opening(session: Session, jane: Member, gallery: Gallery) -> None:
    words = PlaceWords(
        PlaceKind.ROOM, "Clifton practice", "1 The Mall\nBristol", "Europe/London", "Ring twice."
    )
    place = save_place(session, jane, words, now=utc_now())
    gallery.paths |= {
        "own place": f"/diary/places/{place.id}",
        "own period": f"/diary/hours/{list_weekly(session, jane)[0].id}",
        "own type": f"/diary/types/{list_types(session, jane)[0].id}",
        "own time off": f"/diary/time-off/{list_time_off(session, jane)[0].id}",
    }


def _hang_code(session: Session, gallery: Gallery) -> None:
    """Let somebody wait for the code from a mail."""
    known, now = _next_lead(session), utc_now()
    start = (now + timedelta(days=300)).replace(minute=0, second=0, microsecond=0)
    occupied = occupy(
        session, therapist_id=known.therapist_id, starts_at=start, ends_at=start + timedelta(minutes=20),
        kind=OccupiedKind.HOLD, code="Consultation 7K3F", expires_at=now + timedelta(days=1),
    )  # fmt: skip
    waiting = Consultation(
        therapist_id=known.therapist_id, person_id=known.person_id, occupied_id=occupied.id, starts_at=start,
        ends_at=start + timedelta(minutes=20), zone=ZONE, status=ConsultationStatus.UNVERIFIED,
        request_code=secrets.token_bytes(32), body_code=b"",
    )  # fmt: skip
    session.add(waiting)
    session.flush()
    sign = gallery.app.extensions["signer"].sign_id
    gallery.paths["code"] = f"/consultations/code/{sign(TokenPurpose.CONSULTATION_CODE, waiting.id)}"


def _next_lead(session: Session) -> Consultation:
    """Give the demo's request that is still to come; what came before is history for the report."""
    coming = select(Consultation).where(Consultation.starts_at > utc_now())
    return session.scalars(coming.order_by(Consultation.starts_at).limit(1)).one()


def _hang_after(session: Session, gallery: Gallery) -> None:
    """Let one booking be open to a second person and have words; another be taken back; a third be erased."""
    sign = gallery.app.extensions["signer"].sign_id
    lead = _next_lead(session)
    lead.partner_knows = PartnerKnows.YES
    for words, is_from_therapist in (
        ("I may be ten minutes late.", False),
        ("That is quite all right.", True),
    ):
        session.add(
            ConsultationMessage(
                consultation_id=lead.id, person_id=lead.person_id, words=words, is_from_therapist=is_from_therapist
            )
        )  # fmt: skip
    others = []
    for number in range(3):
        start = (utc_now() + timedelta(days=301 + number)).replace(minute=0, second=0, microsecond=0)
        occupied = occupy(
            session, therapist_id=lead.therapist_id, starts_at=start, ends_at=start + timedelta(minutes=20),
            kind=OccupiedKind.CONSULTATION, code="Consultation 8K3F",
        )  # fmt: skip
        person = add_person(session, first_name="Noor", email="noor@example.org", zone="America/New_York")
        other = Consultation(
            therapist_id=lead.therapist_id, person_id=person.id, occupied_id=occupied.id, starts_at=start,
            ends_at=start + timedelta(minutes=20), zone=ZONE, status=ConsultationStatus.CONFIRMED,
            request_code=secrets.token_bytes(32), body_code=b"",
        )  # fmt: skip
        session.add(other)
        session.flush()
        others.append(other)
    others[0].guest_id = add_person(session, first_name="Ivo", zone="America/New_York").id
    others[1].status, others[1].ended_by = ConsultationStatus.CANCELLED, EndedBy.THERAPIST
    others[2].erased_at = utc_now()
    own = f"/consultations/{sign(TokenPurpose.CONSULTATION, lead.id)}"
    gallery.paths |= {
        "another time": f"{own}/move",
        "cancel booking": f"{own}/cancel",
        "asked along": f"/joining/{sign(TokenPurpose.CONSULTATION_GUEST, lead.id)}",
        "come along": f"/joined/{sign(TokenPurpose.CONSULTATION_GUEST, others[0].guest_id)}",
        "taken back": f"/consultations/{sign(TokenPurpose.CONSULTATION, others[1].id)}",
        "erased booking": f"/consultations/{sign(TokenPurpose.CONSULTATION, others[2].id)}",
        "to erase": f"/requests/purge?chosen={others[1].id}",
    }


def _hang_leads(session: Session, gallery: Gallery) -> None:
    lead = _next_lead(session)
    lead.status, lead.answered_at = ConsultationStatus.CONFIRMED, utc_now()
    gallery.paths["lead"] = f"/requests/{lead.id}"
    gallery.paths["new couple"] = f"/couples/new/{lead.id}"


def _hang_calendar(session: Session, jane: Member, gallery: Gallery) -> None:
    """Put a little of everything into Monday after next."""
    lead = _next_lead(session)
    monday = datetime.combine(utc_now().date() + timedelta(days=14 - utc_now().weekday()), time(6), UTC)
    own = add_own_time(
        session, jane, OccupiedKind.BLOCK, Interval(monday, monday + timedelta(hours=1)), now=utc_now()
    )
    held = occupy(
        session, therapist_id=jane.person_id, starts_at=monday + timedelta(hours=2), ends_at=monday + timedelta(hours=3),
        kind=OccupiedKind.HOLD, code="H", expires_at=utc_now() + timedelta(days=1),
    )  # fmt: skip
    gallery.paths |= {
        "full week": f"/calendar?view=week&on={monday.date()}",
        "entry": f"/diary/entries/{held.id}",
        "move": f"/diary/entries/{lead.occupied_id}/move",
        "new time": f"/diary/entries/{lead.occupied_id}/move?on={monday.date()}&at=10:15",
        "own time": f"/diary/own-time/{own.id}",
    }


def _hang_meetings(session: Session, jane: Member, accounts: dict[str, Account], gallery: Gallery) -> None:
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    meetings = session.scalars(
        select(Meeting).where(Meeting.couple_id == couple.id).order_by(Meeting.number)
    ).all()
    both = {accounts[name].person_id: Presence.CAME for name in ("ana", "ben")}
    first, second = (meeting.id for meeting in meetings)
    text = "Both warm.\nMoney came up twice."
    write_note(session, jane, second, text=text, revision=0, now=utc_now())
    content = content_from_json(
        session.scalars(select(Summary).where(Summary.meeting_id == first)).one().content
    )
    old = session.scalars(select(Summary).where(Summary.meeting_id == first)).one()
    newer = begin_correction(session, jane, first, now=utc_now())
    release_summary(session, jane, first, seen=opened(newer), hash_of=hash_of, now=utc_now())
    save_draft(session, jane, second, content=content, seen=opened(None), now=utc_now())
    states = {}
    for days, state in ((30, DocumentState.READY), (40, DocumentState.FAILED)):
        new = NewMeeting(utc_now() - timedelta(days=days), timedelta(minutes=50), ZONE, Place.ROOM, both)
        third = record_meeting(session, jane, couple.id, new, now=utc_now())
        draft = save_draft(session, jane, third.id, content=content, seen=opened(None), now=utc_now())
        states[state] = release_summary(
            session, jane, third.id, seen=opened(draft), hash_of=hash_of, now=utc_now()
        )
        document = session.scalars(select(Document).where(Document.subject_id == states[state].id)).one()
        document.state = state
        if state is DocumentState.READY:
            owner = Owner(OwnerKind.COUPLE, couple.id)
            document.blob_id, document.ready_at = put_blob(session, owner, b"%PDF-1.7").id, utc_now()
    waiting = session.scalars(select(Document).where(Document.subject_id == newer.id)).one()
    assert session.scalars(select(Note).where(Note.meeting_id == first)).one().signed_at
    gallery.paths |= {
        "brief": f"/couples/{couple.id}/brief",
        "couple": f"/couples/{couple.id}",
        "record": f"/couples/{couple.id}/meetings/new",
        "meeting": f"/meetings/{first}",
        "signed note": f"/meetings/{first}/note",
        "note": f"/meetings/{second}/note",
        "sign": f"/meetings/{second}/note/sign",
        "process note": f"/meetings/{second}/process-note",
        "write summary": f"/meetings/{second}/summary",
        "preview": f"/meetings/{second}/summary/preview",
        "summary in work": f"/summaries/{newer.id}",
        "replaced summary": f"/summaries/{old.id}",
        "ready summary": f"/summaries/{states[DocumentState.READY].id}",
        "failed summary": f"/summaries/{states[DocumentState.FAILED].id}",
        "document": f"/documents/{waiting.id}",
    }
