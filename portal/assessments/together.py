"""What two people see together of a test: their shares, drawn and put into words, the same for both of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.assessments.definition import Domain, Questionnaire
from portal.assessments.differing import Said
from portal.assessments.drawing import difference_word, map_of
from portal.assessments.joint import JointDomain, JointPage, Zone, joint_page, only_joint
from portal.assessments.map_view import MapView
from portal.assessments.saying import answer_words, say
from portal.assessments.sharing import Shared, shared_from_rows
from portal.assessments.suggestions import suggested_exercises
from portal.assessments.wording import ZONE_WORDS
from portal.couples.models import Partner
from portal.homework.models import Answer
from portal.homework.rules import SHOWN

NOTHING = Shared({}, {})


@dataclass(frozen=True, slots=True)
class Card:
    """One domain in words. `exercise`: the title of what would fit, empty where nothing is asked for.

    `said`: that they agree to differ; `revision`: of the last word on that, 0 where there was none.
    """

    domain_id: str
    title: str
    zone: Zone
    sentence: str
    exercise: str
    said: Said | None
    may_differ: bool
    revision: int


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One answer of each, shared by both, in the words that they chose."""

    text: str
    a: str
    b: str
    difference: str


@dataclass(frozen=True, slots=True)
class Before:
    """What was open to both the time before (`at`), and still is."""

    at: datetime
    shares: Mapping[UUID, Shared]


@dataclass(frozen=True, slots=True)
class TogetherView:
    """The whole page, in its order. `map` and cards say the same: one is a picture, the others are sentences.

    `before_at`: of the time whose places are drawn beside today's; None where nothing is.
    """

    map: MapView
    strengths: tuple[Card, ...]
    worth_exploring: tuple[Card, ...]
    others: tuple[Card, ...]
    not_discussed: tuple[Card, ...]
    items: tuple[ItemLine, ...]
    limits: str
    before_at: datetime | None


def shares_in(test: Questionnaire, rows: Iterable[Answer]) -> dict[UUID, Shared]:
    """Read what each person shared from the rows that a share made; other rows are passed over unread."""
    by_person: dict[UUID, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.prompt_id.startswith(SHOWN):
            by_person[row.person_id][row.prompt_id] = row.value
    return {person_id: shared_from_rows(test, shown) for person_id, shown in by_person.items()}


def together_view(
    test: Questionnaire,
    partners: Iterable[Partner],
    shares: Mapping[UUID, Shared],
    said: Mapping[str, Said],
    *,
    before: Before | None = None,
) -> TogetherView:
    """Put the shares of two persons together. Who shares nothing, or no longer, has withheld every domain."""
    by_side = {one.side.value: one for one in partners}
    sides = {side: one.person_id for side, one in by_side.items()}
    agreed = {domain_id for domain_id, one in said.items() if one.is_agreed}
    page = _page(test, sides, shares, agreed)
    earlier = _page(test, sides, before.shares, set()) if before else None
    drawn = map_of(test, page, {side: one.person.first_name for side, one in by_side.items()}, before=earlier)
    domains = {one.id: one for one in test.domains}
    exercises = {domain_id: task.title for domain_id, task in suggested_exercises(test.domains).items()}
    texts = {one.id: one for one in test.statements}

    def cards(found: Iterable[JointDomain], *, suggests: bool = False) -> tuple[Card, ...]:
        return tuple(
            _card(domains[one.domain_id], one, exercises if suggests else {}, said.get(one.domain_id))
            for one in found
        )

    return TogetherView(
        map=drawn,
        strengths=cards(page.strengths),
        worth_exploring=cards(page.worth_exploring, suggests=True),
        others=cards(page.others),
        not_discussed=cards(page.not_discussed),
        items=tuple(
            ItemLine(
                texts[one.item_id].text,
                answer_words(test, texts[one.item_id], one.a),
                answer_words(test, texts[one.item_id], one.b),
                difference_word(one.difference),
            )
            for one in page.items
        ),
        limits=test.limits,
        before_at=before.at if before and any(lane.was for lane in drawn.lanes) else None,
    )


def _page(
    test: Questionnaire, sides: Mapping[str, UUID], shares: Mapping[UUID, Shared], agreed: set[str]
) -> JointPage:
    a, b = (shares.get(sides[side], NOTHING) for side in ("a", "b"))
    return only_joint(joint_page(test, a, b, agreed_to_differ=agreed))


def _card(domain: Domain, one: JointDomain, exercises: Mapping[str, str], said: Said | None) -> Card:
    return Card(
        domain_id=one.domain_id,
        title=domain.title,
        zone=one.zone,
        sentence=say(ZONE_WORDS[one.zone]),
        exercise=exercises.get(one.domain_id, ""),
        said=said if one.zone is Zone.AGREE_TO_DIFFER else None,
        may_differ=one.zone is Zone.SEEN_DIFFERENTLY,
        revision=said.revision if said else 0,
    )
