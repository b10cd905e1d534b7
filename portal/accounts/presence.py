"""Finding the signed-in member of a request, and keeping the sign-in alive while its owner is active."""

from datetime import datetime

from sqlalchemy import update

from portal.accounts.models import LoginSession
from portal.accounts.queries import find_lapsed_sign_in, find_live_sign_in, member_of
from portal.accounts.rules import TOUCH_EVERY
from portal.clock import utc_now
from portal.security.viewer import Member
from portal.transaction import current_session, transaction


def load_member(token: str, is_activity: bool) -> Member | None:
    """Find who is signed in by the cookie's token. One statement, and once a minute one more that notes activity.

    A page that asks by itself is no activity: a forgotten window must not keep a sign-in alive.
    """
    now, session = utc_now(), current_session()
    found = find_live_sign_in(session, token, now)
    if found is None:
        _shut_lapsed(token, now)
        return None
    if found.is_waiting:
        return None
    session.info["signed_in"] = found  # else the session would forget the person, whom every page asks for
    if is_activity and now - found.last_seen_at >= TOUCH_EVERY:
        with transaction() as session:
            session.execute(update(LoginSession).where(LoginSession.id == found.id).values(last_seen_at=now))
    return member_of(found)


def _shut_lapsed(token: str, now: datetime) -> None:
    """Note that a sign-in has run out, so that a clock that is set back does not revive it (F16). Once for each sign-in."""
    lapsed = find_lapsed_sign_in(current_session(), token, now, within=None)
    if lapsed is not None and lapsed.last_seen_at < min(now, lapsed.expires_at):
        with transaction() as session:
            session.execute(
                update(LoginSession)
                .where(LoginSession.id == lapsed.id)
                .values(expires_at=LoginSession.last_seen_at)
            )


def lapsed_member(token: str | None) -> Member | None:
    """Find whose sign-in ran out a short while ago, to keep what was typed; it opens nothing. One statement."""
    found = find_lapsed_sign_in(current_session(), token, utc_now()) if token else None
    return member_of(found) if found else None
