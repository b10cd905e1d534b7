"""The pages inside other sites, the script that puts them there, and the page on which a practice says where."""

from portal.embed.views import pages, script, settings
from portal.embed.views.area import blueprint

__all__ = ["blueprint", "pages", "script", "settings"]
