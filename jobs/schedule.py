"""The sweeper: `python -m jobs.schedule`. Hands out what is due and was lost, seals the audit log, clears away.

`rq cron` would be the library's way; it ignores the JSON serializer, so this is a loop of our own. Two of them at once
are harmless: each step is one transaction that does nothing where another was faster.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from jobs.housekeeping import erase_leads, remove_expired, remove_left_over
from portal import outbox
from portal.app import create_app
from portal.audit.chain import anchor_head, seal_new_rows
from portal.booking.reminders import Lead, Place, owe_reminders, reminder_leads
from portal.booking.views.area import mail_words
from portal.booking.waitlist import offer_times, therapists_with_waiting
from portal.calendars.rounds import owe_rounds
from portal.clock import utc_now
from portal.documents.service import fail_abandoned as fail_abandoned_documents
from portal.errors import DomainError
from portal.failpoints import failpoint
from portal.health.service import beat
from portal.measures.rounds import ask_again as ask_measure_again
from portal.measures.rounds import due_schedules, remind_of
from portal.notices.service import fail_abandoned as fail_abandoned_messages
from portal.outbox import OutboxState
from portal.pathways.queries import due_pathways
from portal.pathways.service import walk_on
from portal.queueing import JobName, Queue
from portal.safety.escalation import nudge_about_unlooked
from portal.safety.service import ask_again, couples_to_ask_again
from portal.settings import Settings
from portal.transaction import current_session, transaction

ROUND_SECONDS = 5.0
JUMP_SECONDS = 60.0  # our choice: clocks that are only slewed stay far below it
TRUSTED_AFTER_SECONDS = 3600.0
CLEARING_EVERY = timedelta(minutes=15)
BOUNCES_EVERY = timedelta(minutes=5)
ASKING_EVERY = timedelta(minutes=15)
NUDGING_EVERY = timedelta(minutes=5)
NOBODY = UUID(int=0)
OFFERING_EVERY = timedelta(seconds=30)
MOST_PAGES = 10  # of reminders in one round, so that nothing else has to wait long
log = structlog.get_logger()


@dataclass
class Steadiness:
    """Whether the clock on the wall has gone as time passed: what is erased because of a wrong clock is lost for good (F16).

    It is trusted after an hour without a jump, so not by a sweeper that does one round only.
    """

    since: float = field(default_factory=time.monotonic)
    difference: float | None = None

    def look(self, now: datetime) -> None:
        """Compare the clock with the time that passed; begin to trust anew after a jump."""
        difference = now.timestamp() - time.monotonic()
        if self.difference is not None and abs(difference - self.difference) > JUMP_SECONDS:
            self.since = time.monotonic()
            log.warning("sweep.clock_jumped", seconds=round(difference - self.difference))
        self.difference = difference

    def is_trusted(self) -> bool:
        """Tell whether it has been steady long enough."""
        return time.monotonic() - self.since >= TRUSTED_AFTER_SECONDS


@dataclass(kw_only=True)
class Sweeper:
    """One sweeper and when it last cleared away."""

    app: Flask
    cleared_at: datetime | None = None
    offered_at: datetime | None = None
    bounces_at: datetime | None = None
    asked_at: datetime | None = None
    nudged_at: datetime | None = None
    steady: Steadiness = field(default_factory=Steadiness)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Sweep every five seconds until asked to stop."""
        while not self.stopping.is_set():
            self.sweep()
            self.stopping.wait(ROUND_SECONDS)

    def sweep(self) -> None:
        """Do one round. A step that fails is reported and does not keep the others from being done."""
        self.steady.look(utc_now())
        with self.app.app_context():
            for step in (
                self._note_life,
                self._remind,
                self._offer_times,
                self._ask_again,
                self._nudge,
                self._sync_calendars,
                self._walk_pathways,
                self._ask_measures_again,
                self._read_bounces,
                self._hand_out,
                self._mark_abandoned,
                self._seal,
                self._clear,
            ):
                self._attempt(step)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (SQLAlchemyError, DomainError, OSError) as error:
            log.warning("sweep.broke", job=step.__name__.strip("_"), kind=type(error).__name__)

    def _note_life(self) -> None:
        with transaction() as session:
            beat(session, "sweeper", utc_now())

    def _remind(self) -> None:
        """Owe the reminders that are due, a page at a time; after ten pages the rest waits for the next round."""
        with transaction() as session:
            leads = reminder_leads(session)
        pages_left = MOST_PAGES
        for lead in leads:
            after, is_first = None, True
            while pages_left and (is_first or after is not None):
                after, is_first, pages_left = self._remind_page(lead, after), False, pages_left - 1

    def _remind_page(self, lead: Lead, after: Place | None) -> Place | None:
        settings: Settings = self.app.extensions["settings"]
        has_gateway = settings.text_gateway_url is not None
        with transaction() as session:
            return owe_reminders(
                session, lead, after=after, mail=mail_words(), now=utc_now(), has_text_gateway=has_gateway
            )

    def _offer_times(self) -> None:
        """Offer free times to who waits for one, therapist by therapist, each in a transaction of its own."""
        now = utc_now()
        if not self._is_time(self.offered_at, now, OFFERING_EVERY):
            return
        self.offered_at = now
        with transaction() as session:
            therapists = therapists_with_waiting(session)
        for therapist_id in therapists:
            with transaction() as session:
                offer_times(session, therapist_id, mail=mail_words(), now=now)

    def _ask_again(self) -> None:
        """Ask both of each couple whose time has come, couple by couple; not by a clock that has just jumped (F16)."""
        now = utc_now()
        if not self.steady.is_trusted() or not self._is_time(self.asked_at, now, ASKING_EVERY):
            return
        self.asked_at = now
        with transaction() as session:
            couples = couples_to_ask_again(session, now)
        for couple_id in couples:
            with transaction() as session:
                ask_again(session, couple_id, now=now)

    def _nudge(self) -> None:
        """Tell people of the practice, neutrally, that something urgent was not looked at in time."""
        now = utc_now()
        if not self._is_time(self.nudged_at, now, NUDGING_EVERY):
            return
        self.nudged_at = now
        with transaction() as session:
            nudge_about_unlooked(session, now)

    def _read_bounces(self) -> None:
        """Let a worker look into the mailbox of returned mails every few minutes, where there is one."""
        settings: Settings = self.app.extensions["settings"]
        now = utc_now()
        if settings.bounces_url is None or not self._is_time(self.bounces_at, now, BOUNCES_EVERY):
            return
        self.bounces_at = now
        with transaction() as session:
            outbox.put_again(session, JobName.READ_BOUNCES, NOBODY, effect_key="mailbox", now=now)

    @staticmethod
    def _is_time(last: datetime | None, now: datetime, every: timedelta) -> bool:
        """Tell whether a step is due again; also when the clock was set back meanwhile (F16)."""
        return last is None or now < last or now - last >= every

    def _sync_calendars(self) -> None:
        with transaction() as session:
            owe_rounds(session, utc_now())

    def _ask_measures_again(self) -> None:
        """Ask what is due in a rhythm, each in a transaction of its own; one that cannot be asked does not stop the others."""
        now = utc_now()
        with transaction() as session:
            due = due_schedules(session, now)
        for schedule_id in due:
            try:
                with transaction() as session:
                    ask_measure_again(session, schedule_id, now)
            except (SQLAlchemyError, DomainError) as error:
                log.warning("measure.broke", schedule_id=str(schedule_id), kind=type(error).__name__)
        with transaction() as session:
            remind_of(session, now)

    def _walk_pathways(self) -> None:
        """Give couples the next step of their pathways, each pathway in a transaction of its own.

        One that breaks does not keep the others from being given; it is due again in the next round.
        """
        now = utc_now()
        with transaction() as session:
            due = due_pathways(session, now)
        for pathway_id in due:
            try:
                with transaction() as session:
                    walk_on(session, pathway_id, now)
            except (SQLAlchemyError, DomainError) as error:
                log.warning("pathway.broke", pathway_id=str(pathway_id), kind=type(error).__name__)

    def _hand_out(self) -> None:
        """Give the workers what is due; while Redis is away nothing is noted as handed out, so that nothing waits longer."""
        queue: Queue = self.app.extensions["queue"]
        waiting = queue.waiting()
        if waiting is None:
            return
        with transaction() as session:
            now = utc_now()
            entries = outbox.due_entries(session, now)
            for entry in entries:
                outbox.hand_out(session, entry, waiting, now)
            failpoint("outbox.enqueue")
        for entry in entries:
            if entry.state is OutboxState.FAILED:
                log.error("outbox.gave_up", outbox_id=str(entry.id), job=entry.job.name)

    def _mark_abandoned(self) -> None:
        with transaction() as session:
            fail_abandoned_documents(session, now=utc_now())
            fail_abandoned_messages(session)

    def _seal(self) -> None:
        settings: Settings = self.app.extensions["settings"]
        with transaction() as session:
            head = seal_new_rows(session)
        if head is not None:
            anchor_head(head, settings.instance)

    def _clear(self) -> None:
        now = utc_now()
        if not self._is_time(self.cleared_at, now, CLEARING_EVERY):
            return
        self.cleared_at = now
        settings: Settings = self.app.extensions["settings"]
        with transaction() as session:
            remove_expired(session, now)
        if self.steady.is_trusted():
            erase_leads(now)
        remove_left_over(current_session(), settings.instance, now)


def main(arguments: list[str]) -> int:
    """Run the sweeper of this installation; with `--once`, one round."""
    sweeper = Sweeper(app=create_app())

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sweeper.stopping.set()

    if "--once" in arguments:
        sweeper.sweep()
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("sweeper.started")
    sweeper.run()
    log.info("sweeper.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
