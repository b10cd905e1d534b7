"""Invitations to an own login: a link, and a code that the therapist passes on another way (decision 10, AUT-04)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, Invitation
from portal.accounts.rules import (
    INVITATION_AGE,
    INVITATION_AGE_WITHOUT_CODE,
    AlreadyHasAccount,
    CodeRefused,
)
from portal.accounts.service import create_account
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.people.models import Person
from portal.security.crypto import MasterKey, hashed_token, new_code, new_token
from portal.security.viewer import Member, Role, TokenHolder, TokenPurpose

TRIES = 5
LABEL_LETTERS = "CDFGHJKMPQRTVWXYZ"  # nothing that reads like something else or spells a word


@dataclass(frozen=True, slots=True)
class Issued:
    """A new invitation with what is shown or sent now and never again. `code`: to be passed on another way than the link."""

    invitation: Invitation
    token: str
    code: str | None

    @property
    def label(self) -> str:
        """Give the sign of this invitation."""
        return label_of(self.invitation)


def invite(
    session: Session, viewer: Member, person: Person, *, now: datetime, with_code: bool = True
) -> Issued:
    """Invite a person, whom the caller has loaded through the viewer, to an own login; earlier invitations end.

    With a code the link holds 14 days, without one 72 hours.

    Raises:
        AlreadyHasAccount: this person signs in already.
    """
    if session.scalar(select(Account.id).where(Account.person_id == person.id)) is not None:
        raise AlreadyHasAccount(str(person.id))
    is_open = Invitation.accepted_at.is_(None) & Invitation.withdrawn_at.is_(None)
    session.execute(
        update(Invitation).where(Invitation.person_id == person.id, is_open).values(withdrawn_at=now)
    )
    token, code = new_token(), new_code() if with_code else None
    invitation = Invitation(
        person_id=person.id, person=person, invited_by_id=viewer.person_id, token_hash=hashed_token(token), tries_left=TRIES,
        expires_at=now + (INVITATION_AGE if code else INVITATION_AGE_WITHOUT_CODE),
    )  # fmt: skip
    invitation.code_hash = _code_hash(session, invitation.id, code) if code else None
    session.add(invitation)
    session.flush()
    record_of(session, viewer, Action.INVITATION_SENT, invitation)
    return Issued(invitation, token, code)


def label_of(invitation: Invitation) -> str:
    """Give three letters by which two invitations in one inbox are told apart, since no mail names anybody.

    They stand in the mail and on the page of the link, and the therapist says them along with the code. They follow
    from the id and open nothing.
    """
    number, letters = invitation.id.int, []
    for _ in range(3):
        number, place = divmod(number, len(LABEL_LETTERS))
        letters.append(LABEL_LETTERS[place])
    return "".join(letters)


def withdraw(session: Session, viewer: Member, invitation: Invitation, now: datetime) -> None:
    """Take an invitation back; one that was accepted or withdrawn before stays as it is."""
    if invitation.accepted_at is None and invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        session.flush()
        record_of(session, viewer, Action.INVITATION_WITHDRAWN, invitation)


def latest_invitations(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, Invitation]:
    """Find the newest invitation of each person whom the caller has loaded through a viewer. One statement."""
    found = session.scalars(
        select(Invitation)
        .where(Invitation.person_id.in_(list(person_ids)))
        .order_by(Invitation.created_at, Invitation.id)
    )
    return {invitation.person_id: invitation for invitation in found}


def enter_code(session: Session, invitation: Invitation, code: str) -> bool:
    """Try a code, which costs one of five tries; a right one gives the tries back. Two statements at most.

    False is no error to roll back: the try that was spent must be kept.
    """
    spent = update(Invitation).where(Invitation.id == invitation.id, Invitation.tries_left > 0)
    spending = session.execute(spent.values(tries_left=Invitation.tries_left - 1))
    has_try = cast("CursorResult[None]", spending).rowcount == 1
    if not has_try or _code_hash(session, invitation.id, code) != invitation.code_hash:
        return False
    session.execute(update(Invitation).where(Invitation.id == invitation.id).values(tries_left=TRIES))
    return True


def accept(
    session: Session, invitation: Invitation, *, user_name: str, password: str, now: datetime
) -> Account:
    """Make the invited person's account; the link ends with it.

    Raises:
        CodeRefused: the invitation was accepted or withdrawn meanwhile.
        UserNameTaken, PasswordRefused: from `create_account`; the invitation stays open.
    """
    is_open = Invitation.accepted_at.is_(None) & Invitation.withdrawn_at.is_(None)
    accepting = update(Invitation).where(Invitation.id == invitation.id, is_open).values(accepted_at=now)
    if cast("CursorResult[None]", session.execute(accepting)).rowcount != 1:
        raise CodeRefused(str(invitation.id))
    viewer = TokenHolder(TokenPurpose.INVITATION, invitation.id)
    account = create_account(
        session, viewer, invitation.person, user_name=user_name, password=password, roles=[Role.PARTNER]
    )
    record_of(session, viewer, Action.INVITATION_ACCEPTED, invitation)
    return account


def _code_hash(session: Session, invitation_id: UUID, code: str) -> bytes:
    # Keyed with a key outside the database, because eight digits alone could be tried out on a stolen copy.
    keyring: MasterKey = session.info["keyring"]
    digits = "".join(letter for letter in code if letter.isalnum())
    return keyring.lookup_code(f"invitation|{invitation_id}|{digits}")
