"""The public face: who works here, how to write to them, what the law asks for, and what programs ask for."""

from portal.front.views import letters, machines, pages, people
from portal.front.views.area import blueprint

__all__ = ["blueprint", "letters", "machines", "pages", "people"]
