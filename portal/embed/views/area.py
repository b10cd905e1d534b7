"""What every frame does before its page: find out in which site it stands, and refuse forms that were not made there.

A frame needs no cookie (BKG-08): nobody is signed in inside it, and what has to be remembered stands in its address. The
site and the colours are the first part of it, so that forms of either method keep them.
"""

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue

from portal.embed.queries import listed_origins
from portal.embed.rules import Frame, origin_of, parse_frame
from portal.security.gate import UNSAFE, access_of
from portal.security.headers import let_frame
from portal.security.tokens import Signer, TokenRefused
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session
from portal.web.htmx import render

blueprint = Blueprint("embed", __name__)
ROOT = "/embed/<frame>"
MADE = "made"
FORM_AGE = timedelta(hours=12)  # as every other form of a visitor
LINK_OUT = re.compile(r'<a (?=[^>]*href="(?!#|/embed/|tel:|mailto:))(?![^>]*target=)')


@blueprint.url_value_preprocessor
def _read_frame(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "frame" in values:
        g.frame_name = values.pop("frame")


@blueprint.url_defaults
def _stay_in_frame(endpoint: str, values: dict[str, Any]) -> None:
    """Lead from page to page of the same frame; where a form goes, with a token of its own."""
    if (
        "frame" in values
        or "frame" not in g
        or not current_app.url_map.is_endpoint_expecting(endpoint, "frame")
    ):
        return
    values["frame"] = g.frame.name
    if any("POST" in (rule.methods or ()) for rule in current_app.url_map.iter_rules(endpoint)):
        values[MADE] = _signer().sign_words(TokenPurpose.EMBED_FORM, _bond(endpoint, values))


@blueprint.before_request
def _enter() -> ResponseReturnValue | None:
    """Let the listed sites show the page, and say no to all others. One statement."""
    if "frame_name" not in g:
        return None
    origins = listed_origins(current_session())
    let_frame(origins)
    frame = parse_frame(g.frame_name)
    origin = origin_of(frame, origins) if frame is not None else None
    if frame is None or origin is None:
        return render("embed/refused.html", status=404)
    g.frame, g.frame_origin = frame, origin
    if request.method in UNSAFE and not _was_made_here():
        if not access_of(current_app, request.endpoint or "").keeps_typed:
            abort(400)
        g.form_is_stale = True
    return None


@blueprint.after_request
def _lead_out(response: Response) -> Response:
    """Let links to anywhere else open in the whole window: nothing but the booking itself belongs into a frame."""
    if "frame" in g and response.mimetype == "text/html" and not response.direct_passthrough:
        response.set_data(LINK_OUT.sub('<a target="_top" ', response.get_data(as_text=True)))
    return response


@blueprint.context_processor
def _surroundings() -> dict[str, Any]:
    frame: Frame | None = g.get("frame")
    return {"frame": frame, "frame_origin": g.get("frame_origin", "")}


def _was_made_here() -> bool:
    """Tell whether a form was made for this very page, site, form and time (BKG-08).

    It counts once because the booking itself does: the form's id is unique among what was booked and held.
    """
    try:
        said = _signer().read_words(TokenPurpose.EMBED_FORM, request.args.get(MADE, ""), max_age=FORM_AGE)
    except TokenRefused:
        return False
    is_same_time = not said.get("start") or set(request.values.getlist("start")) <= {said["start"]}
    return is_same_time and said == _bond(request.endpoint or "", request.args)


def _bond(endpoint: str, values: Any) -> dict[str, str]:
    """Say what a form is bound to: site, page, and as far as its address names them the form's id and the time."""
    bound = {name: str(values.get(name) or "") for name in ("form", "start", "with")}
    return {"site": g.frame.site, "page": endpoint, **bound}


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
