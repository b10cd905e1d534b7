"""The page that both partners see of the Readiness Test: word bands by domain, and single answers that both released. Pure.

Nothing here may let a partner work out an answer that was not released (CPL-05). Hence:
- A band is made without protected statements, and depends on its author's answers alone: answering again with other
  values moves nothing of the partner's. Zones and order follow from the bands that stand on the page.
- No index over both answers is here, not even in words. With one's own answers at hand, a partner's band and an
  alignment band together give single answers away: own 1, 1, 5, partner's band "early conversations", "very similar"
  leave only 1 for the first two.
- Withheld, insufficient and unanswered are one: not discussed.
- Releasing single answers of a shared domain may tell the rest of it; `told_by_releasing` says so before it happens.
Make the page of two frozen sittings, and only after both persons have chosen what to share.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from itertools import chain

from portal.assessments.alignment import FAR_APART, Difference, difference_of
from portal.assessments.definition import Domain, Questionnaire, Statement
from portal.assessments.readiness import Band, band_of, fewest_answers, score_shareable
from portal.assessments.rules import Answers, Item, keyed_number_of, number_of, round_half_up
from portal.errors import Invalid

MOST_WORTH_EXPLORING = 3
FEWEST_CANDIDATES = 2
_SEEN_DIFFERENTLY_FROM = 2  # bands apart
_BANDS = list(Band)
_STRONG = _BANDS.index(Band.WELL_UNDER_WAY)


class ReleaseRefused(Invalid):
    """These answers cannot be released: protected, unknown, or they would tell others. Names items only."""


class Zone(StrEnum):
    """Where two people stand in a domain."""

    SHARED_STRENGTH = "shared_strength"
    SEEN_ALIKE = "seen_alike"
    BOTH_SEE_ROOM = "both_see_room"
    SEEN_DIFFERENTLY = "seen_differently"
    AGREE_TO_DIFFER = "agree_to_differ"
    NOT_DISCUSSED = "not_discussed"


@dataclass(frozen=True, slots=True)
class Shared:
    """One person's answers and what that person has chosen to share: domains as bands, and single answers."""

    answers: Answers
    domain_ids: frozenset[str]
    item_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JointDomain:
    """One domain in words. Both bands, or none."""

    domain_id: str
    zone: Zone
    a: Band | None
    b: Band | None


@dataclass(frozen=True, slots=True)
class JointItem:
    """One answer of each, released by both; as given, not keyed."""

    item_id: str
    a: int
    b: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class JointPreference:
    """Two markers between two poles, released by both."""

    item_id: str
    a: int
    b: int
    is_far_apart: bool


@dataclass(frozen=True, slots=True)
class JointPage:
    """Everything that the joint page may show, in its order. Each domain is in exactly one of the first four."""

    strengths: tuple[JointDomain, ...]
    worth_exploring: tuple[JointDomain, ...]
    others: tuple[JointDomain, ...]
    not_discussed: tuple[JointDomain, ...]
    preferences: tuple[JointPreference, ...]
    items: tuple[JointItem, ...]


def joint_page(
    test: Questionnaire, a: Shared, b: Shared, *, agreed_to_differ: frozenset[str] = frozenset()
) -> JointPage:
    """Make the joint page: strengths, at most three domains worth exploring, the others, preferences.

    `agreed_to_differ`: domain ids that the couple set so themselves. Raises ReleaseRefused when a release tells more
    than it says, which the act of releasing should have refused before.
    """
    for shared in (a, b):
        check_release(test, shared)
    domains = [_joint_domain(test, domain, a, b, agreed_to_differ) for domain in test.domains]
    strengths = tuple(one for one in domains if one.zone is Zone.SHARED_STRENGTH)
    exploring = _worth_exploring(domains)
    silent = tuple(one for one in domains if one.zone is Zone.NOT_DISCUSSED)
    placed = (*strengths, *exploring, *silent)
    return JointPage(
        strengths=strengths,
        worth_exploring=exploring,
        others=tuple(one for one in domains if one not in placed),
        not_discussed=silent,
        preferences=tuple(
            JointPreference(item_id, left, right, abs(left - right) >= FAR_APART)
            for item_id, left, right in _released_by_both(test.preferences, a, b)
        ),
        items=tuple(
            JointItem(item_id, left, right, difference_of(left, right))
            for item_id, left, right in _released_by_both(test.statements, a, b)
        ),
    )


def zone_of(a: Band | None, b: Band | None) -> Zone:
    """Name where two bands stand to each other. From 60 points two bands are neighbours at most, so they are close."""
    if a is None or b is None:
        return Zone.NOT_DISCUSSED
    low, high = sorted((_BANDS.index(a), _BANDS.index(b)))
    if low >= _STRONG:
        return Zone.SHARED_STRENGTH
    if high < _STRONG:
        return Zone.BOTH_SEE_ROOM
    return Zone.SEEN_DIFFERENTLY if high - low >= _SEEN_DIFFERENTLY_FROM else Zone.SEEN_ALIKE


def told_by_releasing(test: Questionnaire, shared: Shared) -> frozenset[str]:
    """The unreleased answers that a partner could work out from the released ones and the shared bands.

    To be asked with the whole set before it is released. What the partner does has no part in it. Empty means safe: at
    least two numbers remain possible for each unreleased answer.
    """
    domains = (domain for domain in test.domains if domain.id in shared.domain_ids)
    return frozenset(chain.from_iterable(_told(test, domain, shared) for domain in domains))


