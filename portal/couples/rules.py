"""What may happen to a couple. Pure."""

from dataclasses import dataclass

from portal.errors import Conflict, Invalid


class AlreadyACouple(Conflict):
    """The consultation has been turned into a couple before."""


class CoupleClosed(Conflict):
    """The work with this couple has ended; nothing is between the two in the portal any more."""


class SamePerson(Invalid):
    """A couple is two different persons."""


@dataclass(frozen=True, slots=True)
class NewPartner:
    """How a therapist enters one person of a new couple. Without an address the invitation is passed on by hand."""

    first_name: str
    last_name: str
    email: str
