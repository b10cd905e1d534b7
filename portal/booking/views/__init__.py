"""The pages of booking: for visitors, and for the therapist who answers them."""

from portal.booking.telling import register_truths
from portal.booking.views import (
    form_settings,
    guest,
    leads,
    manage,
    not_me,
    report,
    verify,
    visitors,
    waitlist,
)
from portal.booking.views.agenda import CONSULTATIONS
from portal.booking.views.area import blueprint
from portal.diary.models import OccupiedKind
from portal.diary.registry import register_keeper

blueprint.record_once(lambda _state: register_truths())
blueprint.record_once(lambda _state: register_keeper(OccupiedKind.CONSULTATION, CONSULTATIONS))

__all__ = [
    "blueprint",
    "form_settings",
    "guest",
    "leads",
    "manage",
    "not_me",
    "report",
    "verify",
    "visitors",
    "waitlist",
]
