"""What a share leaves for the partner's eyes: bands and chosen numbers, from which no other answer can be worked out."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.assessments.definition import Domain
from portal.assessments.joint import joint_page
from portal.assessments.readiness import Band, score_shareable
from portal.assessments.sharing import (
    ReleaseRefused,
    Shared,
    shared_from_rows,
    shown_rows,
    told_by_releasing,
    what_is_shared,
)
from portal.homework.rules import SHOWN
from portal.psychometrics.items import Absent, Answer
from tests.assessments.sittings import DOMAINS, EVERYTHING, PROTECTED, TEST, all_of, keyed_as

NOTHING = Absent.PREFER_NOT_TO_SAY
one_domain = st.sampled_from(TEST.domains)


@cache
def bands_of(domain_id: str) -> list[tuple[tuple[Answer, ...], Band]]:
    """Every way to answer the shareable part of a domain, with the band that the real code makes of it."""
    domain = DOMAINS[domain_id]
    ids = [one.id for one in domain.shareable]
    found = []
    possible: list[Answer] = [1, 2, 3, 4, 5, NOTHING]
    for values in product(possible, repeat=len(ids)):
        band = score_shareable(TEST, domain, dict(zip(ids, values, strict=True))).band
        if band is not None:
            found.append((values, band))
    return found


def numbers_left(domain: Domain, band: Band, known: Mapping[str, Answer]) -> Iterator[tuple[str, set[int]]]:
    """For each item not known, by trying everything: the numbers it may still be under this band."""
    ids = [one.id for one in domain.shareable]
    fitting = [
        values
        for values, found in bands_of(domain.id)
        if found is band
        and all(known.get(one, value) == value for one, value in zip(ids, values, strict=True))
    ]
    for place, item_id in enumerate(ids):
        if item_id not in known:
            yield item_id, {value for values in fitting if type(value := values[place]) is int}


@pytest.mark.parametrize("domain_id", DOMAINS)
def test_a_band_leaves_at_least_two_numbers_for_every_answer(domain_id: str) -> None:
    for band in {found for _, found in bands_of(domain_id)}:
        for item_id, left in numbers_left(DOMAINS[domain_id], band, {}):
            assert len(left) >= 2, (item_id, band)


@pytest.mark.parametrize("item_id", [*PROTECTED, "XYZ1"])
def test_protected_and_unknown_answers_cannot_be_shared_nor_read_back_nor_shown(item_id: str) -> None:
    with pytest.raises(ReleaseRefused) as refused:
        what_is_shared(TEST, keyed_as(4), EVERYTHING, [item_id])
    assert "XYZ1" not in str(refused.value)
    with pytest.raises(ReleaseRefused):
        shared_from_rows(TEST, {f"shown.item.{item_id}": "4"})
    with pytest.raises(ReleaseRefused):
        joint_page(TEST, Shared({}, {item_id: 4}), Shared({}, {}))


@pytest.mark.parametrize(
    ("prompt_id", "value"),
    [
        ("VAL1", "4"),
        ("shown.band.XYZ", '"firm_ground"'),
        ("shown.band.VAL", '"splendid"'),
        ("shown.band.VAL", "80"),
        ("shown.band.VAL", ""),
        ("shown.item.VALB", "6"),
        ("shown.item.VALB", "true"),
        ("shown.item.VALB", "2.5"),
        ("shown.item.VALB", '"not_answered"'),
    ],
)
def test_a_row_that_no_share_makes_is_refused(prompt_id: str, value: str) -> None:
    with pytest.raises(ReleaseRefused):
        shared_from_rows(TEST, {prompt_id: value})


def test_a_share_leaves_rows_for_bands_and_chosen_numbers_alone() -> None:
    answers = keyed_as(4, FAMB=Absent.NOT_SURE_YET, FIN1=NOTHING)
    rows = shown_rows(what_is_shared(TEST, answers, {"VAL", "FIN"}, ["VALB", "FAMB", "RIT1"]))
    assert rows == {"shown.band.VAL": '"well_under_way"', "shown.item.VALB": "4", "shown.item.RIT1": "4"}
    assert all(prompt_id.startswith(SHOWN) for prompt_id in rows)
    with pytest.raises(ReleaseRefused):
        what_is_shared(TEST, answers, {"VAL", "XYZ"}, ())


def test_releasing_two_answers_may_tell_the_third_and_is_refused() -> None:
    answers = keyed_as(1, FIN1=1, FIN2=2, FIN4=5)
    assert told_by_releasing(TEST, answers, EVERYTHING, ["FIN1"]) == frozenset()
    assert told_by_releasing(TEST, answers, EVERYTHING, ["FIN1", "FIN2"]) == {"FIN4"}
    with pytest.raises(ReleaseRefused, match="FIN4") as refused:
        what_is_shared(TEST, answers, EVERYTHING, ["FIN1", "FIN2"])
    assert refused.value.told_ids == {"FIN4"}
    assert told_by_releasing(TEST, answers, EVERYTHING - {"FIN"}, ["FIN1", "FIN2"]) == frozenset()
    assert told_by_releasing(TEST, answers, EVERYTHING, ["FIN1", "FIN2", "FIN4"]) == frozenset()


@given(one_domain, st.data())
@settings(max_examples=80, deadline=None)
def test_what_a_release_tells_agrees_with_trying_every_answer(domain: Domain, data: st.DataObject) -> None:
    values, band = data.draw(st.sampled_from(bands_of(domain.id)))
    ids = [one.id for one in domain.shareable]
    answers = dict(zip(ids, values, strict=True))
    released = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    known = {one: answers[one] for one in released if isinstance(answers[one], int)}
    expected = {
        item_id
        for item_id, left in (numbers_left(domain, band, known) if known else ())
        if len(left) < 2 and isinstance(answers[item_id], int)
    }
    assert told_by_releasing(TEST, all_of(NOTHING) | answers, {domain.id}, released) == expected
