"""The page that both partners see of the Readiness Test: word bands by domain, and single answers that both shared. Pure.

It is made of two persons' shares alone (`sharing`), never of answers, so that nothing here can tell more than they do
(CPL-05): answering again with other values moves nothing of the partner's, zones and order follow from the bands that
stand on the page. No index over both answers is here, not even in words. With one's own answers at hand, a partner's band
and an alignment band together give single answers away: own 1, 1, 5, partner's band "early conversations", "very similar"
leave only 1 for the first two.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from portal.assessments.definition import Domain, Questionnaire
from portal.assessments.readiness import Band
from portal.assessments.sharing import Shared, check_shared
from portal.psychometrics.alignment import FAR_APART, Difference, difference_of
from portal.psychometrics.items import Item

MOST_WORTH_EXPLORING = 3
_SEEN_DIFFERENTLY_FROM = 2  # bands apart
_BANDS = list(Band)
_STRONG = _BANDS.index(Band.WELL_UNDER_WAY)


class Zone(StrEnum):
    """Where two people stand in a domain."""

    SHARED_STRENGTH = "shared_strength"
    SEEN_ALIKE = "seen_alike"
    BOTH_SEE_ROOM = "both_see_room"
    SEEN_DIFFERENTLY = "seen_differently"
    AGREE_TO_DIFFER = "agree_to_differ"
    NOT_DISCUSSED = "not_discussed"


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
    test: Questionnaire, a: Shared, b: Shared, *, agreed_to_differ: Collection[str] = frozenset()
) -> JointPage:
    """Make the joint page: strengths, at most three domains worth exploring, the others, preferences.

    `agreed_to_differ`: domain ids that the couple set so themselves. Raises ReleaseRefused for what may not be shared.
    """
    for shared in (a, b):
        check_shared(test, shared)
    domains = [_joint_domain(domain, a, b, agreed_to_differ) for domain in test.domains]
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


def _joint_domain(domain: Domain, a: Shared, b: Shared, agreed_to_differ: Collection[str]) -> JointDomain:
    left, right = a.bands.get(domain.id), b.bands.get(domain.id)
    if left is None or right is None:
        return JointDomain(domain.id, Zone.NOT_DISCUSSED, None, None)
    zone = Zone.AGREE_TO_DIFFER if domain.id in agreed_to_differ else zone_of(left, right)
    return JointDomain(domain.id, zone, left, right)


def _worth_exploring(domains: Iterable[JointDomain]) -> tuple[JointDomain, ...]:
    """Differences first, the widest before the others, then room for both; all from bands that are shown."""
    open_zones = [Zone.SEEN_DIFFERENTLY, Zone.BOTH_SEE_ROOM]
    found = [one for one in domains if one.zone in open_zones]
    return tuple(sorted(found, key=_urgency)[:MOST_WORTH_EXPLORING])


def _urgency(one: JointDomain) -> tuple[bool, int, int]:
    left, right = (_BANDS.index(band) for band in (one.a, one.b) if band is not None)
    return one.zone is not Zone.SEEN_DIFFERENTLY, -abs(left - right), left + right


def _released_by_both(items: Iterable[Item], a: Shared, b: Shared) -> Iterator[tuple[str, int, int]]:
    released = (item.id for item in items if item.id in a.items and item.id in b.items)
    return ((item_id, a.items[item_id], b.items[item_id]) for item_id in released)
