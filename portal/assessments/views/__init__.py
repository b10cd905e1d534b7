"""The pages about tests. Importing this makes them all known to the blueprint, and the tests known to assigning."""

from portal.assessments.catalogue import CATALOGUE
from portal.assessments.views import desk, own_data, result, share, together, work
from portal.assessments.views.blueprint import blueprint
from portal.homework.models import TaskKind
from portal.homework.registry import register_catalogue

blueprint.record_once(lambda _state: register_catalogue(TaskKind.TEST, CATALOGUE))

__all__ = ["blueprint", "desk", "own_data", "result", "share", "together", "work"]
