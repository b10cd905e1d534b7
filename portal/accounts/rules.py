"""How long a sign-in lives, and what may be tried how often. Pure."""

from datetime import datetime, timedelta

ABSOLUTE = timedelta(hours=8)  # SES-03
IDLE_STAFF = timedelta(minutes=15)  # SES-03
IDLE_PARTNER = timedelta(minutes=10)  # SES-03
TOUCH_EVERY = timedelta(minutes=1)


def is_alive(*, last_seen_at: datetime, expires_at: datetime, is_staff: bool, now: datetime) -> bool:
    """Tell whether a sign-in still holds: not idle too long, not older than eight hours.

    A clock that jumps back revives nothing: a sign-in seen in the future is refused as well.
    """
    idle = IDLE_STAFF if is_staff else IDLE_PARTNER
    return last_seen_at - TOUCH_EVERY <= now < min(expires_at, last_seen_at + idle)
