"""The pages of the diary. Importing this makes them all known to the blueprint."""

from portal.diary.views import calendar, entries, hours, places, time_off, types
from portal.diary.views.area import blueprint

__all__ = ["blueprint", "calendar", "entries", "hours", "places", "time_off", "types"]
