"""The only place that reads or sets htmx headers. A view renders once; this decides between page and fragment."""

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request

VARY = "HX-Request, HX-Request-Type"


def wants_fragment() -> bool:
    """Tell whether htmx asks for a part of a page: not for boosted links, a restored history or a typed address."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type") != "full"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("Sec-Fetch-Dest", "empty") == "empty"
    )


def render(page: str, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render a page, or only its `fragment` template when htmx asks for it. Answers always vary by the htmx headers."""
    template = fragment if fragment and wants_fragment() else page
    g.is_fragment = template == fragment  # what stands around pages is not collected for it
    response = make_response(render_template(template, **context), status)
    response.headers["Vary"] = VARY
    return response


def shown_at(response: Response, address: str) -> Response:
    """Let the address of the page say from now on what a reload should bring back."""
    response.headers["HX-Replace-Url"] = address
    return response


def redirect_to(address: str) -> Response:
    """Send the reader to another page: 303 after a form, `HX-Redirect` where fetch would follow it unseen."""
    if request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true":
        response = Response(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 303))
