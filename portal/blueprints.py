"""All areas that have pages, in one list, and what every page needs around it."""

from flask import Blueprint, Flask

BLUEPRINTS: tuple[Blueprint, ...] = ()


def init_pages(app: Flask) -> None:
    """Register what every template finds."""
