"""One's own sitting as its pages need it."""

import json
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from portal.assessments.catalogue import questionnaire_of
from portal.assessments.definition import Domain, Questionnaire
from portal.assessments.saying import answer_words
from portal.assessments.sitting import answers_of
from portal.assessments.together import Before, shares_in
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, Response
from portal.homework.queries import (
    find_own_earlier,
    get_own_response,
    opened_before,
    own_answers,
)
from portal.homework.rules import Step
from portal.psychometrics.items import Absent, check_answer
from portal.psychometrics.items import Answer as Given
from portal.security.login import current_member
from portal.transaction import current_session


@dataclass(frozen=True)
class Sitting:
    """One person's own part, its questionnaire, and the rows of its answers by prompt."""

    response: Response
    test: Questionnaire
    rows: dict[str, Answer]

    @cached_property
    def answers(self) -> dict[str, Given]:
        """Give every item's answer or absence."""
        return answers_of(self.test, {prompt_id: row.value for prompt_id, row in self.rows.items()})

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

    @property
    def is_finished(self) -> bool:
        """Tell whether there is a result to read."""
        return self.response.step is not Step.WRITING

    def unanswered(self, domain: Domain) -> list[str]:
        """List the items of a domain that have neither an answer nor a reason for none."""
        return [one.id for one in domain.items if self.answers[one.id] is Absent.NOT_ANSWERED]


def own_sitting(response_id: UUID) -> Sitting:
    """Load one's own sitting. Three statements, one more for the key of what is sealed. Raises NotFound for any other."""
    session, viewer = current_session(), current_member()
    response = get_own_response(session, viewer, response_id)
    try:
        test = questionnaire_of(response.assignment)
    except LookupError:
        raise NotFound(str(response_id)) from None
    return Sitting(response, test, own_answers(session, viewer, response_id))


def own_before(sitting: Sitting) -> Sitting | None:
    """Load what the same person finished of the same test before. Two statements, one if there is none."""
    session, viewer = current_session(), current_member()
    earlier = find_own_earlier(session, viewer, sitting.response)
    return Sitting(earlier, sitting.test, own_answers(session, viewer, earlier.id)) if earlier else None


def shares_before(test: Questionnaire, assignment: Assignment) -> Before | None:
    """Load what of the same test was open to both the time before and still is. One statement."""
    opened_at, rows = opened_before(current_session(), current_member(), assignment)
    return Before(opened_at, shares_in(test, rows)) if opened_at else None


def both_of(test: Questionnaire, row: Answer) -> tuple[str, str]:
    """Say the two answers that two windows gave to one item, the stored one first."""
    item = next(item for item in test.items if item.id == row.prompt_id)
    first, second = (check_answer(item, json.loads(text)) for text in (row.value, row.other))
    return answer_words(test, item, first), answer_words(test, item, second)
