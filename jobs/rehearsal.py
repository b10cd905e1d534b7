"""What a worker does before its first job, so that no work-horse has to do it again: each is forked from what is here.

Without it a job spends half as long on templates, the words of dates and its statements as on the rendering itself, and
the rendering takes a quarter longer than in a process that has drawn these letters by these rules before.
"""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from flask import Flask, render_template
from fsspec.core import url_to_fs
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import outbox
from portal.clock import utc_now
from portal.couples.service import create_couple
from portal.documents.models import Document
from portal.documents.render import render_pdf
from portal.documents.service import begin_rendering, store_rendered
from portal.errors import DomainError
from portal.extensions import db
from portal.meetings.models import Meeting, Place, Presence
from portal.meetings.rules import Agreement, SummaryContent, Whom
from portal.meetings.service import NewMeeting, record_meeting
from portal.meetings.showing import hash_of
from portal.meetings.summaries import opened, release_summary, save_draft
from portal.outbox import OutboxEntry
from portal.people.service import add_person
from portal.queueing import JobName
from portal.security.viewer import Member, Role
from portal.transaction import transaction

NOBODY = UUID(int=0)
NOWHERE = "memory://rehearsal"
# Every letter, figure and mark that most texts are made of: what the renderer learns of a font it keeps.
LETTERS = "The quick brown fox jumps over the lazy dog: ABCDEFGHIJKLMNOPQRSTUVWXYZ, 0123456789 (\u2018\u2019\u201c\u201d) \u2013 ?;.!&/'-"
log = structlog.get_logger()


class _Undo(Exception):
    """Ends the rehearsal's transaction."""


def rehearse(app: Flask) -> None:
    """Load the templates of papers and mails, then go through a rendering for invented people; nothing of it is kept.

    Leaves no connection to the database open. Without a database, or before the practice is set up, the first part alone
    is done: the worker is a little slower, no more.
    """
    for name in app.jinja_env.list_templates(filter_func=_is_for_jobs):
        app.jinja_env.get_template(name)
    url_to_fs(app.extensions["settings"].files_url)
    with app.app_context():
        try:
            with suppress(_Undo), transaction() as session:
                _play(session)
                raise _Undo
        except (SQLAlchemyError, DomainError) as error:
            log.info("worker.not_rehearsed", kind=type(error).__name__)
        finally:
            db.session.remove()
            db.engine.dispose()


def _is_for_jobs(name: str) -> bool:
    return name.startswith(("pdf/", "emails/"))


def _play(session: Session) -> None:
    """Take the way of a job from its claim to the stored file; the file goes nowhere."""
    session.info["files_url"] = NOWHERE
    document_id = _invented_document(session)
    entry = session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == document_id)).one()
    session.expunge_all()
    now = utc_now()
    taken = outbox.claim(session, entry.id, JobName.RENDER_DOCUMENT, now)
    order = begin_rendering(session, document_id, render_template=render_template, now=now)
    if taken is not None and order is not None:
        render_pdf(order.html, language=order.language)
        session.expunge_all()
        outbox.finish(session, taken, now)
        store_rendered(session, order, b"", now=now)


def _invented_document(session: Session) -> UUID:
    now = utc_now()
    therapist, first, second = (add_person(session, first_name="-", zone="UTC") for _ in range(3))
    viewer = Member(NOBODY, therapist.id, NOBODY, frozenset({Role.THERAPIST}), now)
    couple = create_couple(session, viewer, first=first, second=second)
    meeting = _invented_meeting(session, viewer, couple.id, (first.id, second.id))
    draft = save_draft(session, viewer, meeting.id, content=_every_part(), seen=opened(None), now=now)
    release_summary(session, viewer, meeting.id, seen=opened(draft), hash_of=hash_of, now=now)
    return session.scalars(select(Document.id).where(Document.subject_id == draft.id)).one()


def _invented_meeting(session: Session, viewer: Member, couple_id: UUID, pair: tuple[UUID, UUID]) -> Meeting:
    now, both = utc_now(), dict.fromkeys(pair, Presence.CAME)
    meeting = NewMeeting(now, timedelta(minutes=50), "UTC", Place.ONLINE, both)
    return record_meeting(session, viewer, couple_id, meeting, now=now)


def _every_part() -> SummaryContent:
    """Fill every part of a summary, so that each rule of its stylesheet has been used once."""
    agreement = Agreement(LETTERS, Whom.BOTH, utc_now().date())
    return SummaryContent(
        focus=LETTERS,
        going_well=(LETTERS,),
        working_on=(LETTERS,),
        remember_a=LETTERS,
        remember_b=LETTERS,
        agreements=(agreement,),
        next_time=(LETTERS,),
        next_meeting_at=utc_now(),
    )
