"""How a consultation stands, and what may still be done about it at a given moment. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.booking.rules import ConsultationStatus
from portal.errors import Conflict

LIVE = frozenset({ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED})
ENDED = frozenset({ConsultationStatus.DECLINED, ConsultationStatus.CANCELLED})
DEFAULT_WINDOW = 24 * 60  # as for a new type of consultation


class WindowClosed(Conflict):
    """It is too late for a visitor to do this alone; a message to the therapist is still possible."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How long before its start a visitor may still move or cancel a consultation, each in minutes."""

    move_until_minutes: int = DEFAULT_WINDOW
    cancel_until_minutes: int = DEFAULT_WINDOW

    def may_move(self, starts_at: datetime, settled_at: datetime | None, now: datetime) -> bool:
        """Tell whether the visitor may still choose another time."""
        return _is_open(self.move_until_minutes, starts_at, settled_at, now)

    def may_cancel(self, starts_at: datetime, settled_at: datetime | None, now: datetime) -> bool:
        """Tell whether the visitor may still cancel."""
        return _is_open(self.cancel_until_minutes, starts_at, settled_at, now)


def _is_open(minutes: int, starts_at: datetime, settled_at: datetime | None, now: datetime) -> bool:
    """Hold a window against nobody who never had a chance to use it: the time was agreed when it had closed already."""
    closes_at = starts_at - timedelta(minutes=minutes)
    was_agreed_late = settled_at is not None and settled_at > closes_at
    return now < (starts_at if was_agreed_late else closes_at)
