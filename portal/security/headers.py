"""Headers on every response, errors and static files included (security requirements WEB-01 to 05)."""

from collections.abc import Iterable

from flask import Flask, Response, current_app, g, request

from portal.security.login import current_viewer
from portal.security.viewer import Anonymous

SOURCES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "report-to violations",
)
CSP = "; ".join(SOURCES)
FIXED = {
    "Reporting-Endpoints": 'violations="/violations"',
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "X-Robots-Tag": "noindex",
}
HSTS = "max-age=63072000; includeSubDomains"  # two years, above the one year that ASVS 3.4.1 asks for
NAMED_BY_VERSION = ("/static/fonts/", "/static/vendor/")
LASTING = "public, max-age=604800, immutable"  # what a view may say of something public that never changes
STATIC_AGE = "public, max-age=31536000, immutable"


def init_headers(app: Flask) -> None:
    """Set the headers on whatever leaves the application."""
    app.after_request(add_headers)


def let_frame(origins: Iterable[str]) -> None:
    """Let the present response stand in a frame of these sites, and in our own preview; no other response may (WEB-03)."""
    g.frame_ancestors = " ".join(("'self'", *origins)) if origins else "'self'"


def let_show_frames() -> None:
    """Let the present page show frames of our own."""
    g.shows_frames = True


def let_load_elsewhere(response: Response) -> Response:
    """Let pages of other sites load this response, as a script or in a frame."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def add_headers(response: Response) -> Response:
    """Add what every response carries; a view may have set a stricter cache rule or allowed robots itself."""
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    if "frame_ancestors" in g:
        framing = f"frame-ancestors {g.frame_ancestors}"
        response.headers["Content-Security-Policy"] = CSP.replace("frame-ancestors 'none'", framing)
        del response.headers["X-Frame-Options"]
        let_load_elsewhere(response)
    if "shows_frames" in g:
        response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    if response.headers["X-Robots-Tag"] == "all":
        del response.headers["X-Robots-Tag"]
    if current_app.extensions["settings"].is_https:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers["Cache-Control"] = _cache_rule(response)
    return response


def _cache_rule(response: Response) -> str:
    if request.endpoint == "static" and response.status_code in {200, 304}:
        return STATIC_AGE if "v" in request.args or request.path.startswith(NAMED_BY_VERSION) else "no-cache"
    if response.headers.get("Cache-Control") == LASTING:
        return LASTING
    is_open = response.headers.get("Cache-Control") == "no-cache" and isinstance(current_viewer(), Anonymous)
    return "no-cache" if is_open else "no-store"
