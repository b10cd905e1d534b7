"""How a consultation stands, and what may still be done about it at a given moment. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.booking.rules import ConsultationStatus, DeclineReason, EndedBy
from portal.errors import Conflict

LIVE = frozenset({ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED})
ENDED = frozenset({ConsultationStatus.DECLINED, ConsultationStatus.CANCELLED})
DEFAULT_WINDOW = 24 * 60  # as for a new type of consultation
WORDS_AFTER_END = timedelta(days=1)  # our choice: "I am sorry, I was held up" still arrives


class WindowClosed(Conflict):
    """It is too late for a visitor to do this alone; a message to the therapist is still possible."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How long before its start a visitor may still move or cancel a consultation, each in minutes."""

    move_until_minutes: int = DEFAULT_WINDOW
    cancel_until_minutes: int = DEFAULT_WINDOW

    def may_move(self, starts_at: datetime, settled_at: datetime | None, now: datetime) -> bool:
        """Tell whether the visitor may still choose another time."""
        return now < self.move_until(starts_at, settled_at)

    def may_cancel(self, starts_at: datetime, settled_at: datetime | None, now: datetime) -> bool:
        """Tell whether the visitor may still cancel."""
        return now < self.cancel_until(starts_at, settled_at)

    def move_until(self, starts_at: datetime, settled_at: datetime | None) -> datetime:
        """Give the instant from which on the visitor can no longer choose another time."""
        return _closes_at(self.move_until_minutes, starts_at, settled_at)

    def cancel_until(self, starts_at: datetime, settled_at: datetime | None) -> datetime:
        """Give the instant from which on the visitor can no longer cancel."""
        return _closes_at(self.cancel_until_minutes, starts_at, settled_at)


def _closes_at(minutes: int, starts_at: datetime, settled_at: datetime | None) -> datetime:
    """Hold a window against nobody who never had a chance to use it: the time was agreed when it had closed already."""
    closes_at = starts_at - timedelta(minutes=minutes)
    return starts_at if settled_at is not None and settled_at > closes_at else closes_at


def may_choose_again(
    status: ConsultationStatus, ended_by: EndedBy | None, reason: DeclineReason | None
) -> bool:
    """Tell whether other times are offered in place of this one: it was the time, and not the person, that did not suit."""
    if status is ConsultationStatus.CANCELLED:
        return ended_by is EndedBy.THERAPIST
    return status is ConsultationStatus.DECLINED and reason in {DeclineReason.TIME, None}


def is_open_for_words(status: ConsultationStatus, ends_at: datetime, now: datetime) -> bool:
    """Tell whether a visitor may write: while something is to be arranged, and until a day after its end."""
    return status in LIVE and now < ends_at + WORDS_AFTER_END


def erase_before(now: datetime, retention_days: int) -> datetime:
    """Give the instant before which the last time of a lead must have ended, so that the lead is due for erasure."""
    return now - timedelta(days=retention_days)
