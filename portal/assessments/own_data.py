"""What a practice can say of a test from its own couples: how reliable, how stable, how alike strangers answer. Pure.

Only first finished sittings count, of persons who let their answers be used. One partner is drawn from each couple, always
the same one: two partners are not independent, and a new lot at each look would show the other's answers by and by.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import stdev
from uuid import UUID

from portal.assessments.definition import Domain, Questionnaire, Statement
from portal.assessments.readiness import own_result
from portal.psychometrics.alignment import Baseline, baseline_of, profile_of
from portal.psychometrics.change import Precision
from portal.psychometrics.items import Answers, keyed_number_of
from portal.psychometrics.reliability import Reliability, reliability_of
from portal.psychometrics.statistics import Statistic, correlation

FEWEST_COUPLES = (
    100  # clinical specification 2.8: with fewer the interval of an alpha is too wide to say anything
)
FEWEST_RETESTS = 50  # the same
RETEST_AFTER, RETEST_BEFORE = timedelta(days=7), timedelta(days=28)  # our choice around its "two weeks"
MOST_COUPLES_CROSSED = 60  # our choice: their 7,080 pairs of strangers settle a percentile to within a point


@dataclass(frozen=True, slots=True)
class Taken:
    """One finished sitting of somebody who lets it be used."""

    couple_id: UUID
    person_id: UUID
    finished_at: datetime
    answers: Answers


@dataclass(frozen=True, slots=True)
class DomainFigures:
    """One domain (None: all statements) in the drawn partners, and alpha in the others as a replication."""

    domain: Domain | None
    reliability: Reliability
    replication: Statistic


@dataclass(frozen=True, slots=True)
class Retest:
    """The same persons' totals one to four weeks apart, one person of each couple; the precision in points of 100."""

    correlation: Statistic
    precision: Precision | None


@dataclass(frozen=True, slots=True)
class OwnData:
    """Everything on the page. `domains` is empty and `retest` None as long as there are too few couples for them."""

    couples: int
    domains: tuple[DomainFigures, ...]
    retests: int
    retest: Retest | None
    strangers: Baseline


def own_data(test: Questionnaire, sittings: Iterable[Taken]) -> OwnData:
    """Describe the test in these sittings. About a second for 2,500 couples."""
    by_person: dict[UUID, list[Taken]] = {}
    for one in sorted(sittings, key=lambda taken: taken.finished_at):
        by_person.setdefault(one.person_id, []).append(one)
    couples = _couples(by_person.values())
    drawn = [persons[0] for persons in couples]
    others = [persons[1] for persons in couples if len(persons) > 1]
    retests = [pair for persons in couples if (pair := _retest_of(persons[0])) is not None]
    return OwnData(
        couples=len(couples),
        domains=_figures(test, drawn, others) if len(couples) >= FEWEST_COUPLES else (),
        retests=len(retests),
        retest=_retest(test, drawn, retests) if len(retests) >= FEWEST_RETESTS else None,
        strangers=_strangers(test, couples),
    )


def _couples(persons: Iterable[list[Taken]]) -> list[list[list[Taken]]]:
    """Put persons together by couple, the drawn one first."""
    couples: dict[UUID, list[list[Taken]]] = {}
    for sittings in persons:
        couples.setdefault(sittings[0].couple_id, []).append(sittings)
    return [sorted(found, key=_lot) for _couple_id, found in sorted(couples.items())]


def _lot(sittings: Sequence[Taken]) -> bytes:
    one = sittings[0]
    return hashlib.sha256(one.couple_id.bytes + one.person_id.bytes).digest()


def _figures(
    test: Questionnaire, drawn: Sequence[list[Taken]], others: Sequence[list[Taken]]
) -> tuple[DomainFigures, ...]:
    def figures(domain: Domain | None, statements: Sequence[Statement]) -> DomainFigures:
        low, high = statements[0].lowest, statements[0].highest
        first, second = (_rows(statements, persons) for persons in (drawn, others))
        return DomainFigures(
            domain,
            reliability_of(first, lowest=low, highest=high),
            reliability_of(second, lowest=low, highest=high).alpha,
        )

    whole = figures(None, test.statements)
    return (*(figures(domain, domain.statements) for domain in test.domains), whole)


def _rows(statements: Sequence[Statement], persons: Sequence[list[Taken]]) -> list[list[int | None]]:
    return [[keyed_number_of(one[0].answers, item) for item in statements] for one in persons]


def _retest_of(sittings: Sequence[Taken]) -> tuple[Taken, Taken] | None:
    first = sittings[0]
    return next(
        (
            (first, one)
            for one in sittings[1:]
            if RETEST_AFTER <= one.finished_at - first.finished_at <= RETEST_BEFORE
        ),
        None,
    )


def _retest(
    test: Questionnaire, drawn: Sequence[list[Taken]], pairs: Sequence[tuple[Taken, Taken]]
) -> Retest:
    totals = [(_total(test, first), _total(test, second)) for first, second in pairs]
    found = correlation([(a, b) for a, b in totals if a is not None and b is not None])
    spread = [total for one in drawn if (total := _total(test, one[0])) is not None]
    if found.value is None or found.value < 0:
        return Retest(found, None)
    return Retest(found, Precision(stdev(spread), found.value))


def _total(test: Questionnaire, taken: Taken) -> float | None:
    return own_result(test, taken.answers, seconds=None, scored_at=taken.finished_at).total.score


def _strangers(test: Questionnaire, couples: Sequence[list[list[Taken]]]) -> Baseline:
    both = [persons for persons in couples if len(persons) > 1][:MOST_COUPLES_CROSSED]
    profiles = [
        (profile_of(test.statements, one[0].answers), profile_of(test.statements, other[0].answers))
        for one, other in both
    ]
    return baseline_of(profiles)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Give the value below which this share of an ascending, non-empty sequence lies (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
