"""What the views of this area read from a request and set on a response: the cookie, the device, the way on."""

from flask import Response, current_app, request, url_for

from portal.accounts.ceremony import Site, site_of
from portal.accounts.models import LoginSession
from portal.accounts.queries import find_waiting
from portal.accounts.rules import device_class, network_of
from portal.clock import utc_now
from portal.security.gate import local_path
from portal.security.login import cookie_name, set_session_cookie
from portal.settings import Settings
from portal.transaction import current_session
from portal.web.htmx import redirect_to


def present_token() -> str | None:
    """Read the token of the cookie, whatever it may be worth."""
    return request.cookies.get(cookie_name())


def present_waiting() -> LoginSession | None:
    """Find the sign-in of this browser that waits for its second factor. Two statements."""
    return find_waiting(current_session(), present_token(), utc_now())


def device() -> str:
    """Name the class of device that asks."""
    return device_class(request.user_agent.string)


def network() -> str:
    """Name the network that tries are counted for."""
    return network_of(request.remote_addr)


def settings() -> Settings:
    """Give the settings of this installation."""
    found: Settings = current_app.extensions["settings"]
    return found


def site() -> Site | None:
    """Name the address that passkeys are bound to; None where it can have none."""
    return site_of(settings().public_url)


def way_on(endpoint: str = "home.start") -> str:
    """Read where the reader was going before a sign-in or a proof came between: a path of ours, or `endpoint`."""
    return local_path(request.values.get("next"), url_for(endpoint))


def go_with(token: str, address: str, *, is_staff: bool) -> Response:
    """Send the reader on with the token of a new or renewed sign-in."""
    response = redirect_to(address)
    set_session_cookie(response, token, is_staff=is_staff)
    return response
