"""The pages of booking: for visitors, and for the therapist who answers them."""

from portal.booking.views import leads, manage, visitors
from portal.booking.views.area import blueprint

__all__ = ["blueprint", "leads", "manage", "visitors"]
