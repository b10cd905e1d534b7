"""Who is signed in, for views: the only module that knows Flask-Login.

The sign-in is a row in the database, found by a random cookie. Flask's own cookie session is not used at all, so a
visitor gets no cookie, and a copied cookie is dead once the row has ended.
"""

from collections.abc import Callable

from flask import Flask, Request, Response, current_app, g
from flask_login import UserMixin, current_user

from portal.extensions import login_manager
from portal.security.viewer import Anonymous, Member

LoadMember = Callable[[str, bool], Member | None]


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login is untyped
    """What Flask-Login keeps for a request."""

    def __init__(self, member: Member) -> None:
        self.member = member

    def get_id(self) -> str:
        """Name the account, as Flask-Login asks."""
        return str(self.member.account_id)


def init_login(app: Flask, load_member: LoadMember) -> None:
    """Let Flask-Login find the signed-in member by our own cookie.

    `load_member` gets the cookie's token, and whether this request shows that somebody is there.
    """
    login_manager.init_app(app)
    login_manager.session_protection = None

    @login_manager.request_loader  # type: ignore[untyped-decorator]  # Flask-Login is untyped
    def load_from_cookie(request: Request) -> SignedIn | None:
        token = request.cookies.get(cookie_name())
        if g.get("is_failing"):  # a page about a failure must not ask the database, which may be what failed
            return None
        if _declares(request, "is_framed"):  # inside another site everybody is a visitor
            return None
        member = load_member(token, _is_activity(request)) if token else None
        return SignedIn(member) if member else None


def _is_activity(request: Request) -> bool:
    return not _declares(request, "is_polled")


def _declares(request: Request, fact: str) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(getattr(view, "access", None), fact, False))


def current_viewer() -> Member | Anonymous:
    """Tell who is looking."""
    return current_user.member if current_user.is_authenticated else Anonymous()


def current_member() -> Member:
    """Give the signed-in member; for endpoints whose permission only members can have."""
    viewer = current_viewer()
    if not isinstance(viewer, Member):
        raise TypeError("this endpoint was reached without a sign-in")
    return viewer


def cookie_name() -> str:
    """Name the cookie: `__Host-` binds it to this very host, which browsers accept over TLS only."""
    return "__Host-session" if current_app.extensions["settings"].is_https else "session"


def set_session_cookie(response: Response, token: str, *, is_staff: bool) -> None:
    """Hand the token of a new sign-in to the browser; it ends with the browser's session at the latest."""
    response.set_cookie(
        cookie_name(),
        token,
        path="/",
        secure=current_app.extensions["settings"].is_https,
        httponly=True,
        samesite="Strict" if is_staff else "Lax",
    )


def clear_session_cookie(response: Response) -> None:
    """Take the token back from the browser, with everything else it keeps of this site."""
    secure = current_app.extensions["settings"].is_https
    response.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
