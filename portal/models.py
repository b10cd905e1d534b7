"""All tables, imported once, so that metadata is whole wherever it is needed."""

from portal import outbox
from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.blog import models as blog
from portal.booking import models as booking
from portal.calendars import models as calendars
from portal.couples import models as couples
from portal.diary import models as diary
from portal.documents import models as documents
from portal.exercises import models as exercises
from portal.files import models as files
from portal.health import models as health
from portal.homework import models as homework
from portal.measures import models as measures
from portal.meetings import models as meetings
from portal.notices import models as notices
from portal.pathways import models as pathways
from portal.people import models as people
from portal.practice import models as practice
from portal.safety import models as safety
from portal.shortform import models as shortform
from portal.sources import models as sources

__all__ = [
    "accounts", "audit", "blog", "booking", "calendars", "couples", "diary", "documents", "exercises", "files", "health", "homework", "measures", "meetings", "notices",
    "outbox", "pathways", "people", "practice", "safety", "shortform", "sources",
]  # fmt: skip