def check_release(test: Questionnaire, shared: Shared) -> None:
    """Refuse to release protected and unknown items, and releases that tell more. Raises ReleaseRefused."""
    releasable = {one.id for domain in test.domains for one in domain.shareable}
    releasable |= {one.id for one in test.preferences}
    if shared.item_ids - releasable:
        protected = {one.id for one in test.statements if one.is_protected}
        raise ReleaseRefused(f"not releasable: {', '.join(sorted(shared.item_ids & protected)) or 'unknown'}")
    told = told_by_releasing(test, shared)
    if told:
        raise ReleaseRefused(f"told as well: {', '.join(sorted(told))}")


def only_joint(page: object) -> JointPage:
    """Let nothing but a joint page through, to be called where it is handed to a template or a summary.

    Raises TypeError for any other type, at any depth: a subclass could carry more.
    """
    if type(page) is not JointPage:
        raise TypeError(f"a {type(page).__name__} is no joint page")
    for part in _parts_of(page):
        if type(part) not in _ALLOWED:
            raise TypeError(f"no part of a joint page is a {type(part).__name__}")
    return page


_VIEWS = {JointPage, JointDomain, JointItem, JointPreference}
_ALLOWED = _VIEWS | {tuple, str, int, bool, type(None), Band, Difference, Zone}


def _parts_of(value: object) -> Iterator[object]:
    inner: Iterable[object] = ()
    if isinstance(value, tuple):
        inner = value
    elif type(value) in _VIEWS:
        inner = [getattr(value, field.name) for field in fields(value)]  # type: ignore[arg-type]  # one of the views
    for part in inner:
        yield part
        yield from _parts_of(part)


def _joint_domain(
    test: Questionnaire, domain: Domain, a: Shared, b: Shared, agreed_to_differ: frozenset[str]
) -> JointDomain:
    left, right = _shared_band(test, domain, a), _shared_band(test, domain, b)
    if left is None or right is None:
        return JointDomain(domain.id, Zone.NOT_DISCUSSED, None, None)
    zone = Zone.AGREE_TO_DIFFER if domain.id in agreed_to_differ else zone_of(left, right)
    return JointDomain(domain.id, zone, left, right)


def _shared_band(test: Questionnaire, domain: Domain, shared: Shared) -> Band | None:
    if domain.id not in shared.domain_ids:
        return None
    return score_shareable(test, domain, shared.answers).band


def _worth_exploring(domains: Iterable[JointDomain]) -> tuple[JointDomain, ...]:
    """Differences first, the widest before the others, then room for both; all from bands that are shown."""
    open_zones = [Zone.SEEN_DIFFERENTLY, Zone.BOTH_SEE_ROOM]
    found = [one for one in domains if one.zone in open_zones]
    return tuple(sorted(found, key=_urgency)[:MOST_WORTH_EXPLORING])


def _urgency(one: JointDomain) -> tuple[bool, int, int]:
    left, right = (_BANDS.index(band) for band in (one.a, one.b) if band is not None)
    return one.zone is not Zone.SEEN_DIFFERENTLY, -abs(left - right), left + right


def _released_by_both(items: Iterable[Item], a: Shared, b: Shared) -> Iterator[tuple[str, int, int]]:
    released = (item for item in items if item.id in a.item_ids & b.item_ids)
    for item in released:
        left, right = number_of(a.answers, item), number_of(b.answers, item)
        if left is not None and right is not None:
            yield item.id, left, right


def _told(test: Questionnaire, domain: Domain, shared: Shared) -> list[str]:
    band = score_shareable(test, domain, shared.answers).band
    answered = [one for one in domain.shareable if number_of(shared.answers, one) is not None]
    known = [one for one in answered if one.id in shared.item_ids]
    hidden = [one.id for one in answered if one.id not in shared.item_ids]
    if band is None or not known or not hidden:
        return []
    possible = _possible_answers(test, domain, _above_lowest(known, shared.answers), len(known), band)
    return hidden if possible < FEWEST_CANDIDATES else []


def _above_lowest(items: Iterable[Statement], answers: Answers) -> int:
    keyed = ((one, keyed_number_of(answers, one)) for one in items)
    return sum(value - one.lowest for one, value in keyed if value is not None)


def _possible_answers(test: Questionnaire, domain: Domain, sum_: int, known: int, band: Band) -> int:
    """How many numbers one hidden answer may still be. Which of the others are missing is not known either."""
    unknown = len(domain.shareable) - known
    reach = domain.shareable[0].highest - domain.shareable[0].lowest
    sizes = [size for size in range(1, unknown + 1) if known + size >= fewest_answers(domain.shareable)]

    def is_possible(value: int) -> bool:
        return any(
            _band_of_sum(test, sum_ + value + others, (known + size) * reach) is band
            for size in sizes
            for others in range((size - 1) * reach + 1)
        )

    return sum(map(is_possible, range(reach + 1)))


def _band_of_sum(test: Questionnaire, above_lowest: int, whole: int) -> Band:
    return band_of(test, round_half_up(Fraction(100 * above_lowest, whole)))
