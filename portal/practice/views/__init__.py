"""The pages on which the practice says what the public sees."""

from portal.practice.views import help_lines, profile, words
from portal.practice.views.area import blueprint

__all__ = ["blueprint", "help_lines", "profile", "words"]
