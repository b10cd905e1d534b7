"""The pages of exercises. Importing this makes them all known to the blueprint, and the exercises known to assigning."""

from portal.exercises.catalogue import CATALOGUE
from portal.exercises.checking import library
from portal.exercises.views import authoring, check, desk, goal, line, opened, preview, printing, work
from portal.exercises.views.blueprint import blueprint
from portal.homework.models import TaskKind
from portal.homework.registry import register_catalogue

library()  # a file that contradicts itself stops the start, not a couple
blueprint.record_once(lambda _state: register_catalogue(TaskKind.EXERCISE, CATALOGUE))

__all__ = ["authoring", "blueprint", "check", "desk", "goal", "line", "opened", "preview", "printing", "work"]
