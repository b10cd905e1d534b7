"""All areas that have pages, in one list, and what every page needs around it."""

from flask import Blueprint

from portal.accounts.views import blueprint as accounts
from portal.assessments.views import blueprint as assessments
from portal.blog.views import blueprint as blog
from portal.booking.views import blueprint as booking
from portal.calendars.views import blueprint as calendars
from portal.caseload import closing as closing  # noqa: PLC0414 - adds a page to the couples' blueprint
from portal.caseload.views import blueprint as caseload
from portal.diary.views import blueprint as diary
from portal.documents.views import blueprint as documents
from portal.embed.views import blueprint as embed
from portal.exercises.views import blueprint as exercises
from portal.front.views import blueprint as front
from portal.health.views import blueprint as health
from portal.home import privacy as privacy  # noqa: PLC0414 - adds a page to the blueprint below
from portal.home import style as style  # noqa: PLC0414 - adds the builders' page to its blueprint
from portal.home.chrome import init_pages
from portal.home.views import blueprint as home
from portal.homework.views import blueprint as homework
from portal.measures.views import blueprint as measures
from portal.meetings.views import blueprint as meetings
from portal.notices.views import blueprint as notices
from portal.pathways.views import blueprint as pathways
from portal.practice.views import blueprint as practice
from portal.safety import contact_pages as contact_pages  # noqa: PLC0414 - adds pages to its blueprint
from portal.safety import rhythm_pages as rhythm_pages  # noqa: PLC0414 - adds pages to its blueprint
from portal.safety.views import blueprint as safety
from portal.shortform.views import blueprint as shortform
from portal.sources.views import blueprint as sources

BLUEPRINTS: tuple[Blueprint, ...] = (
    accounts,
    assessments,
    blog,
    booking,
    calendars,
    caseload,
    diary,
    documents,
    embed,
    exercises,
    front,
    health,
    home,
    homework,
    measures,
    meetings,
    notices,
    pathways,
    practice,
    safety,
    shortform,
    sources,
)

__all__ = ["BLUEPRINTS", "init_pages"]
