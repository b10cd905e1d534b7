"""All areas that have pages, in one list, and what every page needs around it."""

from flask import Blueprint

from portal.caseload.views import blueprint as caseload
from portal.health.views import blueprint as health
from portal.home.chrome import init_pages
from portal.home.views import blueprint as home
from portal.notices.views import blueprint as notices

BLUEPRINTS: tuple[Blueprint, ...] = (caseload, health, home, notices)

__all__ = ["BLUEPRINTS", "init_pages"]
