"""One installation with all its real processes, and ways to hurt them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.outbox import OutboxEntry, OutboxState
from portal.transaction import current_session, transaction
from tests.meetings.desk import BEGAN, released
from tests.support.cast import Actor, Cast, begin_sign_in
from tests.support.fixtures import StartPortal
from tests.support.postgres import PostgresServer
from tests.support.processes import Portal, Running, wait_until
from tests.support.redis import RedisServer
from tests.support.smtp import Mailbox

CANARY = "canary.inbox"  # of every address that a scenario writes to
OVER = (OutboxState.DONE, OutboxState.FAILED, OutboxState.EXPIRED)
PATIENCE = 240  # seconds: a lease of 90, two rounds of the sweeper, a slow machine


def wait(ready: Callable[[], bool], what: str) -> None:
    """Wait as long as a lease and a busy machine may take."""
    wait_until(ready, what, PATIENCE)


@dataclass(kw_only=True)
class Rig:
    """The parts of one scenario. `app` is the same installation in the test's own process, for orders and questions."""

    app: Flask
    cast: Cast
    folder: Path
    database_url: str
    redis: RedisServer
    mailbox: Mailbox
    start_portal: StartPortal
    environment: Mapping[str, str]
    postgres: PostgresServer | None
    portals: list[Portal] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def portal(self, **environment: str) -> Portal:
        """Prepare processes that get a little more environment, such as a failpoint."""
        once = self.folder / "struck"
        once.mkdir(exist_ok=True)
        made = self.start_portal({**self.environment, "FP_ONCE": str(once), **environment})
        self.portals.append(made)
        return made

    def background(self, **environment: str) -> tuple[Portal, Running]:
        """Start a worker (with a failpoint, perhaps) and a sweeper."""
        portal = self.portal(**environment)
        worker = portal.start_worker()
        portal.start_sweeper()
        return portal, worker

    def sign_in(self, actor: Actor) -> tuple[dict[str, str], str]:
        """Let somebody be signed in, in a browser of a moment ago; give its cookies and the token of its forms."""
        with transaction() as session:
            token, login_session_id = begin_sign_in(session, actor.account_id)
        return {"session": token}, self.app.extensions["signer"].form_token(login_session_id)

    def order_documents(self, many: int = 1) -> None:
        """Release summaries: each owes one document and mails."""
        for number in range(many):
            released(self.app, self.cast, starts_at=BEGAN - timedelta(days=number))

    def was_struck(self, failpoint: str) -> bool:
        """Say whether a process has reached a failpoint."""
        return any((self.folder / "struck").glob(f"{failpoint}-*"))

    def states(self) -> dict[OutboxState, int]:
        """Count the outbox by state."""
        db.session.remove()
        rows = current_session().execute(select(OutboxEntry.state, func.count()).group_by(OutboxEntry.state))
        return {state: count for state, count in rows}  # noqa: C416 - rows are no pairs to a type checker

    def is_settled(self) -> bool:
        """Say whether every effect was done or visibly closed."""
        states = self.states()
        return bool(states) and all(state in OVER for state in states)

    def settle(self) -> None:
        """Wait until nothing is owed any more."""
        wait(self.is_settled, "everything that is owed is settled")

    def stop_all(self) -> None:
        """End all processes in order, so that what they wrote is complete."""
        for portal in self.portals:
            for process in (*portal.web, *portal.workers, *portal.sweepers):
                if process.process.poll() is None:
                    with suppress(ProcessLookupError):
                        process.stop()

    def logs(self) -> str:
        """Give everything that the processes wrote."""
        return "".join(portal.logs() for portal in self.portals)
