"""Pages of pathways, for therapists alone. Importing this makes them all known to the blueprint."""

from portal.pathways.views import leading, templates
from portal.pathways.views.blueprint import blueprint

__all__ = ["blueprint", "leading", "templates"]
