"""What the list and the couple page gather from the areas below."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Account, Invitation
from portal.couples.models import Couple, Partner
from portal.couples.queries import list_couples
from portal.meetings.models import Meeting
from portal.security.viewer import Member


class Access(StrEnum):
    """How far a person has come with the own login, as their therapist sees it."""

    NOT_INVITED = "not_invited"
    INVITED = "invited"
    LAPSED = "lapsed"
    SIGNED_UP = "signed_up"


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One couple in the therapist's list."""

    couple: Couple
    meetings: int
    last_meeting_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartnerCard:
    """One person on the couple page."""

    partner: Partner
    access: Access
    invitation: Invitation | None


def list_caseload(session: Session, viewer: Member) -> list[CaseloadRow]:
    """List the therapist's couples with what has happened. Two statements, and one for all keys."""
    couples = list_couples(session, viewer)
    counted = session.execute(
        select(Meeting.couple_id, func.count(), func.max(Meeting.starts_at))
        .where(Meeting.couple_id.in_([couple.id for couple in couples]))
        .group_by(Meeting.couple_id)
    )
    by_couple = {couple_id: (count, latest) for couple_id, count, latest in counted}
    return [CaseloadRow(couple, *by_couple.get(couple.id, (0, None))) for couple in couples]


def partner_cards(session: Session, couple: Couple, now: datetime) -> list[PartnerCard]:
    """Tell for both persons how far they have come with their own login. One statement."""
    rows = session.execute(
        select(Partner.person_id, Account.id, Invitation)
        .outerjoin(Account, Account.person_id == Partner.person_id)
        .outerjoin(Invitation, Invitation.person_id == Partner.person_id)
        .where(Partner.couple_id == couple.id)
        .order_by(Invitation.created_at, Invitation.id)
    )
    newest = {person_id: (account_id is not None, invitation) for person_id, account_id, invitation in rows}
    cards = []
    for partner in couple.partners:
        is_signed_up, invitation = newest[partner.person_id]
        access = Access.SIGNED_UP if is_signed_up else _access(invitation, now)
        cards.append(PartnerCard(partner, access, invitation))
    return cards


def _access(invitation: Invitation | None, now: datetime) -> Access:
    if invitation is None or invitation.withdrawn_at is not None:
        return Access.NOT_INVITED
    is_open = invitation.expires_at > now and invitation.tries_left > 0
    return Access.INVITED if is_open else Access.LAPSED
