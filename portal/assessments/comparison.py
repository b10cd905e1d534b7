"""The therapist's page of two people: scores, answers, alignment and agreement. Never handed to a partner. Pure."""

from dataclasses import dataclass

from portal.assessments.definition import Domain, Questionnaire, Statement
from portal.assessments.joint import Zone, zone_of
from portal.assessments.readiness import Score, score_domain
from portal.psychometrics.alignment import (
    Agreement,
    Alignment,
    Difference,
    PreferencePair,
    agreement,
    align,
    compare_preferences,
    difference_of,
    pairs_of,
)
from portal.psychometrics.items import Absent, Answer, Answers


@dataclass(frozen=True, slots=True)
class ItemComparison:
    """Both answers to one statement as given, absences with their code; the difference where there are two numbers."""

    item_id: str
    a: Answer
    b: Answer
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class DomainComparison:
    """Two scores over all statements, the points between them, and how alike the single answers are."""

    domain_id: str
    a: Score
    b: Score
    points: float | None
    alignment: Alignment
    zone: Zone
    items: tuple[ItemComparison, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both persons over all domains. Perceptions (domains, whole, agreement) and wishes (preferences) stand apart."""

    domains: tuple[DomainComparison, ...]
    whole: Alignment
    agreement: Agreement
    preferences: tuple[PreferencePair, ...]


def compare(test: Questionnaire, a: Answers, b: Answers) -> Comparison:
    """Set two sittings beside each other for their therapist: protected statements included, nothing clamped.

    The whole is weighted by items, not the mean of the domains.
    """
    pairs = pairs_of(test.statements, a, b)
    return Comparison(
        domains=tuple(_compare_domain(test, domain, a, b) for domain in test.domains),
        whole=align(pairs),
        agreement=agreement(pairs),
        preferences=compare_preferences(test.preferences, a, b),
    )


def _compare_domain(test: Questionnaire, domain: Domain, a: Answers, b: Answers) -> DomainComparison:
    left, right = score_domain(test, domain, a), score_domain(test, domain, b)
    apart = None if left.score is None or right.score is None else abs(left.score - right.score)
    return DomainComparison(
        domain_id=domain.id,
        a=left,
        b=right,
        points=apart,
        alignment=align(pairs_of(domain.statements, a, b)),
        zone=zone_of(left.band, right.band),
        items=tuple(_compare_item(one, a, b) for one in domain.statements),
    )


def _compare_item(item: Statement, a: Answers, b: Answers) -> ItemComparison:
    left, right = a[item.id], b[item.id]
    if isinstance(left, Absent) or isinstance(right, Absent):
        return ItemComparison(item.id, left, right, None)
    return ItemComparison(item.id, left, right, difference_of(left, right))
