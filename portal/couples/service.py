"""Writing couples."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from portal.accounts.invitations import latest_invitations, withdraw
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple, CoupleStatus, Partner, SecretsPolicy, Side
from portal.couples.queries import CLOSED, lock_couple, next_number
from portal.couples.rules import CoupleClosed, SamePerson
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import data_key
from portal.security.viewer import Member


def create_couple(
    session: Session,
    viewer: Member,
    *,
    first: Person,
    second: Person,
    secrets_policy: SecretsPolicy = SecretsPolicy.LIMITED,
) -> Couple:
    """Make two persons a couple of the viewer's; `first` is side A. Makes both keys of the couple at once.

    Raises:
        SamePerson: both are one person.
    """
    if first.id == second.id:
        raise SamePerson(str(first.id))
    couple = Couple(number=next_number(session), therapist_id=viewer.person_id, secrets_policy=secrets_policy)
    session.add(couple)
    session.flush()
    for side, person in ((Side.A, first), (Side.B, second)):
        session.add(Partner(couple_id=couple.id, person_id=person.id, side=side))
    for kind in (OwnerKind.COUPLE, OwnerKind.COUPLE_CLINICAL):
        data_key(session, Owner(kind, couple.id), may_create=True)
    record_of(session, viewer, Action.COUPLE_CREATED, couple)
    session.flush()
    return couple


def close_couple(
    session: Session,
    viewer: Member,
    couple_id: UUID,
    status: Literal[CoupleStatus.ARCHIVED, CoupleStatus.SEPARATED],
    *,
    now: datetime,
) -> Couple:
    """End the work with a couple, as its therapist: from the next request on neither partner reaches anything shared.

    Open invitations end. Own words stay with their authors; nobody is told (CPL-09).

    Raises:
        NotFound: not the viewer's couple.
        CoupleClosed: it was closed before, perhaps by the first of two presses.
    """
    couple = lock_couple(session, viewer, couple_id)
    if couple.status in CLOSED:
        raise CoupleClosed(str(couple_id))
    couple.status = status
    for invitation in latest_invitations(session, [one.person_id for one in couple.partners]).values():
        withdraw(session, viewer, invitation, now)
    record_of(session, viewer, Action.COUPLE_CLOSED, couple)
    session.flush()
    return couple
