"""The short test for visitors, alone and for two, and the page on which a practice decides about it."""

from portal.booking.brought import register_bringer
from portal.shortform.bringing import BRINGER
from portal.shortform.views import alone, settings, together
from portal.shortform.views.area import blueprint

blueprint.record_once(lambda _state: register_bringer("short form", BRINGER))

__all__ = ["alone", "blueprint", "settings", "together"]
