"""The script that other sites load by one line."""

from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, make_response

from portal.embed.views.area import blueprint
from portal.security.gate import framed, public
from portal.security.headers import let_load_elsewhere


@blueprint.get("/embed.js")
@framed
@public("the one line that other sites write")
def script() -> Response:
    """Hand out the script, by an address that never changes and is asked for anew each time."""
    response = make_response(_text(current_app.static_folder or ""))
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    return let_load_elsewhere(response)


@lru_cache(maxsize=2)
def _text(folder: str) -> str:
    return (Path(folder) / "js" / "embed.js").read_text()
