"""Each thing that a person types is one telling word; whoever should not know it finds it nowhere.

Here on SQLite; `make faults` tells the same story on PostgreSQL.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from itertools import chain, product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.backup import make_backup
from portal.blog.models import Post
from portal.booking.models import Consultation, Enquiry
from portal.couples.models import Partner
from portal.demo import seed
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, PlaceRow, TimeOff, WeeklyHoursRow
from portal.documents.models import Document
from portal.exercises.drafts import read_draft
from portal.exercises.models import OwnExercise
from portal.extensions import db
from portal.files.models import Picture
from portal.homework.models import Answer, Assignment, Comment, JointAnswer, Response
from portal.meetings.models import Meeting, Summary
from portal.pathways.models import Pathway, PathwayStep, PathwayTemplate
from portal.settings import Settings, settings_from_environment
from portal.sources.models import CampaignLink
from portal.transaction import current_session, transaction
from tests.integration import canaries
from tests.integration.canaries import WORDS, betrayed, found_in
from tests.integration.story import Story
from tests.support.fixtures import StartPortal
from tests.support.processes import Portal
from tests.support.redis import RedisServer
from tests.support.smtp import Mailbox

SHARED = {"focus", "going_well", "working_on", "remember_a", "remember_b", "agreed", "next_time"}
NAMES = {"first_name", "partner_name"}
LEAD = {
    "last_name", "email", "words", "partner_last_name", "partner_email", "phone", "reply", "message", "answer",
    "second_first", "second_email", "decline",
}  # fmt: skip
ALONE = {"safe_hours", "safe_word", "about_contact", "code_word", "about_card"}
OPENED = {"opened_goal", "partner_goal", "shown_line", "joint_goal", "goal_reason"}
FINISHED = OPENED | {"kept_goal", "shut_story"}
MAY_KNOW = {
    "jane": SHARED | NAMES | LEAD | ALONE | FINISHED | {"comment_alone", "comment_both", "comment_joint", "comment_for_me", "way_title", "own_question", "note", "process_note", "letter", "directions"},
    WORDS.user_name: SHARED | NAMES | FINISHED | {"comment_alone", "comment_both", "comment_joint", "tender", "dreamt", "draft", "code_word", "about_card", "phone", "email", "device"},
    WORDS.partner_user_name: SHARED | NAMES | OPENED | {"comment_both", "comment_joint", "partner_email"},
    "samir": {"way_title"},  # a template is the practice's
    "ana": set(), "cleo": set(), "fay": set(), "olivia": set(), "": set(),
}  # fmt: skip
LINK = re.compile(r'(?:href|action|src|hx-get)="([^"#]+)')
# What has no end is opened once: dates before and after, free times, and addresses that are signed anew on each page;
# and the pages of the library's exercises, in which nobody's words stand.
UNTOUCHED = re.compile(
    r"/static/|/leave|/sign-out|/new\?|[?&](?:on|made|from|month|day)=|/exercises/look/[a-z-]+/"
)


@dataclass(kw_only=True)
class Scene:
    """The told story and all its parts, still running."""

    story: Story
    portal: Portal
    settings: Settings
    redis: RedisServer
    mailbox: Mailbox
    folder: Path

    @property
    def app(self) -> Flask:
        return self.story.app


@pytest.fixture
def scene(
    sqlite_url: str,
    redis_server: RedisServer,
    mailbox: Mailbox,
    start_portal: StartPortal,
    tmp_path: Path,
) -> Iterator[Scene]:
    with told_scene(sqlite_url, redis_server, mailbox, start_portal, tmp_path) as scene:
        yield scene


@contextmanager
def told_scene(
    database_url: str, redis_server: RedisServer, mailbox: Mailbox, start_portal: StartPortal, tmp_path: Path
) -> Iterator[Scene]:
    """Start a portal on this database and let the whole story happen in it."""
    instance, left_over = tmp_path / "instance", tmp_path / "left-over"
    left_over.mkdir()
    environment = {
        "INSTANCE": str(instance), "DATABASE_URL": database_url, "REDIS_URL": redis_server.url, "SMTP_URL": mailbox.url,
        "TMPDIR": str(left_over),
    }  # fmt: skip
    portal = start_portal(environment)
    settings = settings_from_environment({**environment, "PORT": str(portal.port)})
    app = create_app(settings)
    with app.test_request_context(), transaction() as session:
        seed(session, settings)
    invented = instance / "demo-sign-ins.json"
    sign_ins = {row["user_name"]: row for row in json.loads(invented.read_text("utf-8"))}
    invented.unlink()
    portal.start_web()
    portal.start_worker()
    portal.start_sweeper()
    story = Story(app=app, home=settings.public_url, sign_ins=sign_ins)
    with story.browsers:
        story.tell()
        yield Scene(
            story=story,
            portal=portal,
            settings=settings,
            redis=redis_server,
            mailbox=mailbox,
            folder=tmp_path,
        )
    with app.app_context():
        db.engine.dispose()


def test_each_word_is_found_by_those_who_may_know_it_and_nowhere_else(scene: Scene) -> None:
    everybody_looks_everywhere(scene)
    nothing_lies_about(scene)


def nothing_lies_about(scene: Scene) -> None:
    """Search all that the portal keeps, logs and sends, after everybody has looked at everything."""
    with scene.app.app_context(), transaction() as session:
        backup = make_backup(session, scene.settings, scene.folder)
    with scene.redis.client() as client:
        places = chain(
            canaries.of_tables(scene.app),
            canaries.of_tree(scene.folder),
            canaries.of_tree(scene.redis.instance),
            canaries.of_redis(client),
            canaries.of_mails(scene.mailbox),
            canaries.of_backup(scene.app, backup),
        )
        assert betrayed(places) == []
    assert len(scene.mailbox.received) >= 5


def everybody_looks_everywhere(scene: Scene) -> None:
    """Let each kind of viewer read every address, and compare what they find with what they may know."""
    paths = addresses(scene)
    for who, known in MAY_KNOW.items():
        browser = scene.story.browser_of(who) if who else scene.story.browser()
        pages = explored(browser, scene.story.home, paths)
        found = {path: found_in(page.encode(), WORDS.marks()) for path, page in pages.items()}
        assert {path: words - known for path, words in found.items() if words - known} == {}, who
        assert set().union(*found.values()) == known, who
    guest = explored(scene.story.browser(), scene.story.home, [scene.story.guest_page])
    assert set().union(*(found_in(page.encode(), WORDS.marks()) for page in guest.values())) == {
        "partner_name", "message", "answer",
    }  # fmt: skip


def of_note(scene: Scene, session: Session, model: Any) -> list[object]:
    """Give the ids of all that the story made, and of one thing that was there before: the others are like it."""
    rows = session.execute(select(model.id, model.created_at).order_by(model.created_at)).all()
    before = [row.id for row in rows if row.created_at < scene.story.began_at]
    return [*before[:1], *(row.id for row in rows[len(before) :])]


def addresses(scene: Scene) -> list[str]:
    """Write each address of the portal that can be read, with the ids of everything that the story touched."""
    with scene.app.app_context():
        session = current_session()
        partners = session.execute(select(Partner.couple_id, Partner.person_id)).all()
        things: dict[str, list[object]] = {
            "couple_id": [couple for couple, _person in partners],
            "person_id": [person for _couple, person in partners],
            **{name: of_note(scene, session, model) for name, model in THINGS.items()},
            "token": [path.rpartition("/")[2] for path in scene.story.invitations],
            "slug": ["write-two-lists-before-you-write-one", "jane-parker"],
            "tag": ["rituals"],
            "kind": ["imprint", "privacy", "accessibility"],
            "code": list(session.scalars(select(CampaignLink.code))),
            "frame": ["www.example.org"],
            "mail_id": [uuid4()],
            "page": [1, 4, 6],
            "task_id": ["values-compass"],
            "version": ["1"],
            "key_id": ["csi4"],
            "step": ["answers"],
            "prompt_id": [
                read_draft(one.draft)["prompts"][0]["id"] for one in session.scalars(select(OwnExercise))
            ],
            "side": ["b"],
            "part": [1],
        }
        things["answer_id"] += of_note(scene, session, JointAnswer)
    rules = scene.app.url_map.bind("localhost")
    written = []
    for rule in scene.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            names = sorted(rule.arguments)
            sets = product(*(dict.fromkeys(things[name]) for name in names))
            written += [rules.build(rule.endpoint, dict(zip(names, values, strict=True))) for values in sets]
    return written


THINGS = {
    "consultation_id": Consultation,
    "enquiry_id": Enquiry,
    "occupied_id": OccupiedInterval,
    "period_id": WeeklyHoursRow,
    "place_id": PlaceRow,
    "type_id": ConsultationTypeRow,
    "off_id": TimeOff,
    "link_id": CampaignLink,
    "post_id": Post,
    "picture_id": Picture,
    "meeting_id": Meeting,
    "summary_id": Summary,
    "document_id": Document,
    "assignment_id": Assignment,
    "response_id": Response,
    "answer_id": Answer,
    "comment_id": Comment,
    "pathway_id": Pathway,
    "step_id": PathwayStep,
    "template_id": PathwayTemplate,
    "exercise_id": OwnExercise,
}


def explored(browser: httpx.Client, home: str, paths: list[str]) -> dict[str, str]:
    """Read each of these addresses and whatever they link to."""
    seen: dict[str, str] = {}
    waiting = ["/", *paths]
    while waiting:
        path = waiting.pop()
        if path in seen or UNTOUCHED.search(path):
            continue
        answer = browser.get(path)
        assert answer.status_code < 500, path
        seen[path] = f"{answer.url} {dict(answer.headers)} {words_of(answer)}"
        links = (urlsplit(unescape(link)) for link in LINK.findall(answer.text))
        inside = (link for link in links if not link.netloc or link.netloc == urlsplit(home).netloc)
        waiting += [f"{link.path}?{link.query}".rstrip("?") for link in inside if link.path.startswith("/")]
    return seen


def words_of(answer: httpx.Response) -> str:
    """Give the words of a page, or of a paper."""
    if not answer.headers.get("content-type", "").startswith("application/pdf"):
        return unescape(answer.text)
    paper = PdfReader(BytesIO(answer.content))
    return f"{paper.metadata} {' '.join(page.extract_text() for page in paper.pages)}"
