"""The fixed cast: who appears in tests, and how they sign in without going through the sign-in pages."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.accounts.models import Account, AccountRole, LoginSession
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner, Side
from portal.people.models import Person
from portal.practice.models import Paper, Practice, Therapist
from portal.security.crypto import hashed_token
from portal.security.login import cookie_name
from portal.security.viewer import Member, Role
from portal.transaction import transaction

PASSWORD = "a long enough pass phrase"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Actor:
    """One person of the cast with an own account."""

    person_id: UUID
    account_id: UUID
    user_name: str
    roles: frozenset[Role]

    def member(self, **changes: object) -> Member:
        """This person as a viewer, for tests below the views."""
        values: dict[str, object] = {
            "account_id": self.account_id, "person_id": self.person_id, "login_session_id": UUID(int=1),
            "roles": self.roles, "proved_at": utc_now(), "is_limited": False,
        }  # fmt: skip
        return Member(**{**values, **changes})  # type: ignore[arg-type]  # values of several types by name


@dataclass(frozen=True)
class Cast:
    """Everybody."""

    therapist: Actor
    stranger: Actor
    front_desk: Actor
    owner: Actor
    ana: Actor
    ben: Actor
    cleo: Actor
    dan: Actor
    couple_id: UUID
    other_couple_id: UUID
    therapist_profile_id: UUID


def make_person(session: Session, first_name: str, email: str = "", *, zone: str = "Europe/London") -> Person:
    """Add a person; the address is found by its look-up code."""
    person = Person(first_name=first_name, last_name="Example", email=email, zone=zone)
    if email:
        person.email_code = session.info["keyring"].lookup_code(email)
    session.add(person)
    session.flush()
    return person


def make_account(session: Session, person: Person, user_name: str, *roles: Role) -> Actor:
    """Add an account with `PASSWORD`, and for staff a second factor with `TOTP_SECRET`."""
    account = Account(
        person_id=person.id, user_name_code=session.info["keyring"].lookup_code(user_name), user_name=user_name,
        password_hash=QUICK_HASH,
    )  # fmt: skip
    if Role.PARTNER not in roles:
        account.totp_secret, account.is_totp_on = TOTP_SECRET, True
    session.add(account)
    session.flush()
    session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
    return Actor(person.id, account.id, user_name, frozenset(roles))


def make_couple(session: Session, number: int, therapist: Actor, first: Actor, second: Actor) -> UUID:
    """Add an active couple of two persons; the first is side A."""
    couple = Couple(number=number, therapist_id=therapist.person_id, status=CoupleStatus.ACTIVE)
    session.add(couple)
    session.flush()
    for side, actor in ((Side.A, first), (Side.B, second)):
        session.add(Partner(couple_id=couple.id, person_id=actor.person_id, side=side))
    session.flush()
    return couple.id


def make_cast(session: Session) -> Cast:
    """Add the whole cast. Ana and Ben share one inbox; Cleo and Dan are the other couple, of the stranger."""
    session.add(
        Practice(
            name="Common Ground", tagline="Couples therapy in Bristol", about="A quiet room.", zone="Europe/London",
            paper=Paper.A4, contact_line="hello@practice.example.org", help_notice="In danger, call your local number.",
        )
    )  # fmt: skip

    def actor(name: str, *roles: Role, email: str = "") -> Actor:
        person = make_person(session, name.capitalize(), email or f"{name}@example.org")
        return make_account(session, person, name, *roles)

    therapist, stranger = actor("jane", Role.THERAPIST), actor("sam", Role.THERAPIST)
    ana = actor("ana", Role.PARTNER, email="us@example.org")
    ben = actor("ben", Role.PARTNER, email="us@example.org")
    cleo, dan = actor("cleo", Role.PARTNER), actor("dan", Role.PARTNER)
    profile = Therapist(
        person_id=therapist.person_id, display_name="Jane Parker", title_line="Couples therapist", approach="Calm.",
        zone="Europe/London",
    )  # fmt: skip
    session.add(profile)
    couple_id = make_couple(session, 7, therapist, ana, ben)
    other_couple_id = make_couple(session, 8, stranger, cleo, dan)
    return Cast(
        therapist=therapist, stranger=stranger, front_desk=actor("fay", Role.FRONT_DESK), owner=actor("olive", Role.OWNER),
        ana=ana, ben=ben, cleo=cleo, dan=dan, couple_id=couple_id, other_couple_id=other_couple_id,
        therapist_profile_id=profile.id,
    )  # fmt: skip


class Browser(FlaskClient):
    """A browser that visits the portal at its public address."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask for a path of https://portal.example.org."""
        kwargs.setdefault("base_url", "https://portal.example.org")
        kwargs.setdefault("buffered", True)
        return super().open(*args, **kwargs)


def begin_sign_in(session: Session, account_id: UUID, **changes: object) -> tuple[str, UUID]:
    """Let somebody be signed in without the pages of signing in; give the cookie's token and the row's id."""
    token, now = secrets.token_urlsafe(16), utc_now()
    values: dict[str, object] = {
        "device": "Test", "proved_at": now, "last_seen_at": now, "expires_at": now + timedelta(hours=8), **changes,
    }  # fmt: skip
    row = LoginSession(account_id=account_id, token_hash=hashed_token(token), **values)
    session.add(row)
    session.flush()
    return token, row.id


def client_of(
    app: Flask, actor: Actor | None, *, limited: bool = False, proved_at: datetime | None = None
) -> FlaskClient:
    """A browser in which this person is signed in (nobody: a visitor), by a sign-in row of its own."""
    app.test_client_class = Browser
    client = app.test_client()
    if actor is None:
        return client
    with app.app_context(), transaction() as session:
        token, _ = begin_sign_in(
            session, actor.account_id, is_limited=limited, proved_at=proved_at or utc_now()
        )
        name = cookie_name()
    client.set_cookie(name, token, domain="portal.example.org", secure=True)
    return client
