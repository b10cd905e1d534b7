"""The pages of published questionnaires. Importing this makes them all known to the blueprint, and to assigning."""

from portal.homework.models import TaskKind
from portal.homework.registry import register_catalogue
from portal.measures.catalogue import CATALOGUE
from portal.measures.definition import keys
from portal.measures.views import desk, library, result, schedules, work
from portal.measures.views.blueprint import blueprint

keys()  # a key that contradicts itself stops the start, not a sitting
blueprint.record_once(lambda _state: register_catalogue(TaskKind.MEASURE, CATALOGUE))

__all__ = ["blueprint", "desk", "library", "result", "schedules", "work"]
