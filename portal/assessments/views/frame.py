"""One's own sitting as its pages need it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.assessments.catalogue import MINUTES, questionnaire_of
from portal.assessments.definition import Questionnaire
from portal.assessments.forms import StatementField
from portal.assessments.saying import answer_words
from portal.assessments.together import Before, shares_in
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment
from portal.homework.queries import (
    find_own_earlier,
    get_own_response,
    opened_before,
    own_answers,
)
from portal.homework.rules import Step
from portal.homework.views.questionnaire import Paper, Sitting
from portal.psychometrics.items import Item, check_answer
from portal.security.login import current_member
from portal.transaction import current_session


@dataclass(frozen=True)
class ReadinessPaper(Paper):
    """The test, a domain a page."""

    test: Questionnaire

    @property
    def pages(self) -> Sequence[Sequence[Item]]:
        """Give the items of each domain."""
        return [domain.items for domain in self.test.domains]

    @property
    def minutes(self) -> int:
        """Say how long it takes at most, as a rule."""
        return MINUTES

    def field(self, item: Any) -> StatementField:
        """Make the field of one item."""
        return StatementField(self.test, item)

    def both_of(self, row: Answer) -> tuple[str, str]:
        """Say the two answers that two windows gave to one item, the stored one first."""
        item = next(item for item in self.test.items if item.id == row.prompt_id)
        first, second = (check_answer(item, json.loads(text)) for text in (row.value, row.other))
        return answer_words(self.test, item, first), answer_words(self.test, item, second)


class ReadinessSitting(Sitting[ReadinessPaper]):
    """One person's own part of the test."""

    @property
    def test(self) -> Questionnaire:
        """Give the questionnaire."""
        return self.paper.test

    @property
    def is_for_two(self) -> bool:
        """Tell whether there is anybody to share with."""
        return self.response.assignment.for_person_id is None

    @property
    def is_shared(self) -> bool:
        """Tell whether its author has shared it; what the other did has no part in this."""
        return self.response.step is Step.SHARED

    @property
    def is_opened(self) -> bool:
        """Tell whether the therapist has opened what both shared."""
        return any(one.stage == self.response.stage for one in self.response.assignment.openings)

    @property
    def may_be_shared(self) -> bool:
        """Tell whether its author may share it now."""
        return self.response.step is Step.SUBMITTED


def own_sitting(response_id: UUID) -> ReadinessSitting:
    """Load one's own sitting. Three statements, one more for the key of what is sealed. Raises NotFound for any other."""
    session, viewer = current_session(), current_member()
    response = get_own_response(session, viewer, response_id)
    try:
        paper = ReadinessPaper(questionnaire_of(response.assignment))
    except LookupError:
        raise NotFound(str(response_id)) from None
    return ReadinessSitting(response, paper, own_answers(session, viewer, response_id))


def own_before(sitting: ReadinessSitting) -> ReadinessSitting | None:
    """Load what the same person finished of the same test before. Two statements, one if there is none."""
    session, viewer = current_session(), current_member()
    earlier = find_own_earlier(session, viewer, sitting.response)
    if earlier is None:
        return None
    return ReadinessSitting(earlier, sitting.paper, own_answers(session, viewer, earlier.id))


def shares_before(test: Questionnaire, assignment: Assignment) -> Before | None:
    """Load what of the same test was open to both the time before and still is. One statement."""
    opened_at, rows = opened_before(current_session(), current_member(), assignment)
    return Before(opened_at, shares_in(test, rows)) if opened_at else None
