"""One's own sitting as its pages need it."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from portal.errors import NotFound
from portal.homework.models import Answer, Response
from portal.homework.queries import get_own_response, is_being_asked, own_answers
from portal.homework.rules import Step
from portal.measures.catalogue import is_measure
from portal.measures.imports import Wording
from portal.measures.queries import get_key, get_wording
from portal.measures.sitting import answers_of
from portal.psychometrics.instrument import Instrument
from portal.psychometrics.items import Absent
from portal.psychometrics.items import Answer as Given
from portal.security.login import current_member
from portal.transaction import current_session


@dataclass(frozen=True)
class Sitting:
    """One person's own part, its key, the words that it was given, and the rows of its answers by item."""

    response: Response
    key: Instrument
    wording: Wording
    rows: dict[str, Answer]

    @cached_property
    def answers(self) -> dict[str, Given]:
        """Give every item's answer or absence."""
        return answers_of(self.key, {item_id: row.value for item_id, row in self.rows.items()})

    @property
    def is_finished(self) -> bool:
        """Tell whether it was sent."""
        return self.response.step is not Step.WRITING

    @property
    def is_asked(self) -> bool:
        """Tell whether it may still be worked on. One statement."""
        return is_being_asked(current_session(), self.response.assignment, current_member().person_id)

    @property
    def left_out(self) -> list[str]:
        """List the items without a number."""
        return [item_id for item_id, answer in self.answers.items() if isinstance(answer, Absent)]


def own_sitting(response_id: UUID) -> Sitting:
    """Load one's own sitting. Four statements, one more for a key of what is sealed. Raises NotFound for any other."""
    session, viewer = current_session(), current_member()
    response = get_own_response(session, viewer, response_id)
    if not is_measure(response.assignment):
        raise NotFound(str(response_id))
    key = get_key(response.assignment.task_id)
    wording = get_wording(session, key.id, response.assignment.task_version)
    return Sitting(response, key, wording, own_answers(session, viewer, response_id))
