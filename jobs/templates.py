"""Templates outside a request: mails and documents know nothing of a page, a viewer or a sign-in."""

from typing import Any

from flask import current_app


def render_template(name: str, **context: Any) -> str:
    """Render a template with what is passed to it and the application's globals, without what every page gets."""
    return current_app.jinja_env.get_template(name).render(**context)
