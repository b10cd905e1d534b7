"""Score the Relationship Readiness Test: own page and therapist's page. What a partner may see is made in `joint`. Pure.

Conversations and habits, not compatibility; no norms and no reliable-change index until a practice has its own figures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import isfinite

from portal.assessments.definition import Domain, Questionnaire, Statement
from portal.psychometrics.items import (
    Absent,
    Answers,
    Flag,
    Status,
    number_of,
    round_half_up,
    status_of,
)
from portal.psychometrics.scoring import Basis, Tally, percent_of_range, tally

FEWEST_DOMAINS = 6  # of eight
FEWEST_OF_SHORT_FORM = 13  # of sixteen
STRAIGHT_LINE_SHARE = Fraction(9, 10)
FEWEST_SECONDS_PER_ITEM = 2
WATCHED_FOR_A_TALK = 2


class Band(StrEnum):
    """How far the conversations have got, lowest first. Descriptive; the limits are the project's own."""

    EARLY_CONVERSATIONS = "early_conversations"
    TAKING_SHAPE = "taking_shape"
    WELL_UNDER_WAY = "well_under_way"
    FIRM_GROUND = "firm_ground"


@dataclass(frozen=True, slots=True)
class Score:
    """A score from 0 to 100, as it is (`score`) and as it is shown and banded (`rounded`, halves up); None if insufficient."""

    score: float | None
    rounded: int | None
    band: Band | None
    status: Status
    answered: int
    asked: int
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class DomainScore:
    """The score of one domain."""

    domain_id: str
    score: Score


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What the author of the answers sees. After straight-line answers there are neither numbers nor bands."""

    basis: Basis
    domains: tuple[DomainScore, ...]
    total: Score
    has_straight_line: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Protected answers that the therapist should notice. Not a risk score, and nothing that a partner may learn of."""

    item_ids: tuple[str, ...]
    is_talk_suggested: bool


