"""How long a sign-in lives, what may be tried how often, what a device is called. Pure."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.accounts.guessable import PasswordProblem
from portal.errors import Conflict, Invalid
from portal.security.viewer import STAFF, Role

ABSOLUTE = timedelta(hours=8)  # SES-03
IDLE_STAFF = timedelta(minutes=15)  # SES-03
IDLE_PARTNER = timedelta(minutes=10)  # SES-03
TOUCH_EVERY = timedelta(minutes=1)
WAITING = timedelta(minutes=10)  # from the password to the second factor
LAPSED_FOR = timedelta(
    hours=24
)  # how long after its last use a sign-in may still hand in what was typed (decision 18)
UNDER_WAY = timedelta(minutes=1)  # a request may arrive this late after its sign-in was ended by hand
RESET_AGE = timedelta(minutes=60)
HANDED_CODE_AGE = timedelta(minutes=15)
INVITATION_AGE = timedelta(days=14)  # with a code that is passed on another way
INVITATION_AGE_WITHOUT_CODE = timedelta(hours=72)  # AUT-04
KNOWN_NETWORK_AGE = timedelta(days=90)
LEAVE_TO = "https://www.bbc.co.uk/weather"  # where "Leave now" leads: ordinary, and plausible to have open


class UserNameTaken(Conflict):
    """Somebody has this user name already."""


class AlreadyHasAccount(Conflict):
    """The person has a login already."""


class PasswordRefused(Invalid):
    """The new password is too short, too long, or easy to guess; `problem` says which."""

    def __init__(self, problem: PasswordProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class CodeRefused(Invalid):
    """The code is wrong, was used before, or came too late."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of one kind within `window`, counted for each key."""

    kind: str
    most: int
    window: timedelta


# Nobody can lock somebody else out for good: the tight count is kept for an account *and* a network together. The wide
# one stops guessing from many networks, and never counts for a network from which this account signed in before.
SIGN_IN_HERE = Limit("sign_in_here", 10, timedelta(minutes=15))
SIGN_IN_NETWORK = Limit("sign_in_network", 30, timedelta(minutes=15))
SIGN_IN_ANYWHERE = Limit("sign_in_anywhere", 100, timedelta(hours=1))
SECOND_FACTOR = Limit("second_factor", 5, timedelta(minutes=5))
SECOND_FACTOR_DAY = Limit("second_factor_day", 50, timedelta(days=1))
PROOF = Limit("proof", 10, timedelta(minutes=15))
RESET_ADDRESS = Limit("reset_address", 3, timedelta(hours=1))
RESET_NETWORK = Limit("reset_network", 20, timedelta(hours=1))
RESET_CODE = Limit("reset_code", 10, timedelta(minutes=15))
RESET_CODE_NETWORK = Limit("reset_code_network", 30, timedelta(minutes=15))
RESET_LINK = Limit("reset_link", 30, timedelta(minutes=15))
INVITATION_LINK = Limit("invitation_link", 30, timedelta(minutes=15))
UNLOCK = Limit("unlock", 10, timedelta(minutes=15))


def is_alive(*, last_seen_at: datetime, expires_at: datetime, is_staff: bool, now: datetime) -> bool:
    """Tell whether a sign-in still holds: not idle too long, not older than eight hours.

    A clock that jumps back revives nothing: a sign-in seen in the future is refused as well.
    """
    idle = IDLE_STAFF if is_staff else IDLE_PARTNER
    return last_seen_at - TOUCH_EVERY <= now < min(expires_at, last_seen_at + idle)


def asks_second_factor(roles: frozenset[Role], *, is_totp_on: bool) -> bool:
    """Tell whether the password alone is not enough: always for staff, for partners who turned it on (AUT-02)."""
    return is_totp_on or bool(roles & STAFF)


def network_of(address: str | None) -> str:
    """Name the network that tries are counted for: an IPv4 address, or the /64 that one IPv6 household has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
    return str(parsed)


BROWSERS = (
    ("Firefox", "Firefox/"),
    ("Edge", "Edg/"),
    ("Opera", "OPR/"),
    ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac", "Macintosh"),
    ("ChromeOS", "CrOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_class(user_agent: str) -> str:
    """Say in a few words what somebody signed in with, for their own list: never the whole user agent (SES-06)."""
    browser = next((name for name, mark in BROWSERS if mark in user_agent), "A browser")
    system = next((name for name, mark in SYSTEMS if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser
