"""What a person shares of a sitting of the Readiness Test, made once at the act of sharing. Pure.

Nothing that is shared may let the partner work out an answer that was not (CPL-05). Hence:
- It is made from its author's finished answers alone: bands, and single numbers, one stored row each (`shown_rows`). A
  partner's request reads these rows and never an answer, and nothing that happens later moves a band.
- A band is made without protected statements.
- Withheld, insufficient and unanswered are one: none of them leaves a row.
- Sharing single answers of a shared domain may tell the rest of it; `told_by_releasing` says so before it happens.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from portal.assessments.definition import Domain, Questionnaire, Statement
from portal.assessments.readiness import Band, band_of, fewest_answers, score_shareable
from portal.errors import Invalid
from portal.homework.rules import SHOWN, SHOWN_ITEM
from portal.psychometrics.items import Answers, keyed_number_of, number_of, round_half_up

BAND_ROW = f"{SHOWN}band."  # the prompt of a word band; its domain's id follows
FEWEST_CANDIDATES = 2


class ReleaseRefused(Invalid):
    """A choice that cannot be shared: protected, unknown, or it would tell `told_ids` as well. Names items only."""

    def __init__(self, reason: str, told_ids: frozenset[str] = frozenset()) -> None:
        self.told_ids = told_ids
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Shared:
    """What one person has shared: the bands of domains by domain id, and single answers as given by item id."""

    bands: Mapping[str, Band]
    items: Mapping[str, int]


def what_is_shared(
    test: Questionnaire, answers: Answers, domain_ids: Collection[str], item_ids: Collection[str]
) -> Shared:
    """Make what the partner may see of one person's answers, at the act of sharing them.

    A chosen domain without enough answers and a chosen item without a number are left out, as if not chosen.
    Raises ReleaseRefused for what is protected or unknown, and when the choice tells more than it says.
    """
    _check_ids(test, domain_ids, item_ids)
    told = told_by_releasing(test, answers, domain_ids, item_ids)
    if told:
        raise ReleaseRefused(f"told as well: {', '.join(sorted(told))}", told)
    chosen = (
        (one.id, score_shareable(test, one, answers).band) for one in test.domains if one.id in domain_ids
    )
    given = ((one.id, number_of(answers, one)) for one in test.items if one.id in item_ids)
    return Shared(
        bands={domain_id: band for domain_id, band in chosen if band is not None},
        items={item_id: value for item_id, value in given if value is not None},
    )


def shown_rows(shared: Shared) -> dict[str, str]:
    """Put what is shared into rows for the partner's eyes: JSON by prompt id. Only from `what_is_shared`."""
    bands = {BAND_ROW + domain_id: json.dumps(band.value) for domain_id, band in shared.bands.items()}
    return bands | {SHOWN_ITEM + item_id: json.dumps(value) for item_id, value in shared.items.items()}


def shared_from_rows(test: Questionnaire, rows: Mapping[str, str]) -> Shared:
    """Read back what one person shared. Raises ReleaseRefused for any row that no share of this test makes."""
    bands: dict[str, Band] = {}
    items: dict[str, int] = {}
    for prompt_id, text in rows.items():
        value = _json(text)
        if prompt_id.startswith(BAND_ROW) and isinstance(value, str) and value in set(Band):
            bands[prompt_id.removeprefix(BAND_ROW)] = Band(value)
        elif prompt_id.startswith(SHOWN_ITEM) and type(value) is int:
            items[prompt_id.removeprefix(SHOWN_ITEM)] = value
        else:
            raise ReleaseRefused("not a row of what is shared")
    shared = Shared(bands, items)
    check_shared(test, shared)
    return shared


def told_by_releasing(
    test: Questionnaire, answers: Answers, domain_ids: Collection[str], item_ids: Collection[str]
) -> frozenset[str]:
    """The unreleased answers that a partner could work out from the released ones and the shared bands.

    To be asked with the whole choice before it is shared. What the partner does has no part in it. Empty means safe: at
    least two numbers remain possible for each unreleased answer.
    """
    domains = (domain for domain in test.domains if domain.id in domain_ids)
    return frozenset(chain.from_iterable(_told(test, domain, answers, item_ids) for domain in domains))


def check_shared(test: Questionnaire, shared: Shared) -> None:
    """Refuse what no share of this test makes: protected, unknown, out of range. Raises ReleaseRefused."""
    _check_ids(test, shared.bands, shared.items)
    given = ((item, shared.items.get(item.id)) for item in test.items)
    if any(value is not None and not item.lowest <= value <= item.highest for item, value in given):
        raise ReleaseRefused("not an answer")


def _check_ids(test: Questionnaire, domain_ids: Iterable[str], item_ids: Iterable[str]) -> None:
    releasable = {one.id for domain in test.domains for one in domain.shareable}
    releasable |= {one.id for one in test.preferences}
    refused = set(item_ids) - releasable
    if refused or set(domain_ids) - {one.id for one in test.domains}:
        protected = {one.id for one in test.statements if one.is_protected}
        raise ReleaseRefused(f"not releasable: {', '.join(sorted(refused & protected)) or 'unknown'}")


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return value


def _told(test: Questionnaire, domain: Domain, answers: Answers, item_ids: Collection[str]) -> list[str]:
    band = score_shareable(test, domain, answers).band
    answered = [one for one in domain.shareable if number_of(answers, one) is not None]
    known = [one for one in answered if one.id in item_ids]
    hidden = [one.id for one in answered if one.id not in item_ids]
    if band is None or not known or not hidden:
        return []
    possible = _possible_answers(test, domain, _above_lowest(known, answers), len(known), band)
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
