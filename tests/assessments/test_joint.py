"""What two partners see of each other: word bands from which no answer can be worked out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.assessments.comparison import compare
from portal.assessments.joint import (
    JointDomain,
    JointItem,
    JointPage,
    JointPreference,
    Zone,
    joint_page,
    only_joint,
    zone_of,
)
from portal.assessments.readiness import Band, own_result, score_shareable, therapist_result
from portal.assessments.sharing import (
    Shared,
    shared_from_rows,
    shown_rows,
    what_is_shared,
)
from portal.assessments.wording import OWN_WORDS, TEXTS, ZONE_WORDS, Words, words_for_agreement
from portal.psychometrics.alignment import Difference
from portal.psychometrics.items import Absent, Answer
from portal.psychometrics.statistics import Undefined
from tests.assessments.sittings import DOMAINS, EVERYTHING, NOON, PROTECTED, TEST, all_of, keyed_as, sitting

NOTHING = Absent.PREFER_NOT_TO_SAY
EARLY, SHAPE, WELL, FIRM = Band
one_domain = st.sampled_from(TEST.domains)
RELEASABLE = [one.id for domain in TEST.domains for one in domain.shareable] + [
    one.id for one in TEST.preferences
]


def shared(answers: Mapping[str, Answer], *item_ids: str) -> Shared:
    """All domains shared, and these single answers, by way of the stored rows."""
    return shared_from_rows(TEST, shown_rows(what_is_shared(TEST, answers, EVERYTHING, item_ids)))


@given(sitting, sitting, sitting)
@settings(max_examples=60, deadline=None)
def test_answering_again_shows_nothing_new_of_the_partner(
    mine: dict[str, Answer], mine_again: dict[str, Answer], theirs: dict[str, Answer]
) -> None:
    pages = [joint_page(TEST, shared(one), shared(theirs)) for one in (mine, mine_again)]
    first, again = ({one.domain_id: one.b for one in everything(page) if one.b} for page in pages)
    assert all(again[domain_id] is first[domain_id] for domain_id in first.keys() & again.keys())


@given(sitting, sitting, sitting)
@settings(max_examples=60, deadline=None)
def test_whoever_has_the_same_bands_has_the_same_page(
    a: dict[str, Answer], b: dict[str, Answer], other: dict[str, Answer]
) -> None:
    for domain in TEST.domains:
        changed = a | {one.id: other[one.id] for one in (*domain.statements, *domain.preferences)}
        same = score_shareable(TEST, domain, changed).band is score_shareable(TEST, domain, a).band
        pages = joint_page(TEST, shared(a), shared(b)), joint_page(TEST, shared(changed), shared(b))
        if same:
            assert pages[0] == pages[1]


@given(sitting, sitting, sitting)
@settings(max_examples=60, deadline=None)
def test_protected_answers_never_change_the_page(
    a: dict[str, Answer], b: dict[str, Answer], other: dict[str, Answer]
) -> None:
    changed = a | {item_id: other[item_id] for item_id in PROTECTED}
    assert joint_page(TEST, shared(changed), shared(b)) == joint_page(TEST, shared(a), shared(b))


def test_too_few_answers_withheld_and_unanswered_look_the_same() -> None:
    full, money = keyed_as(4), {"FIN1": NOTHING}
    empty = dict.fromkeys(["FIN1", "FIN2", "FIN4"], Absent.NOT_ANSWERED)
    pages = [
        joint_page(TEST, shared(full | money), shared(full)),
        joint_page(TEST, shared(full | empty), shared(full)),
        joint_page(TEST, what_is_shared(TEST, full, EVERYTHING - {"FIN"}, ()), shared(full)),
    ]
    assert pages[0] == pages[1] == pages[2]
    assert [(one.domain_id, one.a, one.b) for one in pages[0].not_discussed] == [("FIN", None, None)]


@given(sitting, sitting)
@settings(max_examples=40, deadline=None)
def test_swapping_the_partners_swaps_the_page_and_no_domain_is_lost(
    a: dict[str, Answer], b: dict[str, Answer]
) -> None:
    page = joint_page(TEST, shared(a), shared(b))
    swapped = joint_page(TEST, shared(b), shared(a))
    assert {(one.domain_id, one.zone, one.a, one.b) for one in everything(page)} == {
        (one.domain_id, one.zone, one.b, one.a) for one in everything(swapped)
    }
    assert [one.domain_id for one in page.worth_exploring] == [
        one.domain_id for one in swapped.worth_exploring
    ]
    assert sorted(one.domain_id for one in everything(page)) == sorted(DOMAINS)
    assert len(page.worth_exploring) <= 3


def test_after_a_straight_line_the_page_stays_as_it_would_be() -> None:
    assert own_result(TEST, all_of(4), seconds=20, scored_at=NOON).total.band is None
    page = joint_page(TEST, shared(all_of(4)), shared(keyed_as(4)))
    assert {one.a for one in everything(page)} == {WELL}


@pytest.mark.parametrize(
    ("a", "b", "zone"),
    [
        (WELL, FIRM, Zone.SHARED_STRENGTH),
        (EARLY, SHAPE, Zone.BOTH_SEE_ROOM),
        (SHAPE, WELL, Zone.SEEN_ALIKE),
        (EARLY, WELL, Zone.SEEN_DIFFERENTLY),
        (FIRM, SHAPE, Zone.SEEN_DIFFERENTLY),
        (None, FIRM, Zone.NOT_DISCUSSED),
        (EARLY, None, Zone.NOT_DISCUSSED),
    ],
)
def test_two_bands_make_a_zone(a: Band | None, b: Band | None, zone: Zone) -> None:
    assert zone_of(a, b) is zone_of(b, a) is zone


def test_strengths_come_first_then_three_worth_exploring_the_widest_difference_first() -> None:
    a = {
        **keyed_as(5),
        **domain_as("EXP", 1),
        **domain_as("FIN", 2),
        **domain_as("FAM", 1),
        **domain_as("RIT", 3),
    }
    b = {
        **keyed_as(4),
        **domain_as("EXP", 2),
        **domain_as("FIN", 5),
        **domain_as("FAM", 1),
        **domain_as("VIS", 1),
    }
    page = joint_page(TEST, shared(a), shared(b), agreed_to_differ=frozenset({"COM"}))
    assert [one.domain_id for one in page.strengths] == ["VAL", "AUT"]
    assert [one.domain_id for one in page.worth_exploring] == ["FIN", "VIS", "EXP"]
    assert [(one.domain_id, one.zone) for one in page.others] == [
        ("FAM", Zone.BOTH_SEE_ROOM),
        ("COM", Zone.AGREE_TO_DIFFER),
        ("RIT", Zone.SEEN_ALIKE),
    ]


def test_of_equal_differences_the_one_with_more_room_comes_first() -> None:
    a = {**keyed_as(5), **domain_as("EXP", 3), **domain_as("VIS", 4)}
    b = {**keyed_as(5), **domain_as("VIS", 1)}
    assert [one.domain_id for one in joint_page(TEST, shared(a), shared(b)).worth_exploring] == ["VIS", "EXP"]
    assert [one.domain_id for one in joint_page(TEST, shared(b), shared(a)).worth_exploring] == ["VIS", "EXP"]


def test_single_answers_appear_when_both_released_and_answered_them() -> None:
    a = shared(keyed_as(4, VALB=1, FAMB=Absent.NOT_SURE_YET), "VALB", "FAMB", "VAL4", "RIT1", "VISB")
    b = shared(keyed_as(2, VALB=4), "VALB", "FAMB", "VAL4", "EXP1")
    page = joint_page(TEST, a, b)
    assert page.preferences == (JointPreference("VALB", 1, 4, is_far_apart=True),)
    assert page.items == (JointItem("VAL4", 2, 4, Difference.DIFFERENT),)


def everything(page: JointPage) -> list[JointDomain]:
    return [*page.strengths, *page.worth_exploring, *page.others, *page.not_discussed]


def domain_as(domain_id: str, value: int) -> dict[str, Answer]:
    return {item_id: answer for item_id, answer in keyed_as(value).items() if item_id.startswith(domain_id)}


def test_only_a_joint_page_passes_for_one() -> None:
    a, b = keyed_as(4), keyed_as(2)
    page = joint_page(TEST, shared(a, "VALB"), shared(b, "VALB"))
    assert only_joint(page) is page
    score = therapist_result(TEST, a, seconds=None, scored_at=NOON)
    own = own_result(TEST, a, seconds=None, scored_at=NOON)
    inside: tuple[Any, ...] = (score.total, 74.5, a)
    strangers = [score, own, compare(TEST, a, b), a, None, *(replace(page, others=(one,)) for one in inside)]
    for stranger in strangers:
        with pytest.raises(TypeError):
            only_joint(stranger)


def test_every_band_zone_and_key_has_words_and_none_that_judges() -> None:
    assert set(TEXTS) == set(Words)
    assert set(OWN_WORDS) == set(Band)
    assert set(ZONE_WORDS) == set(Zone)
    text = " ".join(TEXTS.values()).lower()
    assert not [word for word in ("pass", "fail", "compatib", "lower than", "separat", "!") if word in text]


def test_words_beside_an_agreement() -> None:
    assert words_for_agreement(None, Undefined.IDENTICAL_ANSWERS) is Words.IDENTICAL_ANSWERS
    assert words_for_agreement(None, Undefined.TOO_FEW) is Words.NOT_ENOUGH_ANSWERS
    assert words_for_agreement(-1.4, None) is Words.NO_AGREEMENT_BEYOND_CHANCE
    assert words_for_agreement(0.5, None) is None
