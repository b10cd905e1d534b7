"""The first owner and the practice, made by `portal create-owner`."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.accounts.service import create_account
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.people.service import add_person
from portal.practice.models import Therapist
from portal.practice.queries import find_practice
from portal.practice.rules import HelpIncomplete, HelpLines
from portal.practice.service import add_therapist, found_practice
from portal.security.viewer import Anonymous, Role
from portal.zones import parse_zone

HELP_NOTICE = "If you or someone else is in immediate danger, call your local emergency number."


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """What the command asks for. `help_lines`: the numbers of where the practice works; there are none of everywhere."""

    user_name: str
    first_name: str
    practice: str
    zone: str
    email: str
    password: str
    is_therapist: bool
    help_lines: HelpLines


def found(session: Session, owner: FirstOwner) -> Account:
    """Make the practice if there is none, and an account that owns it. The second step follows at the first sign-in.

    Raises:
        UnknownZone: the time zone is not in the list.
        DomainError: the user name is taken, the password too weak, or a help line cannot be dialled.
    """
    parse_zone(owner.zone)
    if not owner.help_lines.is_complete:
        raise HelpIncomplete("help lines: write numbers with digits, and the web page with https://")
    if find_practice(session) is None:
        found_practice(
            session,
            name=owner.practice,
            tagline="",
            about="",
            zone=owner.zone,
            contact_line=owner.email,
            help_notice=HELP_NOTICE,
            help_lines=owner.help_lines,
        )
    person = add_person(session, first_name=owner.first_name, email=owner.email, zone=owner.zone)
    roles = {Role.OWNER, Role.THERAPIST} if owner.is_therapist else {Role.OWNER}
    account = create_account(
        session,
        Anonymous(),
        person,
        user_name=owner.user_name,
        password=owner.password,
        roles=frozenset(roles),
    )
    if owner.is_therapist:
        add_therapist(
            session,
            Therapist(
                person_id=person.id,
                display_name=owner.first_name,
                title_line="",
                approach="",
                zone=owner.zone,
            ),
        )
    record_of(session, Anonymous(), Action.OWNER_CREATED, account)
    return account
