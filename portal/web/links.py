"""Addresses for the outside: always on the installation's own public address, never on what a request claims."""

from typing import Any

from flask import current_app


def public_link(endpoint: str, **values: Any) -> str:
    """Give the full address of an endpoint, as it may stand in a mail or be handed over on paper; outside requests too."""
    base: str = current_app.extensions["settings"].public_url
    return base + current_app.url_map.bind("").build(endpoint, values, force_external=False)
