"""The first lock: an endpoint that declares no permission stops the start; a request without it gets nothing.

Views say `@requires(Permission.X)` or `@public("reason")`. Foreign, forbidden and unknown are the same 404.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, request
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.errors import DomainError, NotFound
from portal.security.login import current_viewer
from portal.security.permissions import Permission, Policy
from portal.security.tokens import Signer
from portal.security.viewer import Anonymous, Member

FRESH = timedelta(minutes=5)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
View = TypeVar("View", bound=Callable[..., Any])
Rescue = Callable[..., ResponseReturnValue]


class UndeclaredEndpoint(Exception):
    """A view says neither what permission it requires nor why it is public."""


class SignInNeeded(DomainError):
    """Nobody is signed in, and this is not for visitors."""


class ProofNeeded(DomainError):
    """The signed-in person must show once more who they are before this opens."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares.

    `keeps_typed`: its form itself tells about a stale page, so that nothing typed is lost.
    `is_polled`: pages ask for it by themselves, so it does not count as activity (product decision 18).
    `is_framed`: it stands inside another site, where nobody is signed in, whatever cookie comes along (BKG-08).
    `most_bytes`: how long a form may be, where more is needed than a page of text: for files that are sent along (INP-02).
    `rescue`: gets the address's values when a form arrives after its sign-in has run out, and answers in the view's stead.
    """

    permission: Permission | None
    reason: str = ""
    keeps_typed: bool = False
    is_polled: bool = False
    rescue: Rescue | None = None
    most_bytes: int | None = None
    is_framed: bool = False


def requires(
    permission: Permission,
    *,
    keeps_typed: bool = False,
    is_polled: bool = False,
    rescue: Rescue | None = None,
    most_bytes: int | None = None,
) -> Callable[[View], View]:
    """Declare the permission that a view needs."""
    return _declare(
        Access(permission, keeps_typed=keeps_typed, is_polled=is_polled, rescue=rescue, most_bytes=most_bytes)
    )


def public(reason: str, *, keeps_typed: bool = False) -> Callable[[View], View]:
    """Declare a view open to everybody, and say why."""
    return _declare(Access(None, reason, keeps_typed=keeps_typed))


def framed(view: View) -> View:
    """Give a public view once more, for inside another site: there everybody is a visitor."""

    @wraps(view)
    def inside(*args: Any, **values: Any) -> Any:
        return view(*args, **values)

    inside.access = replace(view.access, is_framed=True)  # type: ignore[attr-defined]  # data on the function
    return cast("View", inside)


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]  # data on the function, read by the gate
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access:
    """Read what an endpoint declared.

    Raises:
        UndeclaredEndpoint: it declared nothing.
    """
    access = getattr(app.view_functions[endpoint], "access", None)
    if not isinstance(access, Access):
        raise UndeclaredEndpoint(f"{endpoint} needs @requires(...) or @public(...)")
    return access


def init_gate(app: Flask, policy: Policy) -> None:
    """Check that every endpoint is declared, then stand before each request.

    Raises:
        UndeclaredEndpoint: the application must not start.
    """
    app.extensions["policy"] = policy
    for endpoint in app.view_functions:
        access_of(app, endpoint)
    app.before_request(_refuse_foreign_forms)
    app.before_request(_check_permission)
    app.before_request(_allow_files)
    app.before_request(_refuse_stale_forms)
    app.jinja_env.globals.update(can=can, form_token=form_token, Permission=Permission)


def can(permission: Permission) -> bool:
    """Tell templates and views whether the viewer has a permission, by the same policy that the gate asks."""
    policy: Policy = current_app.extensions["policy"]
    grant = policy.get(permission)
    return grant is not None and grant.allows(current_viewer())


def form_token() -> str:
    """Make the hidden field that every form carries; empty on a page about a failure, whose one form, leaving, needs none."""
    return "" if g.get("is_failing") else _signer().form_token(_login_session_id())


def has_form_token() -> bool:
    """Tell whether the submitted form came from a page made for this very sign-in."""
    return _signer().accepts_form(request.form.get("form_token", ""), _login_session_id())


def is_fresh(viewer: Member) -> bool:
    """Tell whether the viewer proved who they are within the last five minutes."""
    return utc_now() - viewer.proved_at <= FRESH


def _check_permission() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access.permission is None:
        return None
    viewer = current_viewer()
    if isinstance(viewer, Anonymous):
        if access.rescue is not None and request.method in UNSAFE:
            return access.rescue(**(request.view_args or {}))
        raise SignInNeeded(access.permission)
    if not can(access.permission):
        raise NotFound(access.permission)
    if current_app.extensions["policy"][access.permission].fresh and not is_fresh(viewer):
        raise ProofNeeded(access.permission)
    return None


def _allow_files() -> None:
    """Let a longer form in where the endpoint says so; only after it is known who sends it."""
    if request.method in UNSAFE and request.endpoint is not None:
        most_bytes = access_of(current_app, request.endpoint).most_bytes
        if most_bytes is not None:
            request.max_content_length = most_bytes


def local_path(text: str | None, default: str) -> str:
    """Keep a redirect on this site: a path of our own, or else `default`."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return default
    parts = urlsplit(text)
    is_plain = not parts.scheme and not parts.netloc and text.isprintable()
    return parts.path if is_plain else default


def _refuse_foreign_forms() -> None:
    if request.method not in UNSAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        abort(400)
    origin = request.headers.get("Origin")
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        abort(400)


def _refuse_stale_forms() -> None:
    if request.method not in UNSAFE or request.endpoint is None:
        return
    g.form_is_stale = not has_form_token()
    if g.form_is_stale and not access_of(current_app, request.endpoint).keeps_typed:
        abort(400)


def _login_session_id() -> Any:
    viewer = current_viewer()
    return viewer.login_session_id if isinstance(viewer, Member) else None


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
