"""What the alignment map is drawn from, on a page and on paper: places and words, final. Pure.

Only what the joint page may show has a field here. Texts are in the reader's language.
"""

from dataclasses import dataclass

STOPS = 5  # of a line between two poles
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Lane:
    """One domain. Steps are bands, the lowest 0, `NOWHERE` for both or for neither; `sentence` says it all without a picture.

    `a_before`, `b_before`: the steps of the time before, where both had one; `was` says them in words, empty where there
    was no such time.
    """

    domain_id: str
    title: str
    a_step: int
    b_step: int
    a_word: str
    b_word: str
    zone: str
    zone_word: str
    sentence: str
    a_before: int = NOWHERE
    b_before: int = NOWHERE
    was: str = ""

    @property
    def is_drawn(self) -> bool:
        """Tell whether there are two marks to draw."""
        return self.a_step != NOWHERE


@dataclass(frozen=True, slots=True)
class Wish:
    """One line between two poles, neither of them better. Stops count from 1; `note` stands where they lie far apart."""

    stem: str
    low: str
    high: str
    a_stop: int
    b_stop: int
    a_word: str
    b_word: str
    note: str
    sentence: str


@dataclass(frozen=True, slots=True)
class MapView:
    """Two people's map. Side a is drawn as a circle, b as a diamond; the order carries no rank."""

    a_name: str
    b_name: str
    bands: tuple[str, ...]
    lanes: tuple[Lane, ...]
    wishes: tuple[Wish, ...]
