"""The pages of booking: for visitors, and for the therapist who answers them."""

from portal.booking.telling import register_truths
from portal.booking.views import leads, manage, not_me, visitors
from portal.booking.views.area import blueprint

blueprint.record_once(lambda _state: register_truths())

__all__ = ["blueprint", "leads", "manage", "not_me", "visitors"]
