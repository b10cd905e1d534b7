"""Static files by content: an address with a hash never goes stale and may be kept for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for

from portal.security.gate import public


def init_assets(app: Flask) -> None:
    """Give templates `asset(name)` and declare the static endpoint open."""
    folder = Path(app.static_folder or "")
    public("style, scripts and fonts")(app.view_functions["static"])

    @lru_cache(maxsize=256)
    def fingerprint(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=fingerprint(name))

    globals_: dict[str, Any] = app.jinja_env.globals
    globals_["asset"] = asset
