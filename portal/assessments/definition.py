"""Read a questionnaire of the house from its data file, and refuse a file that contradicts itself. Pure."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from portal.psychometrics.items import Item
from portal.psychometrics.scoring import Parameter, Provenance

READINESS_FILE = Path(__file__).with_name("instruments") / "readiness.toml"
BANDS = ("early_conversations", "taking_shape", "well_under_way", "firm_ground")


class DefinitionBroken(ValueError):
    """A data file is no questionnaire. The text names the place and the reason."""


@dataclass(frozen=True, slots=True)
class Statement(Item):
    """A sentence to agree with. Protected: its answer reaches author and therapist, and no figure for the partner.

    `watched_from`, `watched_to`: the raw answers (from, or up to) that the therapist should notice.
    """

    text: str = ""
    is_protected: bool = False
    watched_from: int | None = None
    watched_to: int | None = None

    def is_watched_at(self, value: int) -> bool:
        """Whether this raw answer is one that the therapist should notice."""
        above = self.watched_from is not None and value >= self.watched_from
        return above or (self.watched_to is not None and value <= self.watched_to)


@dataclass(frozen=True, slots=True)
class Preference(Item):
    """A place between two poles, neither of them better. Never scored."""

    text: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """One page of a questionnaire: statements that make a score, and preferences beside them.

    `exercise_id`: what the library has for a couple who sees room here. `ritual`: what is worth protecting on firm
    ground, in the words that end "Worth protecting: ...".
    """

    id: str
    title: str
    exercise_id: str
    ritual: str
    statements: tuple[Statement, ...]
    preferences: tuple[Preference, ...]

    @property
    def items(self) -> tuple[Statement | Preference, ...]:
        """Everything that the page asks, in its order."""
        return (*self.statements, *self.preferences)

    @property
    def shareable(self) -> tuple[Statement, ...]:
        """The statements from which the partner's view may be made."""
        return tuple(statement for statement in self.statements if not statement.is_protected)


@dataclass(frozen=True)
class Questionnaire:
    """A questionnaire as printed, with its marks and the numbers that its bands rest on."""

    id: str
    version: str
    title: str
    subtitle: str
    lead_in: str
    anchors: tuple[str, ...]
    limits: str
    is_higher_better: bool
    domains: tuple[Domain, ...]
    short_form: tuple[Statement, ...]
    params_version: str
    band_floors: tuple[Parameter, ...]

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All scored items in printed order."""
        return tuple(statement for domain in self.domains for statement in domain.statements)

    @cached_property
    def preferences(self) -> tuple[Preference, ...]:
        """All unscored items in printed order."""
        return tuple(preference for domain in self.domains for preference in domain.preferences)

    @cached_property
    def items(self) -> tuple[Statement | Preference, ...]:
        """All items, domain after domain, statements before preferences."""
        return tuple(item for domain in self.domains for item in domain.items)


@cache
def readiness_test() -> Questionnaire:
    """The Relationship Readiness Test of this version. Reads its file once a process."""
    return load_questionnaire(READINESS_FILE.read_text(encoding="utf-8"))


def load_questionnaire(text: str) -> Questionnaire:
    """Make a questionnaire from TOML. Raises DefinitionBroken."""
    try:
        data = tomllib.loads(text)
        questionnaire = _questionnaire(data["questionnaire"], data["domains"], data["parameters"])
    except tomllib.TOMLDecodeError as broken:
        raise DefinitionBroken(f"not TOML: {broken}") from broken
    except KeyError as missing:
        raise DefinitionBroken(f"missing: {missing.args[0]}") from missing
    except (TypeError, ValueError, AttributeError) as wrong:
        raise DefinitionBroken(str(wrong)) from wrong
    problems = list(_problems(questionnaire))
    if problems:
        raise DefinitionBroken("; ".join(problems))
    return questionnaire


def _questionnaire(
    head: Mapping[str, Any], domains: Sequence[Any], params: Mapping[str, Any]
) -> Questionnaire:
    parts = tuple(_domain(domain, head["lowest"], head["highest"]) for domain in domains)
    by_id = {statement.id: statement for part in parts for statement in part.statements}
    source = Provenance(params["provenance"])
    return Questionnaire(
        id=head["id"],
        version=head["version"],
        title=head["title"],
        subtitle=head["subtitle"],
        lead_in=head["lead_in"],
        anchors=tuple(head["anchors"]),
        limits=head["limits"],
        is_higher_better=head["higher_is_better"],
        domains=parts,
        short_form=tuple(by_id[item_id] for item_id in head["short_form"]),
        params_version=params["version"],
        band_floors=tuple(Parameter(band, params[band], source, params["citation"]) for band in BANDS),
    )


def _domain(data: Mapping[str, Any], lowest: int, highest: int) -> Domain:
    reach: dict[str, Any] = {"lowest": lowest, "highest": highest}
    return Domain(
        id=data["id"],
        title=data["title"],
        exercise_id=data["exercise_id"],
        ritual=data["ritual"],
        statements=tuple(Statement(**reach, **entry) for entry in data["statements"]),
        preferences=tuple(Preference(**reach, **entry) for entry in data["preferences"]),
    )


def _problems(questionnaire: Questionnaire) -> Iterator[str]:
    ids = [item.id for item in questionnaire.items] + [domain.id for domain in questionnaire.domains]
    yield from (f"{item_id}: twice" for item_id in sorted({one for one in ids if ids.count(one) > 1}))
    for item in questionnaire.items:
        yield from _problems_of_item(item)
    reach = len(questionnaire.anchors)
    if any(item.highest - item.lowest + 1 != reach for item in questionnaire.items):
        yield f"anchors: {reach} for another number of answers"
    yield from (
        f"{one.id}: protected, but in the short form" for one in questionnaire.short_form if one.is_protected
    )
    floors = [floor.value for floor in questionnaire.band_floors]
    if floors != sorted(set(floors)) or floors[0] != 0:
        yield "bands: their floors do not rise from 0"


def _problems_of_item(item: Item) -> Iterator[str]:
    if type(item.lowest) is not int or type(item.highest) is not int or item.lowest >= item.highest:
        yield f"{item.id}: its range is empty"
        return
    if not getattr(item, "text", ""):
        yield f"{item.id}: no words"
    for mark in ("is_reversed", "is_protected", "allows_not_sure_yet"):
        if type(getattr(item, mark, False)) is not bool:
            yield f"{item.id}: {mark} is neither true nor false"
    if isinstance(item, Preference) and (item.is_reversed or not item.low or not item.high):
        yield f"{item.id}: a preference has two poles and no better end"
    for mark in ("watched_from", "watched_to"):
        value = getattr(item, mark, None)
        if value is not None and not (type(value) is int and item.lowest <= value <= item.highest):
            yield f"{item.id}: {mark} is outside its range"
