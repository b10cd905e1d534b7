"""Reads of accounts and sign-ins."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from portal.accounts.models import Account, Invitation, LoginSession, OneTimePurpose, OneTimeToken, Passkey
from portal.accounts.rules import LAPSED_FOR, UNDER_WAY, is_alive
from portal.errors import NotFound
from portal.people.models import Person
from portal.security.crypto import MasterKey, hashed_token
from portal.security.viewer import STAFF, Member, Role

MOST_ON_ONE_ADDRESS = 2
LISTED_FOR = timedelta(days=30)

_WITH_ACCOUNT = joinedload(LoginSession.account)
_WHO = (_WITH_ACCOUNT.joinedload(Account.person), _WITH_ACCOUNT.joinedload(Account.roles))
# Written once: every request asks it, and to write it takes as long as to ask it.
_LIVE = (
    select(LoginSession)
    .where(LoginSession.token_hash == bindparam("token_hash"), LoginSession.ended_at.is_(None))
    .options(*_WHO)
)


def account_holders(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these persons have an account, whatever its state. One statement."""
    return set(session.scalars(select(Account.person_id).where(Account.person_id.in_(person_ids))))


def find_live_sign_in(session: Session, token: str, now: datetime) -> LoginSession | None:
    """Find the sign-in of a cookie's token, with account, roles and person, if it still holds. One statement."""
    found = session.scalars(_LIVE, {"token_hash": hashed_token(token)}).unique().one_or_none()
    if found is None or found.account.is_disabled:
        return None
    is_staff = any(role.role in STAFF for role in found.account.roles)
    holds = is_alive(last_seen_at=found.last_seen_at, expires_at=found.expires_at, is_staff=is_staff, now=now)
    return found if holds else None


def find_lapsed_sign_in(
    session: Session, token: str, now: datetime, *, within: timedelta | None = LAPSED_FOR
) -> LoginSession | None:
    """Find a sign-in that was whole and has run out a short while ago, to keep what its owner was typing. One statement.

    It opens nothing. One that was ended by hand counts for what was under way at that moment only. `within`: how long
    ago it was last seen at most; None: whenever.
    """
    query = (
        select(LoginSession)
        .where(LoginSession.token_hash == hashed_token(token), LoginSession.is_waiting.is_(False))
        .where(or_(LoginSession.ended_at.is_(None), LoginSession.ended_at > now - UNDER_WAY))
        .where(LoginSession.last_seen_at > now - within if within is not None else true())
        .options(*_WHO)
    )
    found = session.scalars(query).unique().one_or_none()
    return None if found is None or found.account.is_disabled else found


def find_waiting(session: Session, token: str | None, now: datetime) -> LoginSession | None:
    """Find the sign-in that has the password behind it and the second factor before it. One statement."""
    found = find_live_sign_in(session, token, now) if token else None
    return found if found is not None and found.is_waiting else None


def member_of(sign_in: LoginSession) -> Member:
    """Describe who is signed in, as everything below the views knows it. Needs account and roles loaded."""
    return Member(
        account_id=sign_in.account_id,
        person_id=sign_in.account.person_id,
        login_session_id=sign_in.id,
        roles=roles_of(sign_in.account),
        proved_at=sign_in.proved_at,
        is_limited=sign_in.is_limited,
    )


def roles_of(account: Account) -> frozenset[Role]:
    """Collect what an account is in the practice. Needs roles loaded."""
    return frozenset(role.role for role in account.roles)


def accounts_named(session: Session, identity: str) -> Sequence[Account]:
    """List the accounts that a user name or an address may mean, those turned off too. One statement, found or not.

    An address of more than two accounts means none of them: each attempt costs two checks, never more.
    """
    keyring: MasterKey = session.info["keyring"]
    code = keyring.lookup_code(identity)
    is_meant = Person.email_code == code if "@" in identity else Account.user_name_code == code
    query = select(Account).join(Account.person).where(is_meant).order_by(Account.created_at, Account.id)
    found = session.scalars(query.limit(MOST_ON_ONE_ADDRESS + 1)).all()
    return found if len(found) <= MOST_ON_ONE_ADDRESS else []


def accounts_sharing(session: Session, account: Account) -> Sequence[Account]:
    """List the accounts whose mail goes to the same inbox, this one among them. Two statements."""
    code = account.person.email_code
    if code is None:
        return [account]
    query = select(Account).join(Account.person).where(Person.email_code == code)
    return session.scalars(query.order_by(Account.created_at, Account.id).options(*_whole())).all()


def get_own_account(session: Session, viewer: Member) -> Account:
    """Load the viewer's account with roles and person. Two statements."""
    return get_account(session, viewer.account_id)


def get_account(session: Session, account_id: UUID) -> Account:
    """Load the account that a sign-in or a one-time token has led to. Two statements.

    Raises:
        NotFound: it is gone.
    """
    found = session.scalar(select(Account).where(Account.id == account_id).options(*_whole()))
    if found is None:
        raise NotFound(str(account_id))
    return found


def find_account_of_person(session: Session, person_id: UUID) -> Account | None:
    """Find the account of a person whom the caller may see. Two statements."""
    return session.scalar(select(Account).where(Account.person_id == person_id).options(*_whole()))


def hold_account(session: Session, account: Account) -> None:
    """Let nobody else change the ways into this account until the transaction ends, and read anew what they are. One statement."""
    session.refresh(account, ["is_totp_on"], with_for_update=True)


def holds_passkey(session: Session, account_id: UUID) -> bool:
    """Tell whether an account can be opened with a passkey. One statement."""
    return session.scalar(select(Passkey.id).where(Passkey.account_id == account_id).limit(1)) is not None


def list_sign_ins(session: Session, viewer: Member, now: datetime) -> Sequence[LoginSession]:
    """List the viewer's own sign-ins of the last 30 days, the newest first; nobody else's can be listed."""
    return session.scalars(
        select(LoginSession)
        .where(LoginSession.account_id == viewer.account_id, LoginSession.is_waiting.is_(False))
        .where(or_(LoginSession.last_seen_at > now - LISTED_FOR, LoginSession.id == viewer.login_session_id))
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.id)
        .limit(50)
    ).all()


def get_own_sign_in(session: Session, viewer: Member, login_session_id: UUID) -> LoginSession:
    """Load one of the viewer's own sign-ins that has not ended. Raises NotFound for any other."""
    found = session.scalar(
        select(LoginSession).where(
            LoginSession.id == login_session_id,
            LoginSession.account_id == viewer.account_id,
            LoginSession.ended_at.is_(None),
        )
    )
    if found is None:
        raise NotFound(str(login_session_id))
    return found


def find_reset(session: Session, token: str, now: datetime) -> OneTimeToken | None:
    """Find the reset that a mailed link stands for, if it is neither used nor too old. One statement."""
    return session.scalar(
        select(OneTimeToken)
        .where(OneTimeToken.token_hash == hashed_token(token), OneTimeToken.purpose == OneTimePurpose.RESET)
        .where(OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now, OneTimeToken.tries_left > 0)
        .execution_options(populate_existing=True)
    )


def find_open_invitation(session: Session, token: str, now: datetime) -> Invitation | None:
    """Find the invitation of a link, with its person, unless accepted, withdrawn, expired or out of tries."""
    return session.scalar(
        select(Invitation)
        .where(Invitation.token_hash == hashed_token(token), Invitation.expires_at > now)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.tries_left > 0)
        .options(joinedload(Invitation.person))
        .execution_options(populate_existing=True)
    )


def _whole() -> tuple[ExecutableOption, ...]:
    return joinedload(Account.person), selectinload(Account.roles)
