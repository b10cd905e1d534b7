"""What the list and the couple page gather from the areas below."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.invitations import latest_invitations
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
    """Tell for both persons how far they have come with their own login. Two statements."""
    ids = {partner.person_id for partner in couple.partners}
    signed_up = set(session.scalars(select(Account.person_id).where(Account.person_id.in_(ids))))
    invitations = latest_invitations(session, ids)
    return [
        PartnerCard(
            partner,
            _access(partner.person_id, signed_up, invitations.get(partner.person_id), now),
            invitations.get(partner.person_id),
        )
        for partner in couple.partners
    ]


def _access(person_id: UUID, signed_up: set[UUID], invitation: Invitation | None, now: datetime) -> Access:
    if person_id in signed_up:
        return Access.SIGNED_UP
    if invitation is None or invitation.withdrawn_at is not None:
        return Access.NOT_INVITED
    is_open = invitation.expires_at > now and invitation.tries_left > 0
    return Access.INVITED if is_open else Access.LAPSED
