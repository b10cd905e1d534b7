"""Writing couples."""

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple, Partner, SecretsPolicy, Side
from portal.couples.queries import next_number
from portal.couples.rules import SamePerson
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
