"""What a published questionnaire is made of, as far as its numbers go: items, scales, bands, how change is judged. Pure.

Never any wording: a practice that may use the words brings them itself. Every number carries where it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.psychometrics.change import Precision
from portal.psychometrics.items import Item
from portal.psychometrics.scoring import Parameter, Provenance


class Layout(StrEnum):
    """How an item is printed."""

    CHOICES = "choices"  # each place has words
    NUMBERS = "numbers"  # numbered places, words at the ends at least
    POLES = "poles"  # circles without words between two poles


class Method(StrEnum):
    """How a scale is made of its items."""

    SUM = "sum"
    MEAN = "mean"
    PAIRED_PRODUCTS = "paired_products"  # the mean of the products of each first half's item with its mate


class Headline(StrEnum):
    """Which figure of a scale is its result."""

    TOTAL = "total"
    MEAN = "mean"
    PERCENT = "percent"


class ClientWords(StrEnum):
    """In what sort of words a change is said to the person."""

    SATISFACTION = "satisfaction"
    DIFFICULTIES = "difficulties"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KeyItem(Item):
    """One item: the scores printed beside its places run from `lowest` to `highest`, or down where it `is_descending`."""

    layout: Layout = Layout.CHOICES
    is_descending: bool = False

    @property
    def printed_scores(self) -> tuple[int, ...]:
        """The scores of the places as they are printed, from left to right or from the top."""
        scores = tuple(range(self.lowest, self.highest + 1))
        return scores[::-1] if self.is_descending else scores


@dataclass(frozen=True, slots=True)
class Scale:
    """Items that make one figure. `least`: how many must be answered (of pairs, how many pairs)."""

    id: str
    items: tuple[KeyItem, ...]
    least: int
    method: Method
    source: str

    @property
    def asked(self) -> int:
        """How many answers, or pairs of them, the scale asks for."""
        return len(self.items) // 2 if self.method is Method.PAIRED_PRODUCTS else len(self.items)

    @property
    def reach(self) -> tuple[int, int]:
        """The lowest and the highest total."""
        if self.method is Method.PAIRED_PRODUCTS:
            return self.items[0].lowest ** 2, self.items[0].highest ** 2
        return sum(item.lowest for item in self.items), sum(item.highest for item in self.items)


@dataclass(frozen=True, slots=True)
class Precisions:
    """One way to judge how exactly a questionnaire measures: a deviation (points) and a reliability."""

    id: str
    deviation: Parameter
    reliability: Parameter

    @property
    def precision(self) -> Precision:
        """The two numbers as the rules of change take them."""
        return Precision(self.deviation.value, self.reliability.value)

    @property
    def is_provisional(self) -> bool:
        """Whether it may be used only behind a visible mark."""
        return self.deviation.is_provisional or self.reliability.is_provisional


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """A published whole-number rule: `points` or more count, and from `caseness` on somebody is a case."""

    points: Parameter
    caseness: Parameter


@dataclass(frozen=True, slots=True)
class Licence:
    """Who holds the words, on what terms, and where and when that was read. Nothing here is legal advice."""

    holder: str
    terms: str
    source: str
    checked_on: date
    checked_by: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers of a key come from."""

    provenance: Provenance
    citation: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """The scoring key of one questionnaire.

    `is_individual`: about one person alone; the partner learns not even that it was given. `is_order_free`: places may be
    printed up or down, as on the form that a practice has. `bands`: floors of the headline figure, lowest first; `rounds`:
    halves up before it is put into a band. `precisions`: the first one decides the class. `watched`: by item, the score
    from which somebody must look at once.
    """

    id: str
    version: str
    params_version: str
    title: str
    measures: str
    minutes: int
    is_individual: bool
    is_higher_better: bool
    headline: Headline
    percent_factor: int
    rounds: bool
    client_words: ClientWords
    items: tuple[KeyItem, ...]
    is_order_free: bool
    scales: tuple[Scale, ...]
    bands: tuple[Parameter, ...]
    cut_off: Parameter | None
    precisions: tuple[Precisions, ...]
    threshold: ThresholdRule | None
    watched: Mapping[str, int]
    licence: Licence
    sources: Mapping[str, Source]

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest value that its headline figure can have."""
        scale = self.scales[0]
        low, high = scale.reach
        if self.headline is Headline.MEAN:
            return low / len(scale.items), high / len(scale.items)
        factor = self.percent_factor if self.headline is Headline.PERCENT else 1
        return float(low * factor), float(high * factor)
