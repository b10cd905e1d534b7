"""The one statement by which a consultation changes: of several at the same moment, the database lets one win (BKG-02)."""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.booking.models import Consultation
from portal.booking.rules import AlreadyAnswered, ConsultationStatus

# As `seen`: whatever else changed meanwhile, the status alone decides.
HOWEVER_IT_IS = Consultation.calendar_sequence


def change(
    session: Session,
    consultation: Consultation,
    *,
    of: Collection[ConsultationStatus],
    seen: int | InstrumentedAttribute[int] | None = None,
    **values: Any,
) -> None:
    """Write `values`, and that calendars have to hear of it, if the consultation is still as it was seen. Two statements.

    `seen`: the `calendar_sequence` of the page that was decided on; None: of the row as it was loaded;
    HOWEVER_IT_IS: any.

    Raises:
        AlreadyAnswered: it changed meanwhile, or stands as none `of` these.
    """
    expected = consultation.calendar_sequence if seen is None else seen
    changed = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.status.in_(of))
        .where(Consultation.calendar_sequence == expected, Consultation.erased_at.is_(None))
        .values(calendar_sequence=expected + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[None]", changed).rowcount != 1:
        raise AlreadyAnswered(str(consultation.id))
    session.refresh(consultation, ["calendar_sequence", *values])
