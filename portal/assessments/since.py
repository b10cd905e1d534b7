"""What has changed since the same couple answered the same test before: both values, never a verdict. Pure.

No reliable change index: the Readiness Test has none until a practice has measured its own reliability (clinical
specification 2.3 and 2.8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from portal.assessments.definition import Questionnaire
from portal.assessments.readiness import Change, OwnResult, TherapistResult, change_between
from portal.psychometrics.items import Answer, Answers


class Scored(NamedTuple):
    """One person's finished answers, and what they come to for whoever reads the comparison."""

    answers: Answers
    result: OwnResult | TherapistResult


@dataclass(frozen=True, slots=True)
class Since:
    """One person, then (`at`) and now.

    `domains`: the scores by id where both times have one. `items`: earlier answers, by id, that are others now.
    """

    at: datetime
    domains: Mapping[str, Change]
    items: Mapping[str, Answer]


def since(test: Questionnaire, then: Scored, now: Scored) -> Since:
    """Set one person's sitting beside the one before."""
    before, after = ({one.domain_id: one.score for one in scored.result.domains} for scored in (then, now))
    changes = {domain.id: change_between(before[domain.id], after[domain.id]) for domain in test.domains}
    return Since(
        at=then.result.basis.scored_at,
        domains={domain_id: change for domain_id, change in changes.items() if change is not None},
        items={
            item.id: then.answers[item.id]
            for item in test.items
            if then.answers[item.id] != now.answers[item.id]
        },
    )
