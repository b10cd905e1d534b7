"""One's own sitting as its pages need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.errors import NotFound
from portal.homework.models import Response
from portal.homework.queries import get_own_response, own_answers
from portal.homework.views.questionnaire import Paper, Sitting
from portal.measures.catalogue import is_measure
from portal.measures.forms import MeasureField
from portal.measures.imports import Wording
from portal.measures.queries import get_key, get_wording
from portal.measures.sitting import pages_of
from portal.psychometrics.instrument import Instrument, KeyItem
from portal.psychometrics.items import Absent, Item
from portal.security.login import current_member
from portal.transaction import current_session


@dataclass(frozen=True)
class MeasurePaper(Paper):
    """A key, and the practice's words for it."""

    key: Instrument
    wording: Wording

    @property
    def pages(self) -> list[Sequence[KeyItem]]:
        """Lay its items out, a screen or two each."""
        return pages_of(self.key)

    def field(self, item: Any) -> MeasureField:
        """Make the field of one item."""
        return MeasureField(item, self.wording.item(item.id))

    def name_of(self, item: Item) -> str:
        """Name the field of an item, whose id is a mere number."""
        return f"item-{item.id}"


class MeasureSitting(Sitting[MeasurePaper]):
    """One person's own part of a published questionnaire."""

    def left_out(self, items: Sequence[Item]) -> list[Item]:
        """List those without a number: for a score it is the same why."""
        return [one for one in items if isinstance(self.answers[one.id], Absent)]


def own_paper(response_id: UUID) -> MeasurePaper:
    """Load the words that one's own sitting was given. Two statements. Raises NotFound for any other."""
    return _paper_of(get_own_response(current_session(), current_member(), response_id))


def own_sitting(response_id: UUID) -> MeasureSitting:
    """Load one's own sitting. Four statements, one more for a key of what is sealed. Raises NotFound for any other."""
    session, viewer = current_session(), current_member()
    response = get_own_response(session, viewer, response_id)
    return MeasureSitting(response, _paper_of(response), own_answers(session, viewer, response_id))


def _paper_of(response: Response) -> MeasurePaper:
    if not is_measure(response.assignment):
        raise NotFound(str(response.id))
    key = get_key(response.assignment.task_id)
    return MeasurePaper(key, get_wording(current_session(), key.id, response.assignment.task_version))
