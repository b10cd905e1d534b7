"""Making accounts and changing their passwords."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Account, AccountRole
from portal.accounts.passwords import hash_new_password
from portal.accounts.rules import AlreadyHasAccount, UserNameTaken
from portal.accounts.sign_ins import end_all_but
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.models import Person
from portal.security.crypto import MasterKey
from portal.security.viewer import Member, Role, Viewer


def create_account(
    session: Session, viewer: Viewer, person: Person, *, user_name: str, password: str, roles: Iterable[Role]
) -> Account:
    """Give a person an own login. About 30 ms of hashing, four statements.

    Raises:
        AlreadyHasAccount: each person has one.
        UserNameTaken: by somebody else; who that is stays untold.
        PasswordRefused: it is too short, too long, or easy to guess.
    """
    keyring: MasterKey = session.info["keyring"]
    code = keyring.lookup_code(user_name)
    if session.scalar(select(Account.id).where(Account.person_id == person.id)) is not None:
        raise AlreadyHasAccount(str(person.id))
    if session.scalar(select(Account.id).where(Account.user_name_code == code)) is not None:
        raise UserNameTaken(str(person.id))
    account = Account(
        person=person, person_id=person.id, user_name=user_name, user_name_code=code, totp_step=0, is_totp_on=False,
        is_limited=False, is_disabled=False, password_hash=hash_new_password(password, about=words_about(person, user_name)),
    )  # fmt: skip
    account.roles = [AccountRole(role=role) for role in sorted(set(roles))]
    session.add(account)
    session.flush()
    record_of(session, viewer, Action.ACCOUNT_CREATED, account)
    return account


def change_password(
    session: Session, viewer: Member, account: Account, *, new_hash: str, now: datetime
) -> None:
    """Set the viewer's own new password, end all other sign-ins, and say so by mail in neutral words (AUT-08)."""
    account.password_hash = new_hash
    end_all_but(session, account.id, viewer.login_session_id, now)
    record_of(session, viewer, Action.PASSWORD_CHANGED, account)
    tell_of_change(session, account, now)


def tell_of_change(session: Session, account: Account, now: datetime) -> None:
    """Tell a person, and nobody else, that something about the own login changed. Needs the person loaded."""
    session.flush()
    queue_message(session, account.person, MessageKind.SECURITY_CHANGE, {}, now=now)


def words_about(person: Person, user_name: str) -> tuple[str, ...]:
    """Collect what others try first as this person's password."""
    return user_name, person.first_name, person.last_name, *person.email.split("@")
