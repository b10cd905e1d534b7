"""Addresses for the outside: always on the installation's own public address, never on what a request claims."""

from typing import Any

from flask import current_app, url_for


def public_link(endpoint: str, **values: Any) -> str:
    """Give the full address of an endpoint, as it may stand in a mail or be handed over on paper."""
    base: str = current_app.extensions["settings"].public_url
    return base + url_for(endpoint, _external=False, **values)
