"""Find the Chromium that browser tests drive."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """Take CHROMIUM, else one on the PATH, else the one Playwright has installed. Raises FileNotFoundError."""
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else NAMES:
        if found := shutil.which(name):
            return found
    if not named and (own := _installed_by_playwright()):
        return own
    raise FileNotFoundError(
        f"No Chromium was found{f' at {named}' if named else ''}: install it with "
        "`sudo apt-get install chromium`, or name another with CHROMIUM=."
    )


def _installed_by_playwright() -> str | None:
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    found = sorted(Path(folder).glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None