@dataclass(frozen=True, slots=True)
class TherapistResult:
    """What the therapist sees of one person: bands in spite of a straight line, the flag, the watch, the absences."""

    basis: Basis
    domains: tuple[DomainScore, ...]
    total: Score
    has_straight_line: bool
    watch: Watch
    absences: tuple[tuple[str, Absent], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Two rounded scores and the raw points between them (later less earlier)."""

    earlier: int
    later: int
    points: int


def own_result(
    test: Questionnaire, answers: Answers, *, seconds: float | None, scored_at: datetime
) -> OwnResult:
    """Score a sitting for the person who answered. `seconds`: time spent on it, None if unknown."""
    domains, total = _scores(test, answers)
    straight = has_straight_line(test, answers, seconds=seconds)
    if straight:
        domains = tuple(DomainScore(one.domain_id, _without_summary(one.score)) for one in domains)
        total = _without_summary(total)
    return OwnResult(basis_of(test, scored_at), domains, total, straight)


def therapist_result(
    test: Questionnaire, answers: Answers, *, seconds: float | None, scored_at: datetime
) -> TherapistResult:
    """Score a sitting for the therapist alone: all five statements a domain, with flags and watch."""
    domains, total = _scores(test, answers)
    given = ((item.id, answers.get(item.id, Absent.NOT_ANSWERED)) for item in test.items)
    absences = tuple((item_id, answer) for item_id, answer in given if isinstance(answer, Absent))
    straight = has_straight_line(test, answers, seconds=seconds)
    return TherapistResult(
        basis_of(test, scored_at), domains, total, straight, watch_of(test, answers), absences
    )


def score_domain(test: Questionnaire, domain: Domain, answers: Answers) -> Score:
    """Score all statements of a domain, protected ones too: for the author and the therapist only. At least 4 of 5."""
    return _score(test, domain.statements, answers)


def score_shareable(test: Questionnaire, domain: Domain, answers: Answers) -> Score:
    """Score a domain without its protected statements: the only score from which a partner's view may be made.

    At least 3 of 3, 3 of 4, 4 of 5.
    """
    return _score(test, domain.shareable, answers)


def score_short_form(test: Questionnaire, answers: Answers) -> Score:
    """Score the sixteen statements of the re-check, at least 13 answered. No protected ones, no domains."""
    summed = tally(test.short_form, answers, least=FEWEST_OF_SHORT_FORM)
    return _from_tally(test, test.short_form, summed)


def has_straight_line(test: Questionnaire, answers: Answers, *, seconds: float | None) -> bool:
    """Whether a summary would mean nothing: 9 of 10 statements with one raw answer, or under 2 s for each item.

    Items left unanswered cost no time and are not counted. `seconds`: finite and not negative, None if unknown; else
    ValueError. One statement in five is reversed, so that always "strongly agree" would score 80.
    """
    if seconds is not None and not (isfinite(seconds) and seconds >= 0):
        raise ValueError("a time spent is a finite number of seconds")
    reached = sum(answers.get(item.id, Absent.NOT_ANSWERED) is not Absent.NOT_ANSWERED for item in test.items)
    if seconds is not None and reached and seconds < FEWEST_SECONDS_PER_ITEM * reached:
        return True
    counts = Counter(value for one in test.statements if (value := number_of(answers, one)) is not None)
    return bool(counts) and max(counts.values()) >= STRAIGHT_LINE_SHARE * counts.total()


def watch_of(test: Questionnaire, answers: Answers) -> Watch:
    """Find the protected answers to notice; from two on, an individual conversation is suggested. Therapist only."""
    given = ((one, number_of(answers, one)) for one in test.statements)
    noticed = tuple(one.id for one, value in given if value is not None and one.is_watched_at(value))
    return Watch(noticed, len(noticed) >= WATCHED_FOR_A_TALK)


def change_between(earlier: Score, later: Score) -> Change | None:
    """Set two scores beside each other without judging the difference; None unless both exist."""
    if earlier.rounded is None or later.rounded is None:
        return None
    return Change(earlier.rounded, later.rounded, later.rounded - earlier.rounded)


def band_of(test: Questionnaire, rounded: int) -> Band:
    """The band of a rounded score (0 to 100)."""
    return Band([floor.name for floor in test.band_floors if rounded >= floor.value][-1])


def fewest_answers(items: Sequence[Statement]) -> int:
    """How many answers make a score of a domain or its shareable part: 3 of 3, 3 of 4, 4 of 5."""
    return min(4, max(3, len(items) - 1))


def basis_of(test: Questionnaire, scored_at: datetime) -> Basis:
    """What the results of this definition rest on."""
    return Basis(test.id, test.version, test.params_version, scored_at)


def _scores(test: Questionnaire, answers: Answers) -> tuple[tuple[DomainScore, ...], Score]:
    domains = tuple(DomainScore(domain.id, score_domain(test, domain, answers)) for domain in test.domains)
    return domains, _total(test, answers)


def _total(test: Questionnaire, answers: Answers) -> Score:
    """The mean of the domain scores, from the exact ones: a mean of rounded ones would move bands."""
    tallies = [(domain.statements, _tally(domain.statements, answers)) for domain in test.domains]
    scores = [percent_of_range(items, one.total) for items, one in tallies if one.total is not None]
    answered = sum(one.answered for _, one in tallies)
    asked = len(test.statements)
    status = status_of(answered=len(scores), asked=len(scores), least=FEWEST_DOMAINS)
    if status is Status.INSUFFICIENT:
        return _shown(test, None, Tally(None, status, answered, asked))
    status = Status.COMPLETE if answered == asked else Status.PRORATED
    mean = sum(scores) / Fraction(len(scores))
    return _shown(test, mean, Tally(mean, status, answered, asked))


def _tally(items: Sequence[Statement], answers: Answers) -> Tally:
    return tally(items, answers, least=fewest_answers(items))


def _score(test: Questionnaire, items: Sequence[Statement], answers: Answers) -> Score:
    return _from_tally(test, items, _tally(items, answers))


def _from_tally(test: Questionnaire, items: Sequence[Statement], summed: Tally) -> Score:
    exact = None if summed.total is None else percent_of_range(items, summed.total)
    return _shown(test, exact, summed)


def _shown(test: Questionnaire, exact: Fraction | None, summed: Tally) -> Score:
    rounded = None if exact is None else round_half_up(exact)
    return Score(
        score=None if exact is None else float(exact),
        rounded=rounded,
        band=None if rounded is None else band_of(test, rounded),
        status=summed.status,
        answered=summed.answered,
        asked=summed.asked,
        flags=summed.flags,
    )


def _without_summary(score: Score) -> Score:
    flags = (*score.flags, Flag.STRAIGHT_LINE)
    return Score(None, None, None, score.status, score.answered, score.asked, flags)
