"""The common pages of exercises and tests. Importing this makes them all known to the blueprint."""

from portal.homework.views import acts, assigning, commenting, own
from portal.homework.views.blueprint import blueprint

__all__ = ["acts", "assigning", "blueprint", "commenting", "own"]
