"""How tests come to the door: they read a page's form as a browser does, and send it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.accounts.models import Account
from portal.extensions import db
from portal.transaction import transaction
from tests.support.cast import PASSWORD, TOTP_SECRET, Actor, client_of

NEW_PASSWORD = "marigold window seven"
WRONG = "certainly not the right one"


def page(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def send(
    client: FlaskClient, path: str, data: dict[str, str], *, seen_at: str | None = None, **extra: Any
) -> TestResponse:
    """Open the page that has the form, then send it with its hidden fields."""
    seen = page(client.get(seen_at or path))
    form = seen.select_one(f'form[action="{path}"]') or seen.select_one("main form")
    assert form, seen.get_text()
    hidden = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
    return client.post(path, data={**hidden, **data}, **extra)


def come_in(client: FlaskClient, identity: str, password: str = PASSWORD, **extra: Any) -> TestResponse:
    return send(client, "/sign-in", {"identity": identity, "password": password}, **extra)


def code(secret: str = TOTP_SECRET, *, steps: int = 0) -> str:
    """The code of an app whose clock is some half minutes ahead."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def signed_in_staff(app: Flask, actor: Actor) -> FlaskClient:
    client = client_of(app, None)
    come_in(client, actor.user_name)
    assert send(client, "/sign-in/code", {"code": code()}).status_code == 303
    return client


def copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """A thief's browser with a copy of the cookie."""
    thief = client_of(app, None)
    cookie = client.get_cookie("__Host-session", domain="portal.example.org")
    assert cookie
    thief.set_cookie("__Host-session", cookie.value, domain="portal.example.org", secure=True)
    return thief


@contextmanager
def checks_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the hashes that argon2 is asked to check."""
    checked: list[str] = []
    check: Callable[..., bool] = PasswordHasher.verify

    def verify(self: PasswordHasher, password_hash: str, password: bytes) -> bool:
        checked.append(password_hash)
        return check(self, password_hash, password)

    with monkeypatch.context() as patch:
        patch.setattr(PasswordHasher, "verify", verify)
        yield checked


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session().scalar(select(func.count()).select_from(model)) or 0


def change_account(app: Flask, actor: Actor, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        account = session.get_one(Account, actor.account_id)
        for name, value in values.items():
            setattr(account, name, value)


def in_database(app: Flask, read: Callable[[Session], Any]) -> Any:
    with app.app_context():
        return read(db.session())


MINUTE = timedelta(minutes=1)
