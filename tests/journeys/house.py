"""The whole portal as `portal demo` starts it, with its mails and the phone of the therapist."""

import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pyotp
from sqlalchemy import select

from portal.accounts.models import Account
from portal.app import create_app
from portal.clock import utc_now
from portal.couples.service import create_couple
from portal.demo import ZONE
from portal.extensions import db
from portal.people.service import add_person
from portal.security.viewer import Member, Role
from portal.settings import settings_from_environment
from portal.transaction import transaction
from tests.support.cast import PASSWORD, make_account
from tests.support.processes import Running, free_port, is_alive, processes_named, running, wait_until

STEP_SECONDS = 30  # RFC 6238
IDLE_SECONDS = 15 * 60 + 1  # SES-03: longer than for partners and for staff
PROOF_SECONDS = 5 * 60  # architecture.md 2: what is sealed asks again after five minutes


@dataclass(frozen=True, kw_only=True)
class SignIn:
    user_name: str
    password: str
    totp_secret: str | None


@dataclass(kw_only=True)
class House:
    """One running copy. ``home`` is its address."""

    home: str
    instance: Path
    processes: Running
    sign_ins: dict[str, SignIn] = field(default_factory=dict)
    _last_steps: dict[str, int] = field(default_factory=dict)

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Read the mails to one address that have left, oldest first."""
        read = [_mail(path) for path in (self.instance / "mail").glob("*.eml")]
        return sorted(
            (mail for mail in read if address in str(mail["To"])), key=lambda mail: str(mail["Date"])
        )

    def first_mail_to(self, address: str) -> EmailMessage:
        wait_until(lambda: bool(self.mails_to(address)), f"a mail to {address} leaves")
        return self.mails_to(address)[0]

    def phone_code(self, name: str) -> str:
        """Read the next unused code from the phone; waits where all present ones were used."""
        secret = self.sign_ins[name].totp_secret
        assert secret is not None
        step = max(self._last_steps.get(name, 0) + 1, int(time.time()) // STEP_SECONDS)
        wait_until(lambda: step <= time.time() // STEP_SECONDS + 1, "a new code is due")
        self._last_steps[name] = step
        return pyotp.TOTP(secret).generate_otp(step)

    def let_proofs_grow_old(self) -> None:
        """Let more than five minutes pass since anybody showed who they are."""
        with sqlite3.connect(self.instance / "portal.sqlite3", timeout=20) as database:
            database.execute(
                "UPDATE login_session SET proved_at = proved_at - ?", [(PROOF_SECONDS + 1) * 1_000_000]
            )

    def let_sign_ins_run_out(self) -> None:
        """Let a quarter of an hour pass without a sign of life from anybody who is signed in."""
        with sqlite3.connect(self.instance / "portal.sqlite3", timeout=20) as database:
            database.execute(
                "UPDATE login_session SET last_seen_at = last_seen_at - ?", [IDLE_SECONDS * 1_000_000]
            )

    def let_a_couple_come(self, therapist: str, first: str, second: str) -> None:
        """Add a couple of two persons who have set up their logins."""
        app = create_app(
            settings_from_environment({"INSTANCE": str(self.instance), "PORT": self.home.rpartition(":")[2]})
        )
        with app.test_request_context(), transaction() as session:
            code = session.info["keyring"].lookup_code(therapist)
            account = session.scalars(select(Account).where(Account.user_name_code == code)).one()
            persons = [
                add_person(session, first_name=name, email=f"{name.lower()}@example.org", zone=ZONE)
                for name in (first, second)
            ]
            viewer = Member(
                account.id, account.person_id, UUID(int=0), frozenset({Role.THERAPIST}), utc_now()
            )
            create_couple(session, viewer, first=persons[0], second=persons[1])
            for person in persons:
                name = person.first_name.lower()
                make_account(session, person, name, Role.PARTNER)
                self.sign_ins[name] = SignIn(user_name=name, password=PASSWORD, totp_secret=None)
        with app.app_context():
            db.engine.dispose()

    @contextmanager
    def resting_worker(self) -> Iterator[None]:
        """Let the worker pause, so that people see what waiting looks like."""
        workers = processes_named("portal-worker", self.processes.descendants())
        assert workers, self.processes.output()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)


def _mail(path: Path) -> EmailMessage:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Start a demo in a folder of its own, and wait until all its parts run."""
    instance, port = folder / "instance", free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, "INSTANCE": str(instance), "PORT": str(port), "WEB_WORKERS": "1"}
    command = [sys.executable, "-m", "portal.cli", "demo"]
    with running(command, environment=environment, log=folder / "portal.log") as copy:
        said = re.compile(r"is running at (\S+)")
        wait_until(lambda: bool(said.search(copy.output())) or not is_alive(copy.pid), "the portal starts")
        found = said.search(copy.output())
        assert found, copy.output()
        wait_until(lambda: "worker.started" in copy.output(), "the worker starts")
        rows = json.loads((instance / "demo-sign-ins.json").read_text("utf-8"))
        names = ("user_name", "password", "totp_secret")
        sign_ins = {row["user_name"]: SignIn(**{name: row[name] for name in names}) for row in rows}
        yield House(home=found.group(1), instance=instance, processes=copy, sign_ins=sign_ins)
